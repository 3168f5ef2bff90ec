/** Who and what exists in the emulated cloud from the start: the tenant, its application, the workspace and its storage. */
import { createHash } from 'node:crypto';

export interface ServicePrincipal {
  readonly clientId: string;
  readonly objectId: string;
  readonly clientSecret: string;
  /** PEM with certificate and private key; the application also signs in with it. */
  readonly certificatePem: string;
}

export interface ServiceConnection {
  readonly id: string;
  readonly name: string;
  readonly organization: string;
  readonly project: string;
}

export interface Settings {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Name of the workspace that exists from the start. */
  readonly workspace: string;
  readonly region: string;
  readonly storageAccount: string;
  /** The account that registries make for themselves; one for all of them. */
  readonly registryStorageAccount: string;
  /** Base64, as the storage service writes account keys. */
  readonly storageKey: string;
  readonly compute: string;
  readonly principal: ServicePrincipal;
  readonly connection: ServiceConnection;
  /** What a pipeline job shows to ask for its OIDC tokens (System.AccessToken). */
  readonly systemAccessToken: string;
}

/** The identifiers the local agent and the documentation know; secrets are made anew by each emulator. */
export const DEFAULT_IDENTIFIERS = {
  tenantId: '00000000-0000-4000-8000-0000000000aa',
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  resourceGroup: 'rg-mlops',
  workspace: 'mlw-mlops',
  region: 'westeurope',
  storageAccount: 'stmlops',
  registryStorageAccount: 'stmlopsregistry',
  compute: 'cpu-cluster',
  clientId: '00000000-0000-4000-8000-0000000000bb',
  objectId: '00000000-0000-4000-8000-0000000000b0',
  connectionId: '00000000-0000-4000-8000-0000000000cc',
  connectionName: 'azureml-connection',
  organization: 'contoso',
  project: 'mlops',
} as const;

/** A GUID that is the same for the same text: ids that survive a restart without being stored. */
export function stableGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
