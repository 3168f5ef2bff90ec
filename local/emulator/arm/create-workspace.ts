/** Makes a workspace's record with all a workspace is born with: its storage containers and its four datastores. */
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { Caller } from '../identity/tokens.ts';
import { objectAt, textAt, type JsonObject } from '../json.ts';
import { stableGuid } from '../settings.ts';
import { managedNetwork } from './managed-network-settings.ts';
import { COLLECTIONS, created, type ResourceRecord } from './resource.ts';
import { defaultContainer, workspaceArmId, WORKSPACE_TYPE, type WorkspaceRecord } from './workspace-scope.ts';

export interface NewWorkspace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly region: string;
  readonly tags: JsonObject;
  readonly kind: string;
  /** What its creator set; the service fills in the rest. */
  readonly properties: JsonObject;
}

/** Stores the workspace and its datastores and makes its containers. */
export async function createWorkspace(
  context: Pick<EmulatorContext, 'cloud' | 'clock' | 'state' | 'blobs' | 'settings'>,
  wanted: NewWorkspace,
  caller: Caller | undefined,
): Promise<WorkspaceRecord> {
  const { subscriptionId, resourceGroup, name, region } = wanted;
  const id = workspaceArmId(subscriptionId, resourceGroup, name);
  const workspaceId = stableGuid(id.toLowerCase());
  const record: WorkspaceRecord = {
    id,
    name,
    subscriptionId,
    resourceGroup,
    workspaceId,
    region,
    storageAccount: context.settings.storageAccount,
    kind: wanted.kind,
    tags: wanted.tags,
    identity: {
      type: 'SystemAssigned',
      principalId: stableGuid(`principal ${id}`),
      tenantId: context.settings.tenantId,
    },
    properties: workspaceProperties(context, wanted, id, workspaceId),
    systemData: created(context.clock, caller),
  };
  context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).put(id, record);
  await Promise.all(
    ['workspaceblobstore', 'workspaceartifactstore'].map((datastore) =>
      context.blobs.createContainer(record.storageAccount, defaultContainer(record, datastore) ?? datastore),
    ),
  );
  storeDefaultDatastores(context, record);
  return record;
}

function workspaceProperties(
  { cloud, clock, settings }: Pick<EmulatorContext, 'cloud' | 'clock' | 'settings'>,
  { subscriptionId, resourceGroup, name, region, properties }: NewWorkspace,
  id: string,
  workspaceId: string,
): JsonObject {
  const provider = (type: string, resource: string): string =>
    `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${type}/${resource}`;
  const host = regionalHost(cloud, region);
  const isolationMode = textAt(properties, 'managedNetwork', 'isolationMode') ?? 'Disabled';
  const storageAccount =
    textAt(properties, 'storageAccount') ?? provider('Microsoft.Storage/storageAccounts', settings.storageAccount);
  const keyVault = textAt(properties, 'keyVault') ?? provider('Microsoft.Keyvault/vaults', 'kv-mlops');
  const rules = objectAt(properties, 'managedNetwork', 'outboundRules') ?? {};
  return {
    friendlyName: textAt(properties, 'friendlyName') ?? name,
    description: textAt(properties, 'description') ?? '',
    storageAccount,
    keyVault,
    applicationInsights:
      textAt(properties, 'applicationInsights') ?? provider('Microsoft.insights/components', 'appi-mlops'),
    hbiWorkspace: properties.hbiWorkspace ?? false,
    tenantId: settings.tenantId,
    imageBuildCompute: properties.imageBuildCompute ?? null,
    provisioningState: 'Succeeded',
    managedNetwork: managedNetwork(isolationMode, { networkId: workspaceId, storageAccount, keyVault }, rules),
    v1LegacyMode: properties.v1LegacyMode ?? false,
    softDeleteEnabled: false,
    containerRegistry:
      textAt(properties, 'containerRegistry') ?? provider('Microsoft.ContainerRegistry/registries', 'crmlops'),
    creationTime: clock.isoZ(),
    notebookInfo: {
      resourceId: workspaceId.replaceAll('-', ''),
      fqdn: `ml-${name}-${region}-${workspaceId}.${region}.notebooks.azure.net`,
      isPrivateLinkEnabled: false,
      notebookPreparationError: null,
    },
    storageHnsEnabled: false,
    workspaceId,
    linkedModelInventoryArmId: null,
    privateLinkCount: 1,
    publicNetworkAccess: textAt(properties, 'publicNetworkAccess') ?? 'Enabled',
    discoveryUrl: `https://${host}/discovery`,
    mlFlowTrackingUri: `azureml://${host}/mlflow/v1.0${id}`,
    sdkTelemetryAppInsightsKey: stableGuid(`insights ${id}`),
    sasGetterUri: '',
    enableDataIsolation: false,
    systemDatastoresAuthMode: textAt(properties, 'systemDatastoresAuthMode') ?? 'accesskey',
  };
}

/** The datastores every workspace has, of which the blob store is the default. */
function storeDefaultDatastores(
  context: Pick<EmulatorContext, 'cloud' | 'clock' | 'state'>,
  workspace: WorkspaceRecord,
): void {
  const datastores = context.state.collection<ResourceRecord>(COLLECTIONS.datastores);
  const fileShare = (name: string): JsonObject => ({ datastoreType: 'AzureFile', fileShareName: name });
  const container = (name: string): JsonObject => ({ datastoreType: 'AzureBlob', containerName: name });
  const defaults: Readonly<Record<string, JsonObject>> = {
    workspaceblobstore: container(defaultContainer(workspace, 'workspaceblobstore') ?? ''),
    workspaceartifactstore: container('azureml'),
    workspacefilestore: fileShare(`azureml-filestore-${workspace.workspaceId}`),
    workspaceworkingdirectory: fileShare(`code-${workspace.workspaceId}`),
  };
  for (const [name, { datastoreType, ...place }] of Object.entries(defaults)) {
    const isDefault = name === 'workspaceblobstore';
    const id = `${workspace.id}/datastores/${name}`;
    datastores.put(id, {
      id,
      name,
      type: `${WORKSPACE_TYPE}/datastores`,
      properties: {
        description: null,
        tags: null,
        properties: null,
        isDefault,
        credentials: { credentialsType: 'AccountKey' },
        datastoreType,
        accountName: workspace.storageAccount,
        ...place,
        endpoint: context.cloud.storageSuffix,
        protocol: 'https',
        serviceDataAccessAuthIdentity: isDefault ? 'WorkspaceSystemAssignedIdentity' : 'None',
      },
      systemData: created(context.clock, undefined),
    });
  }
}
