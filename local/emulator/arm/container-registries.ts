/** The container registries that workspaces name, as far as clients ask whether they are private. */
import type { EmulatorContext } from '../context.ts';
import { topResourceNotFound } from '../errors.ts';
import { armRoute, type Evidence, type Incoming, type Reply, type Route } from '../http.ts';
import { textAt } from '../json.ts';
import { COLLECTIONS } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

const TYPE = 'Microsoft.ContainerRegistry/registries';

const PATH = `/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/${TYPE}/{containerRegistry}`;

const SPEC: Evidence = { mark: 'spec', source: 'Microsoft.ContainerRegistry 2023-07-01, Registries_Get' };

export function containerRegistryRoutes(context: EmulatorContext): Route[] {
  return [armRoute('GET', PATH, SPEC, (request) => get(context, request))];
}

/** A registry is as private as the workspace it belongs to. */
function get({ state, settings }: EmulatorContext, { params }: Incoming): Reply {
  const { subscription = '', resourceGroup = '', containerRegistry: name = '' } = params;
  const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/${TYPE}/${name}`;
  const owner = state
    .collection<WorkspaceRecord>(COLLECTIONS.workspaces)
    .list()
    .find(({ value }) => textAt(value.properties, 'containerRegistry')?.toLowerCase() === id.toLowerCase());
  if (owner === undefined) throw topResourceNotFound(TYPE, name, resourceGroup);
  const body = {
    type: TYPE,
    id,
    name,
    location: settings.region,
    tags: {},
    sku: { name: 'Premium', tier: 'Premium' },
    properties: {
      loginServer: `${name}.azurecr.io`,
      provisioningState: 'Succeeded',
      adminUserEnabled: false,
      publicNetworkAccess: textAt(owner.value.properties, 'publicNetworkAccess') ?? 'Enabled',
      networkRuleBypassOptions: 'AzureServices',
    },
  };
  return { status: 200, body };
}
