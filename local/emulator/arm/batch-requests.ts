/** What a request to create or change a batch endpoint or deployment may say, checked as the service checks it. */
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, badBody } from '../errors.ts';
import { findComponent } from '../jobs/pipeline-plan.ts';
import { asObject, isJsonObject, objectAt, textAt, type JsonObject } from '../json.ts';
import type { BatchDeploymentRecord, BatchEndpointRecord } from './batch-records.ts';
import { requireAssets } from './online-deployment-requests.ts';
import { ownEntries, requireDeploymentName, requireEndpointName } from './online-endpoint-requests.ts';
import { COLLECTIONS } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

/** What a PUT of the whole endpoint sets each time. */
export type BatchEndpointRequest = Pick<
  BatchEndpointRecord,
  'description' | 'ownProperties' | 'tags' | 'defaultDeployment'
>;

/** What a PUT of the whole deployment sets each time. */
export type BatchDeploymentRequest = Pick<BatchDeploymentRecord, 'description' | 'ownProperties' | 'tags' | 'settings'>;

/** Reads the body of an endpoint's PUT. Throws a 400. */
export function readBatchEndpointRequest(name: string, body: unknown): BatchEndpointRequest {
  requireEndpointName(name);
  const properties = propertiesOf(body);
  const mode = (textAt(properties, 'authMode') ?? '').toLowerCase().replaceAll('_', '');
  if (mode !== 'aadtoken') {
    throw badBody(`The value ${textAt(properties, 'authMode') ?? 'null'} of authMode is not AADToken.`);
  }
  return {
    description: textAt(properties, 'description') ?? null,
    ownProperties: ownEntries(objectAt(properties, 'properties')),
    tags: asObject(asObject(body).tags),
    defaultDeployment: textAt(properties, 'defaults', 'deploymentName') ?? null,
  };
}

/** Reads the body of a deployment's PUT and fills in the service's defaults. Throws a 400. */
export function readBatchDeploymentRequest(name: string, body: unknown): BatchDeploymentRequest {
  requireDeploymentName(name);
  const { properties: own, description, ...settings } = propertiesOf(body);
  const isPipeline = pipelineComponentOf(settings) !== undefined;
  if (!isPipeline && textAt(settings, 'model', 'assetId') === undefined) {
    throw badBody('The model property is required for a deployment of a model.');
  }
  if (!isPipeline && textAt(settings, 'compute') === undefined) {
    throw badBody('The compute property is required for a deployment of a model.');
  }
  return {
    description: typeof description === 'string' ? description : null,
    ownProperties: ownEntries(isJsonObject(own) ? own : undefined),
    settings: withDefaults(settings),
    tags: asObject(asObject(body).tags),
  };
}

function propertiesOf(body: unknown): JsonObject {
  if (!isJsonObject(body) || !isJsonObject(body.properties)) throw badBody('The request body needs properties.');
  if (textAt(body, 'location') === undefined) throw badBody('The location property is required for this definition.');
  return body.properties;
}

/** The component a deployment runs; undefined for a deployment of a model. */
export function pipelineComponentOf(settings: JsonObject): string | undefined {
  const configuration = objectAt(settings, 'deploymentConfiguration');
  const type = textAt(configuration, 'deploymentConfigurationType')?.toLowerCase();
  return type === 'pipelinecomponent' ? textAt(configuration, 'componentId', 'assetId') : undefined;
}

function withDefaults(settings: JsonObject): JsonObject {
  const retries = asObject(settings.retrySettings);
  const resources = asObject(settings.resources);
  const known = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
  return {
    errorThreshold: -1,
    miniBatchSize: 10,
    maxConcurrencyPerInstance: 1,
    outputAction: 'AppendRow',
    outputFileName: 'predictions.csv',
    ...known,
    loggingLevel: capitalised(textAt(settings, 'loggingLevel') ?? 'Info'),
    retrySettings: { maxRetries: retries.maxRetries ?? 3, timeout: retries.timeout ?? 'PT30S' },
    resources: {
      instanceCount: resources.instanceCount ?? 1,
      instanceType: resources.instanceType ?? null,
      properties: null,
    },
  };
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

/** Throws the 404 of the first thing the deployment names and the workspace has not. Registry assets are not checked. */
export function requireBatchAssets(context: EmulatorContext, workspace: WorkspaceRecord, settings: JsonObject): void {
  const component = pipelineComponentOf(settings);
  if (component !== undefined) {
    findComponent({ state: context.state, workspace }, component);
    return;
  }
  requireAssets(context, workspace, { ...settings, model: textAt(settings, 'model', 'assetId') });
  const compute = textAt(settings, 'compute') ?? '';
  if (context.state.collection(COLLECTIONS.computes).get(compute) === undefined) {
    throw assetNotFound('Compute', compute.split('/').at(-1) ?? compute);
  }
}
