/** Reads and writes resources of one workspace through Azure Resource Manager; bodies pass unchanged. */
import type { Json, JsonObject } from '../domain/json.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import type { WorkspaceId } from '../domain/workspace-id.ts';
import { resourceGroupChildArmId, subscriptionChildArmId, workspaceArmId } from '../domain/workspace-id.ts';
import { ServiceError } from '../errors.ts';
import type { Clock, ListOptions, Query, RequestOptions, Resource, WriteOptions } from '../ports.ts';
import { apiVersion } from './api-versions.ts';
import type { HttpAnswer, Sender } from './http-pipeline.ts';
import { parseJson } from './json-answer.ts';
import { followOperation } from './long-running.ts';
import type { Method } from './long-running.ts';
import { remembered } from './remembered.ts';
import { errorCodeOf, serviceErrorOf } from './service-error.ts';

export interface ArmSettings {
  readonly id: WorkspaceId;
  readonly resourceManagerUrl: string;
  /** Sends with a token for Azure Resource Manager. */
  readonly sender: Sender;
  readonly clock: Clock;
  /** A token for machine learning, for services that act in the caller's name. */
  readonly userToken: (signal: AbortSignal | undefined) => Promise<string>;
}

export interface Arm {
  /** The workspace itself, read once. */
  readonly workspace: (signal?: AbortSignal) => Promise<Resource>;
  readonly get: (path: string, options?: RequestOptions) => Promise<Resource | undefined>;
  readonly list: (path: string, options?: ListOptions) => AsyncIterable<Resource>;
  readonly put: (path: string, body: JsonObject, options?: WriteOptions) => Promise<Resource>;
  readonly patch: (path: string, body: JsonObject, options?: WriteOptions) => Promise<Resource>;
  readonly delete: (path: string, options?: WriteOptions) => Promise<boolean>;
  readonly post: (path: string, body?: JsonObject, options?: WriteOptions) => Promise<Json>;
}

/** Codes of the gateway that say: what the path stands on is missing, not only its last segment. */
const missingFoundation = new Set([
  'ResourceGroupNotFound',
  'SubscriptionNotFound',
  'InvalidSubscriptionId',
  'InvalidResourceGroup',
]);

export function createArm(settings: ArmSettings): Arm {
  return {
    workspace: remembered((signal) => requireWorkspace(settings, signal)),
    get: (path, options = {}) => getResource(settings, path, options),
    list: (path, options = {}) => listResources(settings, path, options),
    put: (path, body, options = {}) => change(settings, 'PUT', path, body, options),
    patch: (path, body, options = {}) => change(settings, 'PATCH', path, body, options),
    delete: async (path, options = {}) => {
      const { url, answer } = await write(settings, 'DELETE', path, undefined, options);
      if (answer.status === 204 || answer.status === 404) return false;
      await followOperation(settings, 'DELETE', url, answer, options);
      return true;
    },
    post: async (path, body, options = {}) => {
      const { url, answer } = await write(settings, 'POST', path, body, options);
      return followOperation(settings, 'POST', url, answer, options);
    },
  };
}

async function change(
  settings: ArmSettings,
  method: 'PUT' | 'PATCH',
  path: string,
  body: JsonObject,
  options: WriteOptions,
): Promise<Resource> {
  const { url, answer } = await write(settings, method, path, body, options);
  const result = await followOperation(settings, method, url, answer, options);
  if (!isJsonObject(result)) throw unexpected(answer, `Writing ${path} was answered without the resource.`);
  return result;
}

async function getResource(settings: ArmSettings, path: string, options: RequestOptions) {
  if (isWorkspaceItself(path)) return requireWorkspace(settings, options.signal);
  const url = resourceUrl(settings, 'GET', path, options);
  const answer = await settings.sender.send({ method: 'GET', url, signal: options.signal });
  if (answer.status !== 404) return resourceOf(answer, path);
  await checkFoundation(settings, answer, options.signal);
  return undefined;
}

async function* listResources(settings: ArmSettings, path: string, options: ListOptions): AsyncIterable<Resource> {
  let url: string | undefined = resourceUrl(settings, 'GET', path, options);
  while (url !== undefined) {
    await options.beforePage?.();
    const answer: HttpAnswer = await settings.sender.send({ method: 'GET', url, signal: options.signal });
    if (answer.status === 404) await checkFoundation(settings, answer, options.signal);
    const page = resourceOf(answer, path);
    yield* itemsOf(page);
    const next = textAt(page, 'nextLink');
    url = next === undefined || next === '' ? undefined : next;
  }
}

