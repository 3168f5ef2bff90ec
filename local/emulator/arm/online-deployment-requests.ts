/** What a request to create or change an online deployment may say, checked as the service checks it. */
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, badBody, modelVersionNotFound } from '../errors.ts';
import { asObject, at, isJsonObject, objectAt, textAt, type JsonObject } from '../json.ts';
import type { OnlineDeploymentRecord } from './online-endpoint-records.ts';
import { ownEntries, readSwitch, requireDeploymentName } from './online-endpoint-requests.ts';
import { COLLECTIONS } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

/** What a PUT of the whole deployment sets each time. */
export type DeploymentRequest = Pick<
  OnlineDeploymentRecord,
  'description' | 'ownProperties' | 'settings' | 'tags' | 'capacity' | 'kind'
>;

const DEFAULT_PROBE: JsonObject = {
  failureThreshold: 30,
  successThreshold: 1,
  timeout: 'PT2S',
  period: 'PT10S',
  initialDelay: 'PT10S',
};
const DEFAULT_REQUEST_SETTINGS: JsonObject = {
  maxQueueWait: 'PT0S',
  requestTimeout: 'PT5S',
  maxConcurrentRequestsPerInstance: 1,
};

/** Reads the body of a deployment's PUT and fills in the service's defaults. Throws a 400. */
export function readDeploymentRequest(name: string, body: unknown): DeploymentRequest {
  requireDeploymentName(name);
  if (!isJsonObject(body) || !isJsonObject(body.properties)) throw badBody('The request body needs properties.');
  const { properties } = body;
  const { properties: own, description, ...settings } = properties;
  const kind = textAt(properties, 'endpointComputeType') ?? 'Managed';
  if (kind !== 'Managed' && kind !== 'Kubernetes') {
    throw badBody(`The value ${kind} of endpointComputeType is not one of Managed, Kubernetes.`);
  }
  if (kind === 'Managed' && textAt(properties, 'instanceType') === undefined) {
    throw badBody('The instanceType property is required for a managed deployment.');
  }
  const capacity = at(body, 'sku', 'capacity') ?? 1;
  if (typeof capacity !== 'number' || !Number.isInteger(capacity) || capacity < 1) {
    throw badBody('The capacity of the sku must be at least 1.');
  }
  return {
    description: typeof description === 'string' ? description : null,
    ownProperties: ownEntries(isJsonObject(own) ? own : undefined),
    settings: withDefaults(settings),
    tags: asObject(body.tags),
    capacity,
    kind,
  };
}

function withDefaults(settings: JsonObject): JsonObject {
  return {
    ...settings,
    egressPublicNetworkAccess: readSwitch('egressPublicNetworkAccess', settings.egressPublicNetworkAccess) ?? 'Enabled',
    requestSettings: { ...DEFAULT_REQUEST_SETTINGS, ...withoutNulls(objectAt(settings, 'requestSettings')) },
    livenessProbe: { ...DEFAULT_PROBE, ...withoutNulls(objectAt(settings, 'livenessProbe')) },
    readinessProbe: { ...DEFAULT_PROBE, ...withoutNulls(objectAt(settings, 'readinessProbe')) },
  };
}

function withoutNulls(object: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => value !== null && value !== undefined));
}

/** Throws the 404 of the first asset the deployment names and the workspace has not. Registry assets are not checked. */
export function requireAssets({ state }: EmulatorContext, workspace: WorkspaceRecord, settings: JsonObject): void {
  const missing = (collection: string, id: string | undefined): readonly [string, string] | undefined => {
    if (id === undefined || id.startsWith('azureml://')) return undefined;
    const plain = id.replace(/^azureml:/, '');
    if (state.collection(collection).get(plain) !== undefined) return undefined;
    const parts = plain.replace(workspace.id, '').split('/');
    return [parts.at(-3) ?? plain, parts.at(-1) ?? ''];
  };
  const code = missing(COLLECTIONS.codes, textAt(settings, 'codeConfiguration', 'codeId'));
  if (code !== undefined) throw assetNotFound('Code', ...code);
  const environment = missing(COLLECTIONS.environments, textAt(settings, 'environmentId'));
  if (environment !== undefined) throw assetNotFound('Environment', ...environment);
  const model = missing(COLLECTIONS.models, textAt(settings, 'model'));
  if (model !== undefined) throw modelVersionNotFound(...model);
}
