/** Which hosts and audiences belong to a cloud, and so where its tokens may go. */
import type { Connection } from '../ports.ts';
import { UserError } from '../errors.ts';

/** Whom a token is for: Azure Resource Manager, Azure Machine Learning's own services, or blob storage. */
export type Audience = 'resourceManager' | 'machineLearning' | 'storage';

export interface Cloud {
  readonly name: string;
  /** `https://management.azure.com`, without a trailing slash. */
  readonly resourceManagerUrl: string;
  /** `https://login.microsoftonline.com`, without a trailing slash. */
  readonly authorityUrl: string;
  /** The OAuth scope to ask for, by audience. */
  readonly scopes: Readonly<Record<Audience, string>>;
  /** A region's data plane is `{region}.{one of these}`. */
  readonly regionalSuffixes: readonly string[];
  /** The region whose host is asked where a registry is, as the official clients do. */
  readonly registryDiscoveryRegion: string;
  /** An endpoint is `{endpoint}.{region}.{this}`. */
  readonly inferenceSuffix: string;
  /** An account's blobs are at `{account}.blob.{one of these}`; the first is the one datastores without `endpoint` mean. */
  readonly storageSuffixes: readonly [string, ...string[]];
  /** `/metadata/endpoints` told us; such an authority is unknown to the identity library. */
  readonly isCustom: boolean;
}

const storageScope = 'https://storage.azure.com/.default';

interface KnownCloud extends Omit<Cloud, 'scopes' | 'isCustom'> {
  readonly machineLearningScope: string;
}

/** Names as service connections use them; suffixes as in Azure's private-link DNS tables. */
const knownClouds: readonly KnownCloud[] = [
  {
    name: 'AzureCloud',
    resourceManagerUrl: 'https://management.azure.com',
    authorityUrl: 'https://login.microsoftonline.com',
    machineLearningScope: 'https://ml.azure.com/.default',
    regionalSuffixes: ['api.azureml.ms', 'experiments.azureml.net'],
    registryDiscoveryRegion: 'eastus',
    inferenceSuffix: 'inference.ml.azure.com',
    storageSuffixes: ['core.windows.net', 'storage.azure.net'],
  },
  {
    name: 'AzureUSGovernment',
    resourceManagerUrl: 'https://management.usgovcloudapi.net',
    authorityUrl: 'https://login.microsoftonline.us',
    machineLearningScope: 'https://ml.azure.us/.default',
    regionalSuffixes: ['api.ml.azure.us'],
    registryDiscoveryRegion: 'usgovarizona',
    inferenceSuffix: 'inference.ml.azure.us',
    storageSuffixes: ['core.usgovcloudapi.net'],
  },
  {
    name: 'AzureChinaCloud',
    resourceManagerUrl: 'https://management.chinacloudapi.cn',
    authorityUrl: 'https://login.chinacloudapi.cn',
    machineLearningScope: 'https://ml.azure.cn/.default',
    regionalSuffixes: ['api.ml.azure.cn'],
    registryDiscoveryRegion: 'chinaeast2',
    inferenceSuffix: 'inference.ml.azure.cn',
    storageSuffixes: ['core.chinacloudapi.cn'],
  },
];

/**
 * The cloud of a connection when it is one of Microsoft's; undefined for any other (see `custom-cloud`).
 * The connection's own Resource Manager and authority win over the table, so that a regional or private name works.
 * Throws UserError when one of them is not an https URL.
 */
export function knownCloudOf(connection: Connection): Cloud | undefined {
  const known = knownClouds.find((cloud) => cloud.name.toLowerCase() === connection.environment.toLowerCase());
  if (known === undefined) return undefined;
  const { machineLearningScope, ...cloud } = known;
  return {
    ...cloud,
    resourceManagerUrl: httpsUrl(connection.resourceManagerUrl, connection),
    authorityUrl: httpsUrl(connection.authorityUrl ?? known.authorityUrl, connection),
    scopes: {
      resourceManager: `${known.resourceManagerUrl}/.default`,
      machineLearning: machineLearningScope,
      storage: storageScope,
    },
    isCustom: false,
  };
}

