/**
 * The errors of the emulated services, one function each. A handler throws what these return; the server writes it in
 * the shape of the service that would have answered (`error-shapes.ts`). Texts and codes are the service's own.
 */
import type { JsonObject } from './json.ts';

/** Which service answers; it decides the shape of the body. */
export type Answerer =
  | 'managementfrontend'
  | 'account-rp'
  | 'gateway'
  | 'dataPlane'
  | 'mlflow'
  | 'blob'
  | 'entra'
  | 'imds'
  | 'pipelines'
  | 'nobody';

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
}

export interface ErrorDescription {
  readonly answerer: Answerer;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly ErrorDetail[];
  /** From the outermost inner error to the innermost: `['NotFound', 'JobNotFound']`. */
  readonly innerCodes?: readonly string[];
  readonly messageFormat?: string;
  readonly messageParameters?: JsonObject;
  /** The data-plane service that speaks, e.g. `run-history`, `artifact`. */
  readonly component?: string;
  /** MLflow's own word, e.g. `RESOURCE_DOES_NOT_EXIST`. */
  readonly mlflowCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by handlers: the service refuses. Carries all the server needs to write the answer. */
export class EmulatedError extends Error {
  override readonly name = 'EmulatedError';
  readonly description: ErrorDescription;

  constructor(description: ErrorDescription) {
    super(`${description.status} ${description.code}: ${description.message}`);
    this.description = description;
  }
}

type Extra = Partial<Omit<ErrorDescription, 'answerer' | 'status' | 'code' | 'message'>>;

/** An error of the service behind jobs, assets, endpoints, schedules and datastores (shape A). */
export function mfeError(status: number, code: string, message: string, extra: Extra = {}): EmulatedError {
  return new EmulatedError({ answerer: 'managementfrontend', status, code, message, ...extra });
}

/** An error of the workspace's own resource provider (shape B). */
export function accountError(status: number, code: string, message: string, extra: Extra = {}): EmulatedError {
  return new EmulatedError({ answerer: 'account-rp', status, code, message, ...extra });
}

/** An error of Azure Resource Manager itself (shape C). */
export function gatewayError(status: number, code: string, message: string, extra: Extra = {}): EmulatedError {
  const headers = { 'x-ms-failure-cause': 'gateway', ...extra.headers };
  return new EmulatedError({ answerer: 'gateway', status, code, message, ...extra, headers });
}

/** An error of a regional data-plane service (shape B with its component's name). */
export function dataPlaneError(
  component: string,
  status: number,
  code: string,
  message: string,
  extra: Extra = {},
): EmulatedError {
  return new EmulatedError({ answerer: 'dataPlane', component, status, code, message, ...extra });
}

/** An error of the MLflow tracking service (shape D). */
export function mlflowError(status: number, mlflowCode: string, message: string, code = 'UserError'): EmulatedError {
  return new EmulatedError({ answerer: 'mlflow', component: 'mlflow', status, code, message, mlflowCode });
}

/** An error of the blob service (shape E). */
export function blobError(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): EmulatedError {
  return new EmulatedError({
    answerer: 'blob',
    status,
    code,
    message,
    headers: { 'x-ms-error-code': code, ...headers },
  });
}

/** A refusal of the Entra authority; the message begins with its AADSTS number. */
export function entraError(status: number, code: string, message: string): EmulatedError {
  return new EmulatedError({ answerer: 'entra', status, code, message });
}

/** A refusal of the pipeline service; `code` is the name of its exception. */
export function pipelinesError(status: number, code: string, message: string): EmulatedError {
  return new EmulatedError({ answerer: 'pipelines', status, code, message });
}

/** A range that begins at or behind the end of the blob; also any range of an empty blob. */
export const invalidRange = (): EmulatedError =>
  blobError(416, 'InvalidRange', 'The range specified is invalid for the current size of the resource.');

/** A refusal without a body (shape F): computes. */
export function emptyError(status: number): EmulatedError {
  const headers = { 'x-ms-response-type': 'standard' };
  return new EmulatedError({ answerer: 'nobody', status, code: String(status), message: '', headers });
}

// ---------------------------------------------------------------- Azure Resource Manager

/** What is missing in a resource group; its type as `Microsoft.MachineLearningServices/workspaces`. */
export const topResourceNotFound = (type: string, name: string, resourceGroup: string): EmulatedError =>
  gatewayError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );

export const workspaceNotFound = (name: string, resourceGroup: string): EmulatedError =>
  topResourceNotFound('Microsoft.MachineLearningServices/workspaces', name, resourceGroup);

export const parentNotFound = (name: string): EmulatedError =>
  gatewayError(
    404,
    'ParentResourceNotFound',
    `Can not perform requested operation on nested resource. Parent resource '${name}' not found.`,
  );

export const resourceGroupNotFound = (name: string): EmulatedError =>
  gatewayError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);

