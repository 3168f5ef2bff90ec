/** Workspaces: read, listed, made, patched, deleted, diagnosed; and their managed network. */
import type { EmulatorContext } from '../context.ts';
import { resourceGroupNotFound, workspaceNotFound } from '../errors.ts';
import { armRoute } from '../http.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, objectAt, textAt, type JsonObject } from '../json.ts';
import type { OperationRequest } from '../operations.ts';
import { createWorkspace } from './create-workspace.ts';
import { networkOwner } from './managed-network.ts';
import { managedNetwork } from './managed-network-settings.ts';
import { COLLECTIONS, isFrom, modified } from './resource.ts';
import {
  apiVersionOf,
  findWorkspace,
  WORKSPACE_PATH,
  WORKSPACE_TYPE,
  workspaceArmId,
  workspaceOf,
  type WorkspaceRecord,
} from './workspace-scope.ts';

const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `workspace/${name}` });
const spec = (operation: string): Evidence => ({ mark: 'spec', source: `Workspaces_${operation} 2025-12-01` });

export function workspaceRoutes(context: EmulatorContext): Route[] {
  const all = '/subscriptions/{subscription}';
  const group = `${all}/resourceGroups/{resourceGroup}`;
  return [
    armRoute('GET', WORKSPACE_PATH, recorded('get'), (request) => ({
      status: 200,
      body: describeWorkspace(existing(context, request), apiVersionOf(request)),
    })),
    armRoute('GET', `${all}/providers/${WORKSPACE_TYPE}`, spec('ListBySubscription'), (request) =>
      list(context, request),
    ),
    armRoute('GET', `${group}/providers/${WORKSPACE_TYPE}`, spec('ListByResourceGroup'), (request) =>
      list(context, request),
    ),
    armRoute('PUT', WORKSPACE_PATH, spec('CreateOrUpdate'), (request) => put(context, request)),
    armRoute('PATCH', WORKSPACE_PATH, recorded('patch_lro'), (request) => patch(context, request)),
    armRoute('DELETE', WORKSPACE_PATH, recorded('delete_202'), (request) => remove(context, request)),
    armRoute('POST', `${WORKSPACE_PATH}/diagnose`, recorded('diagnose_lro'), (request) => diagnose(context, request)),
    armRoute(
      'POST',
      `${WORKSPACE_PATH}/provisionManagedNetwork`,
      recorded('provision_managed_network_lro'),
      (request) => provisionNetwork(context, request),
    ),
    armRoute('POST', `${WORKSPACE_PATH}/listKeys`, spec('ListKeys'), (request) => listKeys(context, request)),
  ];
}

function existing(context: EmulatorContext, request: Incoming): WorkspaceRecord {
  const found = findWorkspace(context, request);
  if (found !== undefined) return found;
  const { workspace = '', resourceGroup = '' } = request.params;
  const groups = context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).list();
  const known = [context.settings.resourceGroup, ...groups.map(({ value }) => value.resourceGroup)];
  if (!known.some((name) => name.toLowerCase() === resourceGroup.toLowerCase()))
    throw resourceGroupNotFound(resourceGroup);
  throw workspaceNotFound(workspace, resourceGroup);
}

/** The workspace as that api-version tells it: the managed network from 2023-04 on, the datastores' access from 2024-04. */
export function describeWorkspace(record: WorkspaceRecord, apiVersion: string): JsonObject {
  const { managedNetwork: network, systemDatastoresAuthMode: authMode, ...rest } = record.properties;
  const { provisioningState, v1LegacyMode, ...others } = rest;
  return {
    id: record.id,
    name: record.name,
    type: WORKSPACE_TYPE,
    location: record.region,
    tags: record.tags,
    etag: null,
    properties: {
      ...others,
      provisioningState,
      v1LegacyMode,
      ...(isFrom(apiVersion, '2023-04-01') && { managedNetwork: network }),
      ...(isFrom(apiVersion, '2024-04-01') && { systemDatastoresAuthMode: authMode }),
    },
    identity: record.identity,
    ...(isFrom(apiVersion, '2022-10-01') && { kind: record.kind }),
    sku: { name: 'Basic', tier: 'Basic' },
    systemData: record.systemData,
  };
}

function list(context: EmulatorContext, request: Incoming): Reply {
  const { subscription = '', resourceGroup } = request.params;
  const prefix = workspaceArmId(subscription, resourceGroup ?? '', '');
  const entries = context.state
    .collection<WorkspaceRecord>(COLLECTIONS.workspaces)
    .list(resourceGroup === undefined ? `/subscriptions/${subscription}/` : prefix);
  return { status: 200, body: { value: entries.map(({ value }) => describeWorkspace(value, apiVersionOf(request))) } };
}

