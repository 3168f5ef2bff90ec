/** Computes: clusters and instances, made and deleted by long-running operations of their own family. */
import type { EmulatorContext } from '../context.ts';
import { badBody, emptyError, scaleSettingsMissing } from '../errors.ts';
import { armRoute } from '../http.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, at, textAt, type JsonObject } from '../json.ts';
import type { OperationRequest } from '../operations.ts';
import { clusterProperties, describeCluster, describeInstance, describeKubernetes } from './compute-properties.ts';
import { page } from './paging.ts';
import { author, COLLECTIONS } from './resource.ts';
import { apiVersionOf, WORKSPACE_PATH, WORKSPACE_TYPE, workspaceOf } from './workspace-scope.ts';

export interface ComputeRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: JsonObject;
  readonly createdOn: string;
  /** Object id of who made it. */
  readonly createdBy: string;
  readonly modifiedOn: string;
  readonly computeType: string;
  readonly provisioningState: string;
  readonly description: string | null;
  readonly disableLocalAuth?: boolean;
  readonly identity?: JsonObject;
  /** `properties.properties` as wanted, with defaults. */
  readonly wanted: JsonObject;
  /** Of an instance: Running, Stopped … */
  readonly power?: string;
  /** Of an attached cluster: its own ARM id. */
  readonly resourceId?: string | undefined;
}

const PATH = `${WORKSPACE_PATH}/computes`;
const PAGE_SIZE = 100;
const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `compute/${name}` });
const spec = (operation: string): Evidence => ({ mark: 'spec', source: `Compute_${operation} 2025-12-01` });

export function computeRoutes(context: EmulatorContext): Route[] {
  const power = (verb: string, state: string): Route =>
    armRoute('POST', `${PATH}/{compute}/${verb}`, recorded('compute_instance_create_start_delete'), (request) =>
      changePower(context, request, state),
    );
  return [
    armRoute('GET', PATH, spec('List'), (request) => list(context, request)),
    armRoute('GET', `${PATH}/{compute}`, recorded('get_amlcompute, compute/get_404'), (request) => ({
      status: 200,
      body: describe(existing(context, request)),
    })),
    armRoute('PUT', `${PATH}/{compute}`, recorded('create_amlcompute_lro'), (request) => put(context, request)),
    armRoute('DELETE', `${PATH}/{compute}`, recorded('delete_202'), (request) => remove(context, request)),
    power('start', 'Running'),
    power('restart', 'Running'),
    power('stop', 'Stopped'),
  ];
}

function store(context: EmulatorContext) {
  return context.state.collection<ComputeRecord>(COLLECTIONS.computes);
}

/** The compute a request names; a missing one is a 404 without any body. */
function existing(context: EmulatorContext, request: Incoming): ComputeRecord {
  const found = store(context).get(`${workspaceOf(context, request).id}/computes/${request.params.compute ?? ''}`);
  if (found === undefined) throw emptyError(404);
  return found;
}

function describe(record: ComputeRecord): JsonObject {
  const settled = record.provisioningState !== 'Creating';
  const properties =
    record.computeType === 'ComputeInstance'
      ? describeInstance(record.wanted, settled, {
          name: record.name,
          region: record.location,
          power: record.power ?? 'Running',
          createdBy: { userOrgId: record.identity?.tenantId ?? null, userId: record.createdBy },
          lastOperation: lastOperation(record),
        })
      : record.computeType === 'Kubernetes'
        ? describeKubernetes(record.wanted)
        : describeCluster(record.wanted, settled, record.modifiedOn);
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    location: record.location,
    tags: settled ? record.tags : null,
    ...(record.identity !== undefined && { identity: record.identity }),
    properties: {
      createdOn: record.createdOn,
      modifiedOn: record.modifiedOn,
      disableLocalAuth: record.disableLocalAuth ?? false,
      description: record.description,
      resourceId: record.resourceId ?? null,
      computeType: record.computeType,
      ...(settled && { computeLocation: record.location }),
      provisioningState: record.provisioningState,
      provisioningErrors: null,
      isAttachedCompute: record.resourceId !== undefined,
      properties,
    },
  };
}

function lastOperation({ power, modifiedOn }: ComputeRecord): JsonObject {
  return {
    operationName: power === 'Stopped' ? 'Stop' : 'Start',
    operationTime: modifiedOn,
    operationStatus: 'Succeeded',
    operationTrigger: 'User',
  };
}

function list(context: EmulatorContext, request: Incoming): Reply {
  const records = store(context).list(`${workspaceOf(context, request).id}/computes/`);
  return {
    status: 200,
    body: page(
      request,
      records.map(({ value }) => describe(value)),
      PAGE_SIZE,
    ),
  };
}

