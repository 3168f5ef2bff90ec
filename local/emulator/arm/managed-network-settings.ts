/** A workspace's managed network as the service keeps it: the mode, and the rules it adds by itself. */
import type { JsonObject } from '../json.ts';

export interface NetworkOwner {
  /** The workspace's GUID; the network has the same. */
  readonly networkId: string;
  /** ARM ids of what the network always reaches. */
  readonly storageAccount: string;
  readonly keyVault: string;
}

/** Service tags a network that allows only approved traffic cannot do without. */
const REQUIRED_TAGS = [
  'AzureActiveDirectory',
  'AzureContainerRegistry',
  'AzureFrontDoor.FirstParty',
  'AzureMachineLearning',
  'AzureMonitor',
  'AzureResourceManager',
  'BatchNodeManagement',
  'MicrosoftContainerRegistry',
  'VirtualNetwork',
];

/** The network in a mode, with the rules users set; `Disabled` is nothing but its mode. */
export function managedNetwork(isolationMode: string, owner: NetworkOwner, rules: JsonObject): JsonObject {
  if (isolationMode === 'Disabled') return { isolationMode };
  return {
    isolationMode,
    networkId: owner.networkId,
    outboundRules: { ...rules, ...requiredRules(isolationMode, owner) },
    status: { status: 'Inactive', sparkReady: false },
  };
}

function requiredRules(isolationMode: string, { storageAccount, keyVault }: NetworkOwner): JsonObject {
  const endpoints: readonly (readonly [resource: string, target: string])[] = [
    [keyVault, 'vault'],
    [storageAccount, 'blob'],
    [storageAccount, 'file'],
  ];
  const rules = endpoints.map(([resource, target]): [string, JsonObject] => [
    `__SYS_PE_${resource.slice(resource.lastIndexOf('/') + 1)}_${target}`,
    required('PrivateEndpoint', {
      serviceResourceId: resource,
      subresourceTarget: target,
      sparkEnabled: false,
      sparkStatus: 'Inactive',
    }),
  ]);
  const tags = isolationMode === 'AllowOnlyApprovedOutbound' ? REQUIRED_TAGS : [];
  const tagRules = tags.map((serviceTag): [string, JsonObject] => [
    `__SYS_ST_${serviceTag}`,
    required('ServiceTag', { serviceTag, protocol: '*', portRanges: '*' }),
  ]);
  return Object.fromEntries([...rules, ...tagRules]);
}

function required(type: string, destination: JsonObject): JsonObject {
  return { type, destination, status: 'Inactive', category: 'Required' };
}