/** What the workspace's long-running operations have in common. */
function operation(
  context: EmulatorContext,
  request: Incoming,
  record: Pick<WorkspaceRecord, 'id' | 'subscriptionId' | 'region' | 'workspaceId'>,
  rest: Pick<OperationRequest, 'family' | 'verb' | 'durationMs' | 'complete'>,
): Reply {
  const { headers } = context.operations.start({
    target: record.id,
    subscriptionId: record.subscriptionId,
    region: record.region,
    workspaceId: record.workspaceId,
    apiVersion: apiVersionOf(request),
    ...rest,
  });
  return { status: 202, headers };
}

function change(context: EmulatorContext, id: string, how: (record: WorkspaceRecord) => WorkspaceRecord): void {
  context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).update(id, how);
}

function withState(record: WorkspaceRecord, provisioningState: string): WorkspaceRecord {
  return { ...record, properties: { ...record.properties, provisioningState } };
}

async function put(context: EmulatorContext, request: Incoming): Promise<Reply> {
  if (findWorkspace(context, request) !== undefined) return patch(context, request);
  const body = asObject(await request.json());
  const { subscription = '', resourceGroup = '', workspace = '' } = request.params;
  const record = await createWorkspace(
    context,
    {
      subscriptionId: subscription,
      resourceGroup,
      name: workspace,
      region: textAt(body, 'location') ?? context.settings.region,
      tags: asObject(body.tags),
      kind: textAt(body, 'kind') ?? 'Default',
      properties: asObject(body.properties),
    },
    request.caller,
  );
  change(context, record.id, (current) => withState(current, 'Creating'));
  return operation(context, request, record, {
    family: 'workspace',
    verb: 'put',
    durationMs: context.timings.workspaceChange,
    complete: () => {
      change(context, record.id, (current) => withState(current, 'Succeeded'));
      return describeWorkspace(existing(context, request), apiVersionOf(request));
    },
  });
}

/** Merges the properties and replaces the tags. */
async function patch(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const record = existing(context, request);
  const body = asObject(await request.json());
  const { managedNetwork: network, ...properties } = asObject(body.properties);
  const isolation = textAt(network, 'isolationMode');
  const rules = objectAt(network, 'outboundRules');
  const apply = (current: WorkspaceRecord): WorkspaceRecord => {
    const mode = isolation ?? textAt(current.properties, 'managedNetwork', 'isolationMode') ?? 'Disabled';
    const before = objectAt(current.properties, 'managedNetwork', 'outboundRules');
    return {
      ...current,
      ...(body.tags !== undefined && { tags: asObject(body.tags) }),
      properties: {
        ...current.properties,
        ...properties,
        managedNetwork: managedNetwork(mode, networkOwner(current), { ...before, ...rules }),
        provisioningState: 'Succeeded',
      },
      systemData: modified(current.systemData, context.clock, request.caller),
    };
  };
  change(context, record.id, (current) => withState(current, 'Updating'));
  return operation(context, request, record, {
    family: 'workspace',
    verb: 'post',
    durationMs: context.timings.workspaceChange,
    complete: () => {
      change(context, record.id, apply);
      return describeWorkspace(existing(context, request), apiVersionOf(request));
    },
  });
}

function remove(context: EmulatorContext, request: Incoming): Reply {
  const record = findWorkspace(context, request);
  if (record === undefined) return { status: 204 };
  change(context, record.id, (current) => withState(current, 'Deleting'));
  return operation(context, request, record, {
    family: 'workspace',
    verb: 'delete',
    durationMs: context.timings.workspaceChange,
    complete: () => {
      context.state.collection(COLLECTIONS.workspaces).delete(record.id);
      return undefined;
    },
  });
}

const NO_FINDINGS = {
  userDefinedRouteResults: [],
  networkSecurityRuleResults: [],
  resourceLockResults: [],
  dnsResolutionResults: [],
  storageAccountResults: [],
  keyVaultResults: [],
  containerRegistryResults: [],
  applicationInsightsResults: [],
  otherResults: [],
};

function diagnose(context: EmulatorContext, request: Incoming): Reply {
  return operation(context, request, workspaceOf(context, request), {
    family: 'workspaceResult',
    verb: 'post',
    durationMs: context.timings.workspaceChange,
    complete: () => ({ value: NO_FINDINGS }),
  });
}

function provisionNetwork(context: EmulatorContext, request: Incoming): Reply {
  const record = workspaceOf(context, request);
  return operation(context, request, record, {
    family: 'workspace',
    verb: 'post',
    durationMs: context.timings.managedNetworkProvision,
    complete: () => {
      const status = { status: 'Active', sparkReady: false };
      change(context, record.id, (current) => ({
        ...current,
        properties: {
          ...current.properties,
          managedNetwork: { ...asObject(current.properties.managedNetwork), status },
        },
      }));
      return status;
    },
  });
}

function listKeys(context: EmulatorContext, request: Incoming): Reply {
  const record = workspaceOf(context, request);
  return {
    status: 200,
    body: {
      userStorageKey: context.settings.storageKey,
      userStorageResourceId: record.properties.storageAccount,
      appInsightsInstrumentationKey: record.properties.sdkTelemetryAppInsightsKey,
      containerRegistryCredentials: null,
      notebookAccessKeys: null,
    },
  };
}
