/** Online endpoints on ARM: create, change, delete, keys and tokens. */
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, badBody } from '../errors.ts';
import { armRoute, type Incoming, type Reply, type Route } from '../http.ts';
import { asObject, textAt, type JsonObject } from '../json.ts';
import type { StartedOperation } from '../operations.ts';
import type { Deployments } from '../scoring/deployments.ts';
import { stableGuid } from '../settings.ts';
import type { ComputeRecord } from './computes.ts';
import { requireFreeName } from './endpoint-names.ts';
import { endpointBody } from './online-endpoint-bodies.ts';
import { endpointId } from './endpoint-store.ts';
import {
  newEndpointKey,
  requireSettled,
  type EndpointState,
  type OnlineEndpointRecord,
  type OnlineStore,
} from './online-endpoint-records.ts';
import { checkTraffic, readEndpointRequest, type EndpointRequest } from './online-endpoint-requests.ts';
import { startNotedOperation, type NotedOperation } from './endpoint-operations.ts';
import { COLLECTIONS, created, modified } from './resource.ts';
import { apiVersionOf, WORKSPACE_PATH, workspaceOf, type WorkspaceRecord } from './workspace-scope.ts';

export interface OnlineParts {
  readonly context: EmulatorContext;
  readonly store: OnlineStore;
  readonly deployments: Deployments;
}

const COLLECTION_PATH = `${WORKSPACE_PATH}/onlineEndpoints`;
export const ENDPOINT_PATH = `${COLLECTION_PATH}/{endpoint}`;

export const RECORDED = (source: string): Route['evidence'] => ({ mark: 'recorded', source });
export const SPEC = (example: string): Route['evidence'] => ({
  mark: 'spec',
  source: `specification 2025-06-01, example ${example}`,
});

/** The routes of online endpoints, without those of their keys and tokens. */
export function onlineEndpointRoutes(parts: OnlineParts): Route[] {
  const route = (method: string, path: string, evidence: Route['evidence'], handle: Handler): Route =>
    armRoute(method, path, evidence, (request) => handle(parts, request));
  return [
    route('GET', COLLECTION_PATH, SPEC('OnlineEndpoint/list'), list),
    route(
      'PUT',
      ENDPOINT_PATH,
      RECORDED('online_endpoint/create_lro, online_endpoint/update_traffic_lro; refused traffic and 409: guessed'),
      put,
    ),
    route('GET', ENDPOINT_PATH, RECORDED('online_endpoint/create_lro'), get),
    route('PATCH', ENDPOINT_PATH, SPEC('OnlineEndpoint/update'), patch),
    route('DELETE', ENDPOINT_PATH, RECORDED('online_endpoint/delete_202'), remove),
  ];
}

type Handler = (parts: OnlineParts, request: Incoming) => Reply | Promise<Reply>;

/** The endpoint a request is about. Throws the service's 404. */
export function endpointOf({ context, store }: OnlineParts, request: Incoming): OnlineEndpointRecord {
  return store.requireEndpoint(workspaceOf(context, request), request.params.endpoint ?? '');
}

function list({ context, store }: OnlineParts, request: Incoming): Reply {
  const name = request.query.get('name')?.toLowerCase();
  const count = Number(request.query.get('count') ?? Number.NaN);
  const found = store
    .endpoints(workspaceOf(context, request))
    .filter((endpoint) => name === undefined || endpoint.name.toLowerCase() === name)
    .slice(0, Number.isInteger(count) && count > 0 ? count : undefined);
  return { status: 200, body: { value: found.map((one) => endpointBody(context, one, apiVersionOf(request))) } };
}

function get(parts: OnlineParts, request: Incoming): Reply {
  return { status: 200, body: endpointBody(parts.context, endpointOf(parts, request), apiVersionOf(request)) };
}

async function put(parts: OnlineParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const workspace = workspaceOf(context, request);
  const name = request.params.endpoint ?? '';
  const asked = readEndpointRequest(name, await request.json());
  const existing = store.endpoint(workspace, name);
  if (existing !== undefined) requireSettled('update', 'endpoint', existing);
  else requireFreeName(context.state, workspace, name);
  checkTraffic(asked.values, existing === undefined ? [] : store.deployments(existing));
  requireCluster(context, asked.values.compute);

  const begun = store.putEndpoint(
    existing === undefined
      ? newEndpoint(context, workspace, name, asked, request)
      : { ...existing, state: 'Updating', systemData: modified(existing.systemData, context.clock, request.caller) },
  );
  const started = startEndpointOperation(parts, request, begun, {
    verb: 'put',
    durationMs: existing === undefined ? context.timings.endpointCreate : context.timings.endpointUpdate,
    // An update shows what it sets only once it has ended; until then the traffic is the old one.
    complete: () => {
      const identity = identityBody(context, begun.id, asked.identity);
      settle(parts, begun.id, { ...asked.values, identity, isCreated: true, state: 'Succeeded' });
    },
    fail: () => {
      settle(parts, begun.id, { state: 'Failed' });
    },
  });
  return { status: 201, headers: started.headers, body: endpointBody(context, started.record, apiVersionOf(request)) };
}