/** The accepted first answer of a write; what is refused is a ServiceError, except that there is nothing to delete. */
async function write(
  settings: ArmSettings,
  method: Method,
  path: string,
  body: JsonObject | undefined,
  options: WriteOptions,
): Promise<{ readonly url: string; readonly answer: HttpAnswer }> {
  const url = resourceUrl(settings, method, path, options, body);
  const answer = await settings.sender.send({
    method,
    url,
    headers: await writeHeaders(settings, body, options),
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: options.signal,
  });
  if (answer.status === 404) await checkFoundation(settings, answer, options.signal);
  const isRefused = answer.status >= 300 && !(method === 'DELETE' && answer.status === 404);
  if (isRefused) throw serviceErrorOf(answer, `${method} ${path}`);
  return { url, answer };
}

/** A 404 of something inside the workspace: throws when it is really the workspace that is missing. */
async function checkFoundation(settings: ArmSettings, answer: HttpAnswer, signal?: AbortSignal): Promise<void> {
  const code = errorCodeOf(answer);
  if (missingFoundation.has(code)) throw workspaceError(settings.id, answer);
  if (code === 'ParentResourceNotFound') await requireWorkspace(settings, signal);
}

/** The whole URL of a path in the workspace or beside it, with the api-version of its kind unless the query names one. */
export function resourceUrl(
  settings: Pick<ArmSettings, 'id' | 'resourceManagerUrl'>,
  method: string,
  path: string,
  { query = {}, scope }: Pick<RequestOptions, 'query' | 'scope'> = {},
  body?: JsonObject,
): string {
  const full = [rootOf(settings.id, scope), ...path.split('/').filter((segment) => segment !== '')].join('/');
  const encodedPath = full.split('/').map(encodeURIComponent).join('/');
  const all: Query = { 'api-version': apiVersion(method, path, body), ...query };
  const parameters = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `${settings.resourceManagerUrl}${encodedPath}?${parameters.join('&')}`;
}

function rootOf(id: WorkspaceId, scope: RequestOptions['scope']): string {
  switch (scope) {
    case 'absolute':
      return '';
    case 'subscription':
      return subscriptionChildArmId(id);
    case 'resourceGroup':
      return resourceGroupChildArmId(id);
    default:
      return workspaceArmId(id);
  }
}

async function writeHeaders(settings: ArmSettings, body: JsonObject | undefined, options: WriteOptions) {
  return {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.withUserToken === true ? { 'x-azureml-token': await settings.userToken(options.signal) } : {}),
  };
}

async function requireWorkspace(settings: ArmSettings, signal: AbortSignal | undefined): Promise<Resource> {
  const url = resourceUrl(settings, 'GET', '');
  const answer = await settings.sender.send({ method: 'GET', url, signal });
  if (answer.status === 404) throw workspaceError(settings.id, answer);
  return resourceOf(answer, `the workspace ${settings.id.name}`);
}

/** Which of the three names is wrong. */
function workspaceError(id: WorkspaceId, answer: HttpAnswer): ServiceError {
  const read = serviceErrorOf(answer, 'The workspace');
  const messages: Readonly<Record<string, string>> = {
    SubscriptionNotFound: `The subscription ${id.subscriptionId} does not exist, or the service connection sees nothing in it.`,
    InvalidSubscriptionId: `'${id.subscriptionId}' is not a subscription id.`,
    ResourceGroupNotFound: `The resource group '${id.resourceGroup}' does not exist in subscription ${id.subscriptionId}.`,
  };
  return new ServiceError({
    status: answer.status,
    code: read.code,
    message:
      messages[read.code] ??
      `There is no workspace '${id.name}' in resource group '${id.resourceGroup}' of subscription ${id.subscriptionId}.`,
    requestId: read.requestId,
    hint: 'Check resourceGroupName, workspaceName and the subscription of the service connection.',
  });
}

/** The JSON object an answer holds. Throws ServiceError for a refusal, and for anything else. */
export function resourceOf(answer: HttpAnswer, what: string): Resource {
  if (answer.status >= 300) throw serviceErrorOf(answer, `Reading ${what}`);
  const body = parseJson(answer);
  if (!isJsonObject(body)) throw unexpected(answer, `Reading ${what} was answered without a resource.`);
  return body;
}

/** The items of a page. */
export function itemsOf(page: Resource): readonly Resource[] {
  const value = at(page, 'value');
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

function isWorkspaceItself(path: string): boolean {
  return path.replaceAll('/', '') === '';
}

function unexpected(answer: HttpAnswer, message: string): ServiceError {
  return new ServiceError({ status: answer.status, code: 'UnexpectedAnswer', message });
}