function start(
  context: EmulatorContext,
  request: Incoming,
  target: string,
  rest: Pick<OperationRequest, 'verb' | 'durationMs' | 'complete' | 'fail'>,
): Readonly<Record<string, string>> {
  const workspace = workspaceOf(context, request);
  return context.operations.start({
    family: 'compute',
    target,
    subscriptionId: workspace.subscriptionId,
    region: workspace.region,
    workspaceId: workspace.workspaceId,
    apiVersion: apiVersionOf(request),
    ...rest,
  }).headers;
}

async function put(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const workspace = workspaceOf(context, request);
  const body = asObject(await request.json());
  const name = request.params.compute ?? '';
  const id = `${workspace.id}/computes/${name}`;
  const before = store(context).get(id);
  const record = readCompute(
    context,
    body,
    { id, name, region: workspace.region, by: author(request.caller).by },
    before,
  );
  store(context).put(id, record);
  const settle = (provisioningState: string) => (): undefined => {
    store(context).update(id, (current) => ({ ...current, provisioningState, modifiedOn: context.clock.iso() }));
  };
  const headers = start(context, request, id, {
    verb: 'put',
    durationMs: context.timings.computeCreate,
    complete: settle('Succeeded'),
    fail: settle('Failed'),
  });
  return { status: before === undefined ? 201 : 200, headers, body: describe(record) };
}

function readCompute(
  context: EmulatorContext,
  body: JsonObject,
  place: { readonly id: string; readonly name: string; readonly region: string; readonly by: string },
  before: ComputeRecord | undefined,
): ComputeRecord {
  const computeType = textAt(body, 'properties', 'computeType');
  const wanted = asObject(at(body, 'properties', 'properties'));
  if (computeType !== 'AmlCompute' && computeType !== 'ComputeInstance' && computeType !== 'Kubernetes') {
    throw badBody(
      `The compute type ${computeType ?? '(none)'} is not one the emulator makes: AmlCompute, ComputeInstance, Kubernetes.`,
    );
  }
  const resourceId = textAt(body, 'properties', 'resourceId');
  if (computeType === 'Kubernetes' && resourceId === undefined)
    throw badBody('The resourceId of the cluster is missing.');
  const counts = asObject(wanted.scaleSettings);
  const scaled = typeof counts.maxNodeCount === 'number';
  if (computeType === 'AmlCompute' && before === undefined && !scaled) throw scaleSettingsMissing();
  const now = context.clock.iso();
  const identity = identityOf(context, body, place.id);
  return {
    id: place.id,
    name: before?.name ?? place.name,
    type: `${WORKSPACE_TYPE}/computes`,
    location: textAt(body, 'location') ?? before?.location ?? place.region,
    tags: asObject(body.tags),
    createdOn: before?.createdOn ?? now,
    createdBy: before?.createdBy ?? place.by,
    modifiedOn: now,
    computeType,
    provisioningState: before === undefined ? 'Creating' : 'Updating',
    description: textAt(body, 'properties', 'description') ?? null,
    disableLocalAuth: at(body, 'properties', 'disableLocalAuth') === true,
    ...(identity !== undefined && { identity }),
    wanted: computeType === 'AmlCompute' ? clusterProperties({ ...before?.wanted, ...wanted }) : wanted,
    ...(computeType === 'ComputeInstance' && { power: 'Running' }),
    ...(computeType === 'Kubernetes' && { resourceId }),
  };
}

function identityOf(context: EmulatorContext, body: JsonObject, id: string): JsonObject | undefined {
  const type = textAt(body, 'identity', 'type');
  if (type === undefined || type === 'None') return undefined;
  const given = asObject(body.identity);
  if (!type.includes('SystemAssigned')) return given;
  const principalId = context.settings.principal.objectId;
  return {
    ...given,
    principalId: `${principalId.slice(0, -4)}${id.length.toString(16).padStart(4, '0')}`,
    tenantId: context.settings.tenantId,
  };
}

function remove(context: EmulatorContext, request: Incoming): Reply {
  const id = `${workspaceOf(context, request).id}/computes/${request.params.compute ?? ''}`;
  if (store(context).get(id) === undefined) return { status: 204 };
  store(context).update(id, (current) => ({ ...current, provisioningState: 'Deleting' }));
  const headers = start(context, request, id, {
    verb: 'delete',
    durationMs: context.timings.computeDelete,
    complete: () => {
      store(context).delete(id);
      return undefined;
    },
  });
  return { status: 202, headers };
}

function changePower(context: EmulatorContext, request: Incoming, state: string): Reply {
  const { id } = existing(context, request);
  const headers = start(context, request, id, {
    verb: 'post',
    durationMs: context.timings.computePower,
    complete: () => {
      store(context).update(id, (current) => ({ ...current, power: state, modifiedOn: context.clock.iso() }));
      return undefined;
    },
  });
  return { status: 202, headers };
}