/** Throws the 404 for a cluster that is not attached, and the 400 for a compute that is none. */
function requireCluster({ state }: EmulatorContext, compute: string | null): void {
  if (compute === null) return;
  const found = state.collection<ComputeRecord>(COLLECTIONS.computes).get(compute);
  if (found === undefined) throw assetNotFound('Compute', compute.split('/').at(-1) ?? compute);
  if (found.computeType === 'Kubernetes') return;
  throw badBody(`The compute ${found.name} is of type ${found.computeType}; an online endpoint needs Kubernetes.`);
}

function newEndpoint(
  context: EmulatorContext,
  workspace: WorkspaceRecord,
  name: string,
  asked: EndpointRequest,
  request: Incoming,
): OnlineEndpointRecord {
  return {
    ...asked.values,
    id: endpointId('online', workspace, name),
    name,
    workspace: workspace.id,
    location: workspace.region,
    kind: asked.values.compute === null ? 'Managed' : 'Kubernetes',
    identity: identityBody(context, endpointId('online', workspace, name), asked.identity),
    keys: { primary: asked.keys.primary ?? newEndpointKey(), secondary: asked.keys.secondary ?? newEndpointKey() },
    state: 'Creating',
    isCreated: false,
    operationUri: '',
    systemData: created(context.clock, request.caller),
  };
}

function identityBody({ settings }: EmulatorContext, id: string, identity: JsonObject): JsonObject {
  const type = textAt(identity, 'type') ?? 'SystemAssigned';
  const assigned = Object.keys(asObject(identity.userAssignedIdentities)).map((key) => {
    const ids = { principalId: stableGuid(`${key} principal`), clientId: stableGuid(`${key} client`) };
    return [key, ids] as const;
  });
  return {
    type,
    ...(type.includes('SystemAssigned') && { principalId: stableGuid(id.toLowerCase()), tenantId: settings.tenantId }),
    ...(assigned.length > 0 && { userAssignedIdentities: Object.fromEntries(assigned) }),
  };
}

async function patch(parts: OnlineParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const endpoint = endpointOf(parts, request);
  requireSettled('update', 'endpoint', endpoint);
  const body = asObject(await request.json());
  const identity =
    body.identity === undefined ? endpoint.identity : identityBody(context, endpoint.id, asObject(body.identity));
  const tags = body.tags === undefined ? endpoint.tags : asObject(body.tags);
  const systemData = modified(endpoint.systemData, context.clock, request.caller);
  store.changeEndpoint(endpoint.id, { state: 'Updating', systemData });
  const started = startEndpointOperation(parts, request, endpoint, {
    verb: 'post',
    durationMs: context.timings.endpointUpdate,
    complete: () => {
      settle(parts, endpoint.id, { tags, identity, state: 'Succeeded' });
    },
    fail: () => {
      settle(parts, endpoint.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers };
}

function remove(parts: OnlineParts, request: Incoming): Reply {
  const { context, store, deployments } = parts;
  const endpoint = store.endpoint(workspaceOf(context, request), request.params.endpoint ?? '');
  if (endpoint === undefined) return { status: 204 };
  requireSettled('delete', 'endpoint', endpoint);
  for (const deployment of store.deployments(endpoint)) requireSettled('delete', 'deployment', deployment);
  store.changeEndpoint(endpoint.id, { state: 'Deleting' });
  const started = startEndpointOperation(parts, request, endpoint, {
    verb: 'delete',
    durationMs: context.timings.endpointDelete,
    complete: async () => {
      for (const deployment of store.deployments(endpoint)) {
        await deployments.remove(deployment.id);
        store.deleteDeployment(deployment);
      }
      store.deleteEndpoint(endpoint);
    },
    fail: () => {
      settle(parts, endpoint.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers, body: null };
}

/** Starts an operation on the endpoint and notes where it is polled; also gives the record with that note. */
export function startEndpointOperation(
  { context, store }: OnlineParts,
  request: Incoming,
  endpoint: OnlineEndpointRecord,
  operation: NotedOperation,
): StartedOperation & { readonly record: OnlineEndpointRecord } {
  const note = store.changeEndpoint.bind(store);
  return startNotedOperation(context, request, 'onlineEndpoint', endpoint, note, operation);
}

function settle(
  { context, store }: OnlineParts,
  id: string,
  change: Partial<OnlineEndpointRecord> & { state: EndpointState },
): void {
  const now = context.clock.iso();
  const before = store.changeEndpoint(id, change);
  if (before !== undefined) store.changeEndpoint(id, { systemData: { ...before.systemData, lastModifiedAt: now } });
}
