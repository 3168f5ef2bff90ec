/** A registry: its record, its parts in Azure, and the ids that follow from it. */
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import { topResourceNotFound } from '../errors.ts';
import type { Incoming } from '../http.ts';
import { objectAt, textAt, type JsonObject } from '../json.ts';
import { stableGuid } from '../settings.ts';

/** Begins every route of a registry; the regional plane puts its service in front. */
export const REGISTRY_PATH =
  '/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.MachineLearningServices/registries/{registry}';

export const REGISTRY_TYPE = 'Microsoft.MachineLearningServices/registries';

/** Where the official clients find the assets of registries, on a region's host. */
export const REGISTRY_SERVICE = '/mferp/managementfrontend';

export interface RegistryRecord {
  readonly id: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly registryId: string;
  readonly region: string;
  /** The account the service made for it. */
  readonly storageAccount: string;
  readonly tags: JsonObject;
  readonly provisioning: 'Creating' | 'Succeeded' | 'Deleting';
  readonly publicNetworkAccess: string;
  readonly storageAccountType: string;
}

const COLLECTION = 'registries';

/** The collection of registries, by ARM id. */
export function registries(context: Pick<EmulatorContext, 'state'>) {
  return context.state.collection<RegistryRecord>(COLLECTION);
}

export function registryArmId(subscriptionId: string, resourceGroup: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${REGISTRY_TYPE}/${name}`;
}

/** Names of registries are unique in the whole cloud. */
export function registryByName(context: Pick<EmulatorContext, 'state'>, name: string): RegistryRecord | undefined {
  return registries(context)
    .list()
    .map(({ value }) => value)
    .find((record) => record.name.toLowerCase() === name.toLowerCase());
}

/** The registry a request's path names; undefined when there is none. */
export function findRegistry(context: Pick<EmulatorContext, 'state'>, request: Incoming): RegistryRecord | undefined {
  const { subscription = '', resourceGroup = '', registry = '' } = request.params;
  return registries(context).get(registryArmId(subscription, resourceGroup, registry));
}

/** The same; throws the gateway's 404. */
export function registryOf(context: Pick<EmulatorContext, 'state'>, request: Incoming): RegistryRecord {
  const found = findRegistry(context, request);
  const { registry = '', resourceGroup = '' } = request.params;
  if (found !== undefined) return found;
  throw topResourceNotFound(REGISTRY_TYPE, registry, resourceGroup);
}

export interface NewRegistry {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  /** As its creator sent it: `location`, `tags`, `properties.regionDetails` … */
  readonly body: JsonObject;
}

/** Stores a registry, ready unless it is said to be in the making. */
export function createRegistry(
  context: Pick<EmulatorContext, 'state' | 'settings'>,
  { subscriptionId, resourceGroup, name, body }: NewRegistry,
  provisioning: RegistryRecord['provisioning'] = 'Succeeded',
): RegistryRecord {
  const id = registryArmId(subscriptionId, resourceGroup, name);
  const [region] = Array.isArray(body.properties) ? [] : regionDetails(body);
  const [storage] = Array.isArray(region?.storageAccountDetails) ? (region.storageAccountDetails as JsonObject[]) : [];
  const record: RegistryRecord = {
    id,
    name,
    subscriptionId,
    resourceGroup,
    registryId: stableGuid(id.toLowerCase()),
    region: (textAt(body, 'location') ?? context.settings.region).toLowerCase(),
    storageAccount: context.settings.registryStorageAccount,
    tags: objectAt(body, 'tags') ?? {},
    provisioning,
    publicNetworkAccess: textAt(body, 'properties', 'publicNetworkAccess') ?? 'Enabled',
    storageAccountType: textAt(storage, 'systemCreatedStorageAccount', 'storageAccountType') ?? 'standard_lrs',
  };
  registries(context).put(id, record);
  return record;
}

function regionDetails(body: JsonObject): readonly JsonObject[] {
  const details = objectAt(body, 'properties')?.regionDetails;
  return Array.isArray(details) ? (details as readonly JsonObject[]) : [];
}

/** The registry as Azure Resource Manager tells it. */
export function describeRegistry({ cloud, settings }: EmulatorContext, record: RegistryRecord): JsonObject {
  const { id, name, registryId, region } = record;
  const managedGroup = `/subscriptions/${record.subscriptionId}/resourceGroups/azureml-rg-${name}_${registryId}`;
  const made = (provider: string, account: string): JsonObject => ({
    armResourceId: { resourceId: `${managedGroup}/providers/${provider}/${account}` },
  });
  const images = `${name}${registryId.replaceAll('-', '').slice(0, 20)}`;
  const host = regionalHost(cloud, region);
  return {
    tags: record.tags,
    location: region,
    identity: { type: 'SystemAssigned', principalId: stableGuid(`principal ${id}`), tenantId: settings.tenantId },
    id,
    name,
    type: REGISTRY_TYPE,
    properties: {
      regionDetails: [
        {
          location: region,
          storageAccountDetails: [
            {
              userCreatedStorageAccount: null,
              systemCreatedStorageAccount: {
                storageAccountName: record.storageAccount,
                storageAccountType: record.storageAccountType,
                storageAccountHnsEnabled: false,
                ...made('Microsoft.Storage/storageAccounts', record.storageAccount),
              },
            },
          ],
          acrDetails: [
            {
              userCreatedAcrAccount: null,
              systemCreatedAcrAccount: {
                acrAccountName: images,
                acrAccountSku: 'Premium',
                ...made('Microsoft.ContainerRegistry/registries', images),
              },
            },
          ],
        },
      ],
      intellectualPropertyPublisher: null,
      publicNetworkAccess: record.publicNetworkAccess,
      discoveryUrl: `https://${host}/registrymanagement/v1.0/registries/${name}/discovery`,
      managedResourceGroup: { resourceId: managedGroup },
      managedResourceGroupTags: record.tags,
      mlFlowRegistryUri: `azureml://${host}/mlflow/v1.0${id}`,
    },
    systemData: null,
  };
}
