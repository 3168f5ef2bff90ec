/** Batch endpoints and deployments as ARM answers them. */
import { scoringHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { JsonObject } from '../json.ts';
import type { BatchDeploymentRecord, BatchEndpointRecord } from './batch-records.ts';
import { pipelineComponentOf } from './batch-requests.ts';
import { shortSystemData } from './online-endpoint-records.ts';
import { isFrom } from './resource.ts';

const ENDPOINT_TYPE = 'Microsoft.MachineLearningServices/workspaces/batchEndpoints';

/** An endpoint's body. Its address is null until it was created. */
export function batchEndpointBody({ cloud }: Pick<EmulatorContext, 'cloud'>, record: BatchEndpointRecord): JsonObject {
  const scoringUri = `https://${scoringHost(cloud, record.name, record.location)}/jobs`;
  return {
    id: record.id,
    name: record.name,
    type: ENDPOINT_TYPE,
    properties: {
      description: record.description,
      properties: {
        ...record.ownProperties,
        BatchEndpointCreationApiVersion: record.madeWith,
        'azureml.onlineendpointid': onlineId(record.id),
        AzureAsyncOperationUri: record.operationUri,
      },
      scoringUri: record.isCreated ? scoringUri : null,
      swaggerUri: null,
      authMode: 'AADToken',
      defaults: { deploymentName: record.defaultDeployment },
      provisioningState: record.state,
    },
    systemData: shortSystemData(record.systemData),
    tags: record.tags,
    location: record.location,
  };
}

/** The service writes the id of the online endpoint it builds a batch endpoint on, in lower case. */
function onlineId(id: string): string {
  return id.toLowerCase().replace('/batchendpoints/', '/onlineendpoints/');
}

/** A deployment's body; one of a pipeline component has its configuration beside the same keys. */
export function batchDeploymentBody(record: BatchDeploymentRecord, apiVersion: string): JsonObject {
  const { settings } = record;
  const isPipeline = pipelineComponentOf(settings) !== undefined;
  return {
    id: record.id,
    name: record.name,
    type: `${ENDPOINT_TYPE}/deployments`,
    properties: {
      description: record.description,
      properties: {
        ...record.ownProperties,
        'azureml.onlineendpointid': onlineId(record.endpoint),
        AzureAsyncOperationUri: record.operationUri,
      },
      codeConfiguration: settings.codeConfiguration ?? null,
      environmentId: settings.environmentId ?? null,
      environmentVariables: settings.environmentVariables ?? {},
      compute: settings.compute ?? null,
      errorThreshold: settings.errorThreshold ?? null,
      retrySettings: settings.retrySettings ?? null,
      miniBatchSize: settings.miniBatchSize ?? null,
      loggingLevel: settings.loggingLevel ?? null,
      model: settings.model ?? null,
      maxConcurrencyPerInstance: settings.maxConcurrencyPerInstance ?? null,
      outputAction: settings.outputAction ?? null,
      outputFileName: settings.outputFileName ?? null,
      resources: settings.resources ?? null,
      ...((isPipeline || isFrom(apiVersion, '2023-04-01')) && {
        deploymentConfiguration: settings.deploymentConfiguration ?? null,
      }),
      provisioningState: record.state,
    },
    systemData: shortSystemData(record.systemData),
    tags: record.tags,
    location: record.location,
  };
}
