/** The workspace's own region: run history, tracking and artifacts answer there, not at Azure Resource Manager. */
import type { Json } from '../domain/json.ts';
import { textAt } from '../domain/json.ts';
import type { WorkspaceId } from '../domain/workspace-id.ts';
import { workspaceArmId } from '../domain/workspace-id.ts';
import { ServiceError } from '../errors.ts';
import type { RequestOptions, Resource } from '../ports.ts';
import type { Cloud } from './clouds.ts';
import { mayReceiveToken } from './clouds.ts';
import type { HttpAnswer, HttpPipeline, Sender } from './http-pipeline.ts';
import { parseJson } from './json-answer.ts';
import { publicRouteHint } from './network-error.ts';
import { remembered } from './remembered.ts';
import { serviceErrorOf } from './service-error.ts';
import { foreignHostError } from './token-cache.ts';

export interface RegionalSettings {
  readonly id: WorkspaceId;
  readonly cloud: Cloud;
  readonly http: HttpPipeline;
  /** Sends with a token for machine learning. */
  readonly sender: Sender;
  readonly workspace: (signal?: AbortSignal) => Promise<Resource>;
}

export interface Regional {
  /** GET of `{region}/{service}{workspace}/{path}`; the answer with any status but a refusal of the caller. */
  get(service: RegionalService, path: string, options?: RequestOptions): Promise<HttpAnswer>;
}

export type RegionalService = 'history/v1.0' | 'mlflow/v2.0' | 'artifact/v2.0';

export function createRegional(settings: RegionalSettings): Regional {
  const baseUrl = remembered((signal) => discover(settings, signal));
  return {
    async get(service, path, options = {}) {
      const root = `${await baseUrl(options.signal)}/${service}${encodedId(settings.id)}`;
      const parameters = Object.entries(options.query ?? {}).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
      );
      const url = `${root}/${path}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
      const answer = await settings.sender.send({ method: 'GET', url, signal: options.signal });
      if (answer.status === 401 || answer.status === 403) throw await refusal(settings, answer, url);
      return answer;
    },
  };
}

/** The JSON body; any other status than success is a ServiceError. */
export function bodyOf(answer: HttpAnswer, what: string): Json {
  if (answer.status >= 300) throw serviceErrorOf(answer, what);
  return parseJson(answer);
}

/** The service names its own host; it is asked for without a token, and believed only within the cloud. */
async function discover({ http, cloud, workspace }: RegionalSettings, signal?: AbortSignal): Promise<string> {
  const discoveryUrl = textAt(await workspace(signal), 'properties', 'discoveryUrl');
  if (discoveryUrl === undefined) {
    throw new ServiceError({
      status: 0,
      code: 'NoDiscoveryUrl',
      message: 'The workspace names no address of its region.',
      hint: 'A workspace that is still being created, or failed to be, has none.',
    });
  }
  if (!mayReceiveToken(cloud, 'machineLearning', discoveryUrl)) throw foreignHostError(cloud, discoveryUrl);
  const answer = await http.sender().send({ method: 'GET', url: discoveryUrl, signal });
  const api = textAt(bodyOf(answer, 'The discovery of the region'), 'api') ?? new URL(discoveryUrl).origin;
  if (!mayReceiveToken(cloud, 'machineLearning', api)) throw foreignHostError(cloud, api);
  return api.replace(/\/+$/, '');
}

async function refusal(settings: RegionalSettings, answer: HttpAnswer, url: string): Promise<ServiceError> {
  const read = serviceErrorOf(answer, `The request to ${new URL(url).host}`);
  const { status, code, message, requestId, hint } = read;
  return new ServiceError({
    status,
    code,
    message,
    requestId,
    hint: (await publicRouteHint(settings.http.reached(url))) ?? hint,
  });
}

function encodedId(id: WorkspaceId): string {
  return workspaceArmId(id).split('/').map(encodeURIComponent).join('/');
}
