/**
 * One blob container, spoken to in the storage service's REST protocol. With its models and XML library the official
 * client would add half a megabyte to each task; six requests are all that is needed here.
 */
import type { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';
import type { BlobAccess, Grant } from './blob-access.ts';
import type { HttpAnswer, HttpCall, HttpPipeline, Sender, StreamedAnswer } from './http-pipeline.ts';
import { publicRouteHint } from './network-error.ts';
import { serviceErrorOf } from './service-error.ts';

export const storageApiVersion = '2021-12-02';

export interface BlobCall {
  readonly method: 'GET' | 'PUT' | 'HEAD';
  /** Name within the container; '' is the container itself. */
  readonly blob: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface BlobContainer {
  /** `https://{account}.blob.…/{container}`, without SAS. */
  readonly url: string;
  /** Any status but a refusal of the caller is an answer. */
  send(call: BlobCall): Promise<HttpAnswer>;
  stream(call: BlobCall): Promise<StreamedAnswer>;
}

export interface ContainerSettings {
  readonly url: string;
  readonly access: BlobAccess;
  readonly http: HttpPipeline;
  /** Sends without a token: a SAS is part of the URL. */
  readonly anonymous: Sender;
  /** Sends with an Entra token for storage. */
  readonly authorized: Sender;
}

export function createBlobContainer(settings: ContainerSettings): BlobContainer {
  return {
    url: settings.url,
    send: (call) => withAccess(settings, call, (sender, request) => sender.send(request), readText),
    stream: (call) => withAccess(settings, call, (sender, request) => sender.stream(request), readStream),
  };
}

/** A refusal is answered by the next way of access, until there is none. */
async function withAccess<Answer extends { readonly status: number }>(
  settings: ContainerSettings,
  call: BlobCall,
  exchange: (sender: Sender, request: HttpCall) => Promise<Answer>,
  textOf: (answer: Answer) => Promise<HttpAnswer>,
): Promise<Answer> {
  let grant: Grant | undefined = await settings.access.current(call.signal);
  for (;;) {
    const sender = grant.kind === 'entra' ? settings.authorized : settings.anonymous;
    const answer = await exchange(sender, requestOf(settings.url, call, grant));
    if (answer.status !== 401 && answer.status !== 403) return answer;
    const refusal = await explained(settings, await textOf(answer));
    grant = await settings.access.next(grant, refusal, call.signal);
  }
}

function requestOf(containerUrl: string, call: BlobCall, grant: Grant): HttpCall {
  const path = call.blob === '' ? '' : `/${call.blob.split('/').map(encodeURIComponent).join('/')}`;
  const query = [
    ...Object.entries(call.query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`),
    ...(grant.kind === 'sas' ? [grant.query] : []),
  ].join('&');
  return {
    method: call.method,
    url: `${containerUrl}${path}${query === '' ? '' : `?${query}`}`,
    headers: { 'x-ms-version': storageApiVersion, ...call.headers },
    body: call.body,
    signal: call.signal,
  };
}

async function explained(settings: ContainerSettings, answer: HttpAnswer): Promise<ServiceError> {
  const host = new URL(settings.url).host;
  const { status, code, message, requestId, hint } = serviceErrorOf(answer, `The request to ${host}`);
  const route =
    code === 'AuthorizationFailure' ? await publicRouteHint(settings.http.reached(settings.url)) : undefined;
  return new ServiceError({ status, code, message: `${host}: ${message}`, requestId, hint: route ?? hint });
}

function readText(answer: HttpAnswer): Promise<HttpAnswer> {
  return Promise.resolve(answer);
}

async function readStream({ status, headers, body }: StreamedAnswer): Promise<HttpAnswer> {
  return { status, headers, text: await textOf(body) };
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