export const subscriptionNotFound = (id: string): EmulatedError =>
  gatewayError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);

export const missingApiVersion = (): EmulatedError =>
  gatewayError(
    400,
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  );

export const authorizationFailed = (
  principal: { readonly clientId: string; readonly objectId: string },
  action: string,
  scope: string,
): EmulatedError =>
  gatewayError(
    403,
    'AuthorizationFailed',
    `The client '${principal.clientId}' with object id '${principal.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );

export const tooManyRequests = (retryAfterSeconds: number): EmulatedError =>
  gatewayError(
    429,
    'TooManyRequests',
    'The request is being throttled as the limit has been reached for operation type - Read. For more information, see - https://aka.ms/arm-throttling',
    { headers: { 'Retry-After': String(retryAfterSeconds) } },
  );

// ---------------------------------------------------------------- jobs, assets, endpoints

export const invalidJson = (): EmulatedError =>
  gatewayError(
    400,
    'InvalidRequestContent',
    'The request content was invalid and could not be deserialized: it is not a JSON document.',
  );

export const badBody = (message: string): EmulatedError =>
  mfeError(400, 'UserError', message, { innerCodes: ['BadArgument'] });

export const jobNotFound = (job: string): EmulatedError =>
  mfeError(404, 'UserError', `Job ${job} not found.`, {
    innerCodes: ['NotFound', 'JobNotFound'],
    messageFormat: 'Job {jobId} not found.',
    messageParameters: { jobId: job },
  });

export const dataVersionNotFound = (name: string, version: string): EmulatedError =>
  mfeError(404, 'UserError', `Data version ${name}:${version} (dataContainerName:version) not found.`, {
    innerCodes: ['NotFoundError'],
  });

export const componentNotFound = (name: string): EmulatedError =>
  mfeError(404, 'UserError', `Not found component ${name}.`, { innerCodes: ['NotFound', 'ComponentNotFound'] });

/** Models and endpoints give their reason in `details`. */
export const resourceMissing = (code: string, detailCode: string, detail: string): EmulatedError =>
  mfeError(404, code, 'The specified resource was not found.', { details: [{ code: detailCode, message: detail }] });

export const modelContainerNotFound = (name: string): EmulatedError =>
  resourceMissing('UserError', 'ModelNotFound', `Model container with name: ${name} not found.`);

export const modelVersionNotFound = (name: string, version: string): EmulatedError =>
  resourceMissing('UserError', 'ModelNotFound', `Model with name: ${name} and version: ${version} not found.`);

export const endpointNotFound = (name: string, workspace: string): EmulatedError =>
  resourceMissing('NotFound', 'NoSuchEndpoint', `There is no endpoint with name: ${name} in ${workspace}`);

export const assetNotFound = (kind: string, name: string, version?: string): EmulatedError =>
  mfeError(404, 'UserError', `${kind} ${name}${version === undefined ? '' : `:${version}`} not found.`, {
    innerCodes: ['NotFound'],
  });

export const scheduleNotFound = (name: string): EmulatedError =>
  mfeError(404, 'UserError', `Resource Trigger ${name} not found`, { innerCodes: ['NotFound'] });

export const connectionNotFound = (name: string): EmulatedError =>
  accountError(404, 'UserError', `Connection ${name} can't be found in this workspace`, {
    innerCodes: ['NotFoundError'],
  });

export const datastoreNotFound = (name: string): EmulatedError =>
  mfeError(404, 'UserError', `Could not find datastore: ${name}`, { innerCodes: ['NotFoundError'] });

export const dataVersionExists = (): EmulatedError =>
  mfeError(
    409,
    'UserError',
    "A data version with this name and version already exists. If you are trying to create a new data version, use a different name or version. If you are trying to update an existing data version, the existing asset's data uri cannot be changed. Only tags, description, and isArchived can be updated.",
  );

export const assetVersionExists = (kind: string, name: string, version: string, member: string): EmulatedError =>
  mfeError(
    409,
    'UserError',
    `A ${kind} with the name ${name} and version ${version} already exists and its ${member} cannot be changed. Use a different version.`,
    { innerCodes: ['Immutable'] },
  );

export const imageAndBuild = (): EmulatedError =>
  mfeError(
    400,
    'UserError',
    'More than one of BaseImage, BaseDockerfile, and BuildContext were set; these are mutually exclusive properties.',
  );

export const scaleSettingsMissing = (): EmulatedError =>
  accountError(
    400,
    'UserError',
    'ScaleSettings.MaxNodeCount and ScaleSettings.MinNodeCount must be specified for create compute.',
  );

export const internalServerError = (): EmulatedError => mfeError(500, 'ServiceError', 'InternalServerError');

// ---------------------------------------------------------------- Entra

export const missingParameter = (name: string): EmulatedError =>
  entraError(400, 'invalid_request', `AADSTS900144: The request body must contain the following parameter: '${name}'.`);