/** The members of `/metadata/endpoints` that name a cloud's hosts. */
export interface CloudMetadata {
  readonly name: string;
  readonly loginEndpoint: string;
  readonly resourceManagerAudience: string | undefined;
  readonly portal: string | undefined;
  readonly storageSuffix: string | undefined;
}

/**
 * A cloud that is described by its own Resource Manager. Machine learning has no entry in that document: as in the
 * official Python client, its names hang below the domain of the portal (`portal.azure.example` → `ml.azure.example`).
 */
export function customCloud(connection: Connection, metadata: CloudMetadata): Cloud {
  const resourceManagerUrl = httpsUrl(connection.resourceManagerUrl, connection);
  const resourceManagerHost = new URL(resourceManagerUrl).hostname;
  const portalHost = metadata.portal === undefined ? resourceManagerHost : new URL(metadata.portal).hostname;
  const domain = withoutFirstLabel(portalHost);
  return {
    name: metadata.name,
    resourceManagerUrl,
    authorityUrl: httpsUrl(connection.authorityUrl ?? metadata.loginEndpoint, connection),
    scopes: {
      resourceManager: `${trimSlash(metadata.resourceManagerAudience ?? resourceManagerUrl)}/.default`,
      machineLearning: `https://ml.${domain}/.default`,
      storage: storageScope,
    },
    regionalSuffixes: [`api.ml.${domain}`, `api.azureml.${withoutFirstLabel(domain)}`],
    registryDiscoveryRegion: 'eastus',
    inferenceSuffix: `inference.ml.${domain}`,
    storageSuffixes: [metadata.storageSuffix ?? withoutFirstLabel(resourceManagerHost)],
    isCustom: true,
  };
}

/**
 * Whether a token of this audience may be sent to this URL: https on the standard port, no user information, and a host
 * that belongs to the audience's services in this very cloud.
 */
export function mayReceiveToken(cloud: Cloud, audience: Audience, url: string): boolean {
  const target = safeUrl(url);
  if (target?.protocol !== 'https:' || target.port !== '' || target.username !== '' || target.password !== '')
    return false;
  const host = target.hostname.toLowerCase();
  const isResourceManager = host === new URL(cloud.resourceManagerUrl).hostname;
  const isRegional = cloud.regionalSuffixes.some((suffix) => isBelow(host, suffix));
  switch (audience) {
    case 'resourceManager':
      return isResourceManager || isRegional;
    case 'machineLearning':
      return isResourceManager || isRegional || isInferenceHost(cloud, host);
    case 'storage':
      return isBlobHost(cloud, host);
  }
}

/** `{endpoint}.{region}.inference.ml.azure.com` and its like. */
export function isInferenceHost(cloud: Cloud, host: string): boolean {
  return isBelow(host.toLowerCase(), cloud.inferenceSuffix);
}

/** `{account}.blob.core.windows.net`, also with a zone in between. */
export function isBlobHost(cloud: Cloud, host: string): boolean {
  return cloud.storageSuffixes.some((suffix) => isBelow(host, suffix) && /\.(?:blob|dfs)\./.test(host));
}

/** The private DNS zone a host's name is served from inside a virtual network; undefined where there is none we know. */
export function privateZoneOf(cloud: Cloud, host: string): string | undefined {
  const machineLearning = cloud.regionalSuffixes[0] ?? '';
  if (isInferenceHost(cloud, host) || isBelow(host, machineLearning)) return `privatelink.${machineLearning}`;
  if (isBlobHost(cloud, host)) return `privatelink.blob.${cloud.storageSuffixes[0]}`;
  if (host === 'management.azure.com') return 'privatelink.azure.com';
  return undefined;
}

function isBelow(host: string, suffix: string): boolean {
  return suffix !== '' && host.endsWith(`.${suffix}`);
}

function withoutFirstLabel(host: string): string {
  return host.slice(host.indexOf('.') + 1);
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function safeUrl(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

function httpsUrl(url: string, connection: Connection): string {
  const parsed = safeUrl(url);
  if (parsed?.protocol !== 'https:') {
    throw new UserError(
      `The service connection '${connection.name}' names '${url}', which is not an https address. Correct the connection's environment URLs.`,
    );
  }
  return trimSlash(url);
}
