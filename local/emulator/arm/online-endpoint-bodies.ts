/** Online endpoints and deployments as ARM answers them: the keys depend on the api-version that was asked. */
import { clusterHost, scoringHost, type Cloud } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { JsonObject } from '../json.ts';
import { isFrom } from './resource.ts';
import { shortSystemData, type OnlineDeploymentRecord, type OnlineEndpointRecord } from './online-endpoint-records.ts';

const ENDPOINT_TYPE = 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints';

/** An endpoint's body. Its addresses are null until it was created. */
export function endpointBody(
  { cloud }: Pick<EmulatorContext, 'cloud'>,
  record: OnlineEndpointRecord,
  apiVersion: string,
): JsonObject {
  const base = addressOf(cloud, record);
  const { createdAt, createdBy, lastModifiedAt } = record.systemData;
  return {
    id: record.id,
    name: record.name,
    type: ENDPOINT_TYPE,
    properties: {
      description: record.description,
      properties: {
        ...record.ownProperties,
        ...(isFrom(apiVersion, '2023-04-01') && { createdBy, createdAt, lastModifiedAt }),
        'azureml.onlineendpointid': record.id.toLowerCase(),
        AzureAsyncOperationUri: record.operationUri,
      },
      scoringUri: record.isCreated ? `${base}/score` : null,
      swaggerUri: record.isCreated ? `${base}/swagger.json` : null,
      authMode: record.authMode,
      provisioningState: record.state,
      compute: record.compute,
      traffic: record.traffic,
      ...(hasNetworkKeys(apiVersion) && {
        mirrorTraffic: record.mirrorTraffic,
        publicNetworkAccess: record.publicNetworkAccess,
      }),
      // The recorded previews of early 2022 have no such key; later specifications have it, to be written only.
      ...(isFrom(apiVersion, '2022-05-01') && { keys: null }),
    },
    systemData: shortSystemData(record.systemData),
    tags: record.tags,
    location: record.location,
    kind: record.kind,
    identity: record.identity,
  };
}

/** A cluster has one router for all its endpoints, which tells them apart by the path. */
function addressOf(cloud: Cloud, { name, location, compute }: OnlineEndpointRecord): string {
  if (compute === null) return `https://${scoringHost(cloud, name, location)}`;
  const cluster = compute.slice(compute.lastIndexOf('/') + 1).toLowerCase();
  return `https://${clusterHost(cloud, cluster, location)}/api/v1/endpoint/${name}`;
}

/** A deployment's body. Probes and the request timeout show only once it was ready. */
export function deploymentBody(record: OnlineDeploymentRecord, apiVersion: string): JsonObject {
  const { settings } = record;
  const managed = record.kind === 'Managed';
  return {
    id: record.id,
    name: record.name,
    type: `${ENDPOINT_TYPE}/deployments`,
    properties: {
      description: record.description,
      properties: { ...record.ownProperties, AzureAsyncOperationUri: record.operationUri },
      codeConfiguration: settings.codeConfiguration ?? null,
      environmentId: settings.environmentId ?? null,
      environmentVariables: settings.environmentVariables ?? {},
      scaleSettings: settings.scaleSettings ?? { scaleType: 'Default' },
      requestSettings: record.hasServed ? settings.requestSettings : UNREADY_REQUEST_SETTINGS,
      modelMountPath: settings.modelMountPath ?? null,
      appInsightsEnabled: settings.appInsightsEnabled ?? false,
      livenessProbe: record.hasServed ? settings.livenessProbe : null,
      readinessProbe: record.hasServed ? settings.readinessProbe : null,
      ...(isFrom(apiVersion, '2024-10-01') && { startupProbe: settings.startupProbe ?? null }),
      provisioningState: record.state,
      instanceType: settings.instanceType ?? null,
      model: settings.model ?? null,
      ...(isFrom(apiVersion, '2023-04-01') && { dataCollector: settings.dataCollector ?? null }),
      ...(apiVersion.startsWith('2022-02-01') && {
        privateNetworkConnection: settings.privateNetworkConnection ?? false,
      }),
      ...(hasNetworkKeys(apiVersion) && { egressPublicNetworkAccess: settings.egressPublicNetworkAccess ?? 'Enabled' }),
      ...(!managed && { containerResourceRequirements: settings.containerResourceRequirements ?? null }),
      endpointComputeType: record.kind,
    },
    systemData: shortSystemData(record.systemData),
    tags: record.tags,
    location: record.location,
    kind: record.kind,
    sku: { name: 'Default', tier: 'Standard', capacity: record.capacity },
  };
}

const UNREADY_REQUEST_SETTINGS: JsonObject = {
  maxQueueWait: 'PT0S',
  requestTimeout: 'PT0S',
  maxConcurrentRequestsPerInstance: 1,
};

/** Network isolation and mirroring: in the preview of February 2022, then in stable versions from October 2022 on. */
function hasNetworkKeys(apiVersion: string): boolean {
  return apiVersion.startsWith('2022-02-01') || isFrom(apiVersion, '2022-10-01');
}
