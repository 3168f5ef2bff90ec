/** The subscription and its resource groups, as far as clients look at them on their way to a workspace. */
import type { EmulatorContext } from '../context.ts';
import { resourceGroupNotFound, subscriptionNotFound } from '../errors.ts';
import { armRoute, type Evidence, type Incoming, type Route } from '../http.ts';
import type { JsonObject } from '../json.ts';
import { COLLECTIONS } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

const SPEC: Evidence = { mark: 'spec', source: 'Microsoft.Resources 2022-12-01' };

export function subscriptionRoutes(context: EmulatorContext): Route[] {
  const route = (path: string, body: (request: Incoming) => JsonObject): Route =>
    armRoute('GET', path, SPEC, (request) => ({ status: 200, body: body(request) }));
  const known = (request: Incoming): JsonObject => {
    const { subscription = '' } = request.params;
    if (subscription.toLowerCase() !== context.settings.subscriptionId) throw subscriptionNotFound(subscription);
    return describeSubscription(context);
  };
  return [
    route('/subscriptions', () => ({ value: [describeSubscription(context)] })),
    route('/subscriptions/{subscription}', known),
    route('/subscriptions/{subscription}/resourceGroups', (request) => {
      known(request);
      return { value: groupNames(context).map((name) => describeGroup(context, name)) };
    }),
    route('/subscriptions/{subscription}/resourceGroups/{resourceGroup}', (request) => {
      known(request);
      const { resourceGroup = '' } = request.params;
      const found = groupNames(context).find((name) => name.toLowerCase() === resourceGroup.toLowerCase());
      if (found === undefined) throw resourceGroupNotFound(resourceGroup);
      return describeGroup(context, found);
    }),
  ];
}

function groupNames({ state, settings }: EmulatorContext): string[] {
  const workspaces = state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).list();
  return [...new Set([settings.resourceGroup, ...workspaces.map(({ value }) => value.resourceGroup)])];
}

function describeSubscription({ settings }: EmulatorContext): JsonObject {
  const { subscriptionId, tenantId } = settings;
  return {
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId,
    tenantId,
    displayName: 'Emulated subscription',
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  };
}

function describeGroup({ settings }: EmulatorContext, name: string): JsonObject {
  return {
    id: `/subscriptions/${settings.subscriptionId}/resourceGroups/${name}`,
    name,
    type: 'Microsoft.Resources/resourceGroups',
    location: settings.region,
    properties: { provisioningState: 'Succeeded' },
  };
}
