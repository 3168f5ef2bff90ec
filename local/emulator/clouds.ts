/** The one table of names: which host belongs to which service of which cloud. */

export interface Cloud {
  /** As a service connection calls it: AzureCloud, AzureUSGovernment, AzureChinaCloud, or any other for a custom cloud. */
  readonly name: string;
  /** The Resource Manager's host. */
  readonly arm: string;
  /** The Entra authority's host. */
  readonly login: string;
  /** `{region}.<this>` is a region's data plane. */
  readonly regionalSuffix: string;
  /** `{account}.blob.<this>` is an account's blob service; also the `endpoint` of datastores. */
  readonly storageSuffix: string;
  /** `{endpoint}.{region}.<this>` is an online or batch endpoint. */
  readonly scoringSuffix: string;
  /** `{label}.{region}.<this>` is the inference router of an attached Kubernetes cluster. */
  readonly clusterSuffix: string;
  /** Host of the studio that people look at. */
  readonly studio: string;
  /** Audience of tokens for the machine learning data plane, without a trailing slash. */
  readonly mlAudience: string;
  /** Host of the pipeline service (organisation in the path). */
  readonly pipelines: string;
  /** Portal, graph and other names that appear in metadata only. */
  readonly portal: string;
  readonly graph: string;
  readonly keyVaultSuffix: string;
  readonly registrySuffix: string;
  readonly monitor: string;
}

/** The public cloud; what the emulator plays unless told otherwise. */
export const AZURE_CLOUD: Cloud = {
  name: 'AzureCloud',
  arm: 'management.azure.com',
  login: 'login.microsoftonline.com',
  regionalSuffix: 'api.azureml.ms',
  storageSuffix: 'core.windows.net',
  scoringSuffix: 'inference.ml.azure.com',
  clusterSuffix: 'cloudapp.azure.com',
  studio: 'ml.azure.com',
  mlAudience: 'https://ml.azure.com',
  pipelines: 'dev.azure.com',
  portal: 'portal.azure.com',
  graph: 'graph.microsoft.com',
  keyVaultSuffix: 'vault.azure.net',
  registrySuffix: 'azurecr.io',
  monitor: 'api.loganalytics.io',
};

/** The clouds Microsoft runs. Names as in their `/metadata/endpoints` and the private-link DNS tables. */
export const CLOUDS: readonly Cloud[] = [
  AZURE_CLOUD,
  {
    name: 'AzureUSGovernment',
    arm: 'management.usgovcloudapi.net',
    login: 'login.microsoftonline.us',
    regionalSuffix: 'api.ml.azure.us',
    storageSuffix: 'core.usgovcloudapi.net',
    scoringSuffix: 'inference.ml.azure.us',
    clusterSuffix: 'cloudapp.usgovcloudapi.net',
    studio: 'ml.azure.us',
    mlAudience: 'https://ml.azure.us',
    pipelines: 'dev.azure.com',
    portal: 'portal.azure.us',
    graph: 'graph.microsoft.us',
    keyVaultSuffix: 'vault.usgovcloudapi.net',
    registrySuffix: 'azurecr.us',
    monitor: 'api.loganalytics.us',
  },
  {
    name: 'AzureChinaCloud',
    arm: 'management.chinacloudapi.cn',
    login: 'login.chinacloudapi.cn',
    regionalSuffix: 'api.ml.azure.cn',
    storageSuffix: 'core.chinacloudapi.cn',
    scoringSuffix: 'inference.ml.azure.cn',
    clusterSuffix: 'cloudapp.chinacloudapi.cn',
    studio: 'studio.ml.azure.cn',
    mlAudience: 'https://ml.azure.cn',
    pipelines: 'dev.azure.com',
    portal: 'portal.azure.cn',
    graph: 'microsoftgraph.chinacloudapi.cn',
    keyVaultSuffix: 'vault.azure.cn',
    registrySuffix: 'azurecr.cn',
    monitor: 'api.loganalytics.azure.cn',
  },
];

/** A cloud of one's own: every name below one domain, found by its clients through `/metadata/endpoints` alone. */
export function customCloud(name: string, domain: string): Cloud {
  return {
    name,
    arm: `management.${domain}`,
    login: `login.${domain}`,
    regionalSuffix: `api.ml.${domain}`,
    storageSuffix: domain,
    scoringSuffix: `inference.ml.${domain}`,
    clusterSuffix: `cloudapp.${domain}`,
    studio: `ml.${domain}`,
    mlAudience: `https://ml.${domain}`,
    pipelines: 'dev.azure.com',
    portal: `portal.${domain}`,
    graph: `graph.${domain}`,
    keyVaultSuffix: `vault.${domain}`,
    registrySuffix: `azurecr.${domain}`,
    monitor: `api.loganalytics.${domain}`,
  };
}

/** The cloud of that name (without case); undefined when Microsoft runs none. */
export function findCloud(name: string): Cloud | undefined {
  return CLOUDS.find((cloud) => cloud.name.toLowerCase() === name.toLowerCase());
}

export const armUrl = (cloud: Cloud): string => `https://${cloud.arm}`;
export const regionalHost = (cloud: Cloud, region: string): string => `${region}.${cloud.regionalSuffix}`;
export const blobHost = (cloud: Cloud, account: string): string => `${account}.blob.${cloud.storageSuffix}`;
export const scoringHost = (cloud: Cloud, endpoint: string, region: string): string =>
  `${endpoint}.${region}.${cloud.scoringSuffix}`;
export const clusterHost = (cloud: Cloud, cluster: string, region: string): string =>
  `${cluster}.${region}.${cloud.clusterSuffix}`;

/** Which service a host name stands for. */
export type HostRole =
  | { readonly plane: 'arm' | 'login' | 'pipelines' }
  | { readonly plane: 'regional'; readonly region: string }
  | { readonly plane: 'scoring'; readonly endpoint: string; readonly region: string }
  | { readonly plane: 'blob'; readonly account: string };

/** What `host` (lower case, no port) is in this cloud; undefined when the emulator does not play it. */
export function hostRole(cloud: Cloud, host: string): HostRole | undefined {
  if (host === cloud.arm) return { plane: 'arm' };
  if (host === cloud.login) return { plane: 'login' };
  if (host === cloud.pipelines) return { plane: 'pipelines' };
  const account = labelsBefore(host, `blob.${cloud.storageSuffix}`);
  if (account?.length === 1) return { plane: 'blob', account: account[0] ?? '' };
  const region = labelsBefore(host, cloud.regionalSuffix);
  if (region?.length === 1) return { plane: 'regional', region: region[0] ?? '' };
  const endpoint = labelsBefore(host, cloud.scoringSuffix);
  if (endpoint?.length === 2) return { plane: 'scoring', endpoint: endpoint[0] ?? '', region: endpoint[1] ?? '' };
  const cluster = labelsBefore(host, cloud.clusterSuffix);
  // The path says which of the cluster's endpoints is meant.
  if (cluster?.length === 2) return { plane: 'scoring', endpoint: '', region: cluster[1] ?? '' };
  return undefined;
}

function labelsBefore(host: string, suffix: string): readonly string[] | undefined {
  return host.endsWith(`.${suffix}`) ? host.slice(0, -suffix.length - 1).split('.') : undefined;
}
