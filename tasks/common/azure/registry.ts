/** Reads and writes the assets of one registry, in the region its discovery names. */
import { isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { ServiceError } from '../errors.ts';
import type { Clock, Query, RequestOptions, Resource, WriteOptions } from '../ports.ts';
import { itemsOf, resourceOf } from './arm.ts';
import type { Cloud } from './clouds.ts';
import { mayReceiveToken } from './clouds.ts';
import type { HttpAnswer, Sender } from './http-pipeline.ts';
import { followOperation, type Method } from './long-running.ts';
import { bodyOf } from './regional.ts';
import { remembered } from './remembered.ts';
import { serviceErrorOf } from './service-error.ts';
import { foreignHostError } from './token-cache.ts';

export interface RegistrySettings {
  readonly name: string;
  readonly cloud: Cloud;
  /** Sends with a token for Azure Resource Manager: the registry's services take no other. */
  readonly sender: Sender;
  readonly clock: Clock;
}

/** The parts of the `Registry` port that are not storage. */
export interface RegistryResources {
  get(path: string, options?: RequestOptions): Promise<Resource | undefined>;
  list(path: string, options?: RequestOptions): AsyncIterable<Resource>;
  put(path: string, body: JsonObject, options?: WriteOptions): Promise<Resource>;
  post(path: string, body?: JsonObject, options?: WriteOptions): Promise<Json>;
}

/** What the asset services of registries speak, whatever the kind of asset. */
const API_VERSION = '2021-10-01-dataplanepreview';

export function createRegistryResources(settings: RegistrySettings): RegistryResources {
  const baseUrl = remembered((signal) => discover(settings, signal));
  const urlOf = async (path: string, { query = {}, signal }: RequestOptions): Promise<string> => {
    const all: Query = { 'api-version': API_VERSION, ...query };
    const parameters = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    );
    return `${await baseUrl(signal)}/${path.split('/').map(encodeURIComponent).join('/')}?${parameters.join('&')}`;
  };
  return {
    get: async (path, options = {}) => {
      const url = await urlOf(path, options);
      const answer = await settings.sender.send({ method: 'GET', url, signal: options.signal });
      return answer.status === 404 ? undefined : resourceOf(checked(settings, answer, path), path);
    },
    async *list(path, options = {}) {
      let url: string | undefined = await urlOf(path, options);
      while (url !== undefined) {
        const answer: HttpAnswer = await settings.sender.send({ method: 'GET', url, signal: options.signal });
        const page = resourceOf(checked(settings, answer, path), path);
        yield* itemsOf(page);
        const next = textAt(page, 'nextLink');
        url = next === undefined || next === '' ? undefined : next;
      }
    },
    put: async (path, body, options = {}) => {
      const result = await write(settings, 'PUT', await urlOf(path, options), path, body, options);
      if (isJsonObject(result)) return result;
      throw new ServiceError({
        status: 200,
        code: 'UnexpectedAnswer',
        message: `Writing ${path} was answered without the asset.`,
      });
    },
    post: async (path, body, options = {}) =>
      write(settings, 'POST', await urlOf(path, options), path, body ?? {}, options),
  };
}

async function write(
  settings: RegistrySettings,
  method: Method & ('PUT' | 'POST'),
  url: string,
  path: string,
  body: JsonObject,
  options: WriteOptions,
): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const answer = await settings.sender.send({
    method,
    url,
    headers,
    body: JSON.stringify(body),
    signal: options.signal,
  });
  return followOperation(settings, method, url, checked(settings, answer, `${method} ${path}`), options);
}

/** The answer, unless it is a refusal: without rights the service answers 401, which looks like a wrong token. */
function checked({ name }: RegistrySettings, answer: HttpAnswer, what: string): HttpAnswer {
  if (answer.status < 300) return answer;
  const { status, code, message, requestId, hint } = serviceErrorOf(answer, what);
  const roles = `Give the service connection the role "AzureML Registry User" on the registry ${name}; a new assignment takes up to ten minutes to work.`;
  const isRefused = status === 401 || status === 403;
  throw new ServiceError({ status, code, message, requestId, hint: isRefused ? roles : hint });
}

/**
 * The address below which the registry's assets are. Any region's host knows every registry; the clients ask one fixed
 * region of each cloud.
 */
async function discover({ name, cloud, sender }: RegistrySettings, signal?: AbortSignal): Promise<string> {
  const host = `${cloud.registryDiscoveryRegion}.${cloud.regionalSuffixes[0] ?? ''}`;
  const url = `https://${host}/registrymanagement/v1.0/registries/${encodeURIComponent(name)}/discovery?api-version=v1.0`;
  const answer = await sender.send({ method: 'GET', url, signal });
  if (answer.status === 404) throw missing(name, answer);
  const found = bodyOf(answer, `The discovery of the registry ${name}`);
  const [service, subscription, group] = ['primaryRegionResourceProviderUri', 'subscriptionId', 'resourceGroup'].map(
    (member) => textAt(found, member),
  );
  if (service === undefined || subscription === undefined || group === undefined) throw missing(name, answer);
  if (!mayReceiveToken(cloud, 'resourceManager', service)) throw foreignHostError(cloud, service);
  const path = `subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.MachineLearningServices/registries/${name}`;
  return `${service.replace(/\/+$/, '')}/mferp/managementfrontend/${path}`;
}

function missing(name: string, answer: HttpAnswer): ServiceError {
  return new ServiceError({
    status: 404,
    code: 'RegistryNotFound',
    message: `There is no registry '${name}', or the service connection sees nothing of it.`,
    requestId: answer.headers['x-ms-request-id'],
    hint: 'Check the name of the registry, and that the service connection has the role "AzureML Registry User" on it.',
  });
}
