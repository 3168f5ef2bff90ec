/** Registries at Azure Resource Manager, and the discovery by which clients find their assets. */
import { apiVersionOf } from '../arm/workspace-scope.ts';
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import { dataPlaneError } from '../errors.ts';
import { armRoute, type Evidence, type Incoming, type Reply, type Route } from '../http.ts';
import { asObject, objectAt, type JsonObject } from '../json.ts';
import type { OperationRequest } from '../operations.ts';
import { registryAssetRoutes } from './registry-assets.ts';
import {
  createRegistry,
  describeRegistry,
  findRegistry,
  REGISTRY_PATH,
  REGISTRY_TYPE,
  registries,
  registryArmId,
  registryByName,
  registryOf,
  type RegistryRecord,
} from './registry-record.ts';

const RECORDED: Evidence = { mark: 'recorded', source: 'registry/create_get_delete_lro' };
const spec = (operation: string): Evidence => ({ mark: 'spec', source: `Registries_${operation} 2025-12-01` });

export function registryRoutes(context: EmulatorContext): Route[] {
  const all = '/subscriptions/{subscription}';
  const group = `${all}/resourceGroups/{resourceGroup}`;
  const described = (request: Incoming): Reply => ({
    status: 200,
    body: describeRegistry(context, registryOf(context, request)),
  });
  return [
    armRoute('GET', REGISTRY_PATH, RECORDED, described),
    armRoute('PUT', REGISTRY_PATH, RECORDED, (request) => put(context, request)),
    armRoute('PATCH', REGISTRY_PATH, spec('Update'), (request) => patch(context, request)),
    armRoute('DELETE', REGISTRY_PATH, RECORDED, (request) => remove(context, request)),
    armRoute('GET', `${group}/providers/${REGISTRY_TYPE}`, spec('List'), (request) => list(context, request)),
    armRoute('GET', `${all}/providers/${REGISTRY_TYPE}`, spec('ListBySubscription'), (request) =>
      list(context, request),
    ),
    {
      plane: 'regional',
      method: 'GET',
      path: '/registrymanagement/v1.0/registries/{registry}/discovery',
      evidence: { mark: 'recorded', source: 'registry/discovery' },
      handle: (request) => discovery(context, request),
    },
    ...registryAssetRoutes(context),
  ];
}

async function put(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const { subscription = '', resourceGroup = '', registry: name = '' } = request.params;
  const known = findRegistry(context, request) !== undefined;
  const body = asObject(await request.json());
  const wanted = { subscriptionId: subscription, resourceGroup, name, body };
  const record = createRegistry(context, wanted, known ? 'Succeeded' : 'Creating');
  return operation(context, request, record, {
    verb: 'put',
    complete: () => {
      registries(context).update(record.id, (current) => ({ ...current, provisioning: 'Succeeded' }));
      return undefined;
    },
  });
}

async function patch(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const record = registryOf(context, request);
  const tags = objectAt(await request.json(), 'tags') ?? record.tags;
  const changed = registries(context).update(record.id, (current) => ({ ...current, tags })) ?? record;
  return { status: 200, body: describeRegistry(context, changed) };
}

function remove(context: EmulatorContext, request: Incoming): Reply {
  const record = findRegistry(context, request);
  if (record === undefined) return { status: 204 };
  return operation(context, request, record, {
    verb: 'delete',
    complete: () => {
      registries(context).delete(record.id);
      return undefined;
    },
  });
}

/** Unlike other resources a registry answers its PUT with nothing but where to poll. */
function operation(
  context: EmulatorContext,
  request: Incoming,
  record: RegistryRecord,
  rest: Pick<OperationRequest, 'verb' | 'complete'>,
): Reply {
  const { headers } = context.operations.start({
    family: 'registry',
    target: record.id,
    subscriptionId: record.subscriptionId,
    region: record.region,
    workspaceId: record.registryId,
    apiVersion: apiVersionOf(request),
    durationMs: context.timings.registryChange,
    ...rest,
  });
  return { status: 202, headers };
}

function list(context: EmulatorContext, request: Incoming): Reply {
  const { subscription = '', resourceGroup } = request.params;
  const prefix =
    resourceGroup === undefined ? `/subscriptions/${subscription}/` : registryArmId(subscription, resourceGroup, '');
  const found = registries(context).list(prefix);
  return { status: 200, body: { value: found.map(({ value }) => describeRegistry(context, value)) } };
}

/** Any region answers for any registry. */
function discovery(context: EmulatorContext, request: Incoming): Reply {
  const name = request.params.registry ?? '';
  const record = registryByName(context, name);
  if (record === undefined) {
    throw dataPlaneError('registrymanagement', 404, 'UserError', `Registry ${name} not found.`, {
      innerCodes: ['NotFound'],
    });
  }
  const { cloud, settings } = context;
  const { registryId, region } = record;
  const body: JsonObject = {
    registryId,
    registryName: record.name,
    tenantId: settings.tenantId,
    primaryRegion: region,
    regions: [region],
    subscriptionId: record.subscriptionId,
    resourceGroup: record.resourceGroup,
    workspaceName: null,
    primaryRegionResourceProviderUri: `https://${regionalHost(cloud, region)}/`,
    registryFqdns: { [region]: { uri: `https://${registryId}.registry.${regionalHost(cloud, region)}` } },
  };
  return { status: 200, body };
}
