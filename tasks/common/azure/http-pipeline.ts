/**
 * The one place where requests get their proxy, certificate authorities, repetition, identification and trace.
 * Redirects are never followed, environment variables never read.
 */
import type { Readable } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createEmptyPipeline, createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import type {
  HttpClient,
  HttpMethods,
  Pipeline,
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { Clock, Log, NetworkSettings } from '../ports.ts';
import { ServiceError } from '../errors.ts';
import type { Cloud } from './clouds.ts';
import { createConnections } from './connections.ts';
import { createHttpClient } from './http-client.ts';
import { codeOf, networkErrorOf } from './network-error.ts';
import type { Reached } from './network-error.ts';
import { retryDelay, throttlePause } from './retry.ts';

export interface HttpCall {
  readonly method: HttpMethods;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface StreamedAnswer extends Omit<HttpAnswer, 'text'> {
  /** To be read to its end or destroyed. */
  readonly body: Readable;
}

/** Sends requests. Every status is an answer; no answer at all is a ServiceError with status 0; an abort rejects with its reason. */
export interface Sender {
  send(call: HttpCall): Promise<HttpAnswer>;
  stream(call: HttpCall): Promise<StreamedAnswer>;
}

export interface HttpPipeline {
  /** A sender; `authorize` adds a token to each attempt, `repeat: false` tries once only. */
  sender(options?: { readonly authorize?: PipelinePolicy; readonly repeat?: boolean }): Sender;
  /** The same pipeline as a client for the identity library. */
  readonly identityClient: HttpClient;
  /** How a URL is reached, for explanations. */
  reached(url: string): Reached;
  /** The cloud becomes known after the first request of a custom cloud. */
  knowCloud(cloud: Cloud): void;
}

export interface HttpSettings {
  readonly network: NetworkSettings;
  readonly clock: Clock;
  readonly log: Pick<Log, 'debug'>;
}

const product = 'secure-mlops-azureml';

/** Throws UserError when the agent's proxy has no usable address. */
export function createHttpPipeline(settings: HttpSettings): HttpPipeline {
  const connections = createConnections(settings.network);
  const client = createHttpClient(connections);
  let cloud: Cloud | undefined;
  const reached = (url: string): Reached => ({
    host: new URL(url).hostname,
    isProxied: connections.isProxied(new URL(url)),
    proxy: settings.network.proxy && new URL(settings.network.proxy.url).host,
    cloud,
  });
  const build = (policies: readonly PipelinePolicy[]): Pipeline => {
    const pipeline = createEmptyPipeline();
    for (const policy of policies) pipeline.addPolicy(policy);
    return pipeline;
  };
  const identification = identificationPolicy();
  const throttling = throttlingPolicy(settings.clock);
  const trace = tracePolicy(settings);
  const retry = retryPolicy(settings.clock, reached);
  const failure = failurePolicy(reached);
  const identityPipeline = build([identification, retry, trace]);
  return {
    sender: ({ authorize, repeat = true } = {}) =>
      createSender(
        client,
        build([
          identification,
          repeat ? retry : failure,
          ...(authorize === undefined ? [] : [authorize]),
          throttling,
          trace,
        ]),
      ),
    identityClient: { sendRequest: (request) => identityPipeline.sendRequest(client, request) },
    reached,
    knowCloud: (known) => {
      cloud = known;
    },
  };
}

function createSender(client: HttpClient, pipeline: Pipeline): Sender {
  const exchange = async (call: HttpCall, streamed: boolean): Promise<PipelineResponse> => {
    call.signal?.throwIfAborted();
    // Dozens of requests at once listen to one signal; that is no leak, and Node's warning would stand in the task's log.
    if (call.signal !== undefined) setMaxListeners(0, call.signal);
    const request = createPipelineRequest({
      url: call.url,
      method: call.method,
      headers: createHttpHeaders(call.headers),
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(call.signal === undefined ? {} : { abortSignal: call.signal }),
      ...(streamed ? { streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]) } : {}),
    });
    if (!request.headers.has('Accept-Encoding')) {
      request.headers.set('Accept-Encoding', streamed ? 'identity' : 'gzip, deflate');
    }
    try {
      return await pipeline.sendRequest(client, request);
    } catch (error) {
      call.signal?.throwIfAborted();
      throw error;
    }
  };
  return {
    send: async (call) => {
      const response = await exchange(call, false);
      return { status: response.status, headers: response.headers.toJSON(), text: response.bodyAsText ?? '' };
    },
    stream: async (call) => {
      const response = await exchange(call, true);
      return {
        status: response.status,
        headers: response.headers.toJSON(),
        body: response.readableStreamBody as Readable,
      };
    },
  };
}

/** Who asks, and a name for the request that the service writes into its own logs. */
function identificationPolicy(): PipelinePolicy {
  return {
    name: 'identification',
    sendRequest(request, next) {
      request.headers.set('User-Agent', `${product} ${request.headers.get('User-Agent') ?? ''}`.trim());
      if (!request.headers.has('x-ms-client-request-id')) request.headers.set('x-ms-client-request-id', randomUUID());
      return next(request);
    },
  };
}

/** Repeats by the rules of `retry`, waits by the clock of the agent, and names the cause when it gives up. */
function retryPolicy(clock: Clock, reached: (url: string) => Reached): PipelinePolicy {
  return {
    name: 'retry',
    async sendRequest(request, next) {
      for (let attempt = 1; ; attempt++) {
        const { response, error } = await attemptOf(request, next);
        const delay = retryDelay(
          {
            status: response?.status,
            headers: response?.headers.toJSON() ?? {},
            errorCode: error === undefined ? undefined : codeOf(error),
          },
          attempt,
          clock.now(),
          Math.random(),
        );
        if (delay === undefined) {
          if (response !== undefined) return response;
          throw await networkErrorOf(error, reached(request.url));
        }
        response?.readableStreamBody?.resume();
        await clock.sleep(delay, request.abortSignal as AbortSignal | undefined);
      }
    },
  };
}

/** For requests that are tried once, on a connection of their own: names the cause of a failure. */
function failurePolicy(reached: (url: string) => Reached): PipelinePolicy {
  return {
    name: 'failure',
    async sendRequest(request, next) {
      request.headers.set('Connection', 'close');
      const { response, error } = await attemptOf(request, next);
      if (response !== undefined) return response;
      throw await networkErrorOf(error, reached(request.url));
    },
  };
}

/** One attempt. What is final already passes through: an abort, and a ServiceError (no token could be had). */
async function attemptOf(
  request: PipelineRequest,
  next: (request: PipelineRequest) => Promise<PipelineResponse>,
): Promise<{ response?: PipelineResponse; error?: unknown }> {
  try {
    return { response: await next(request) };
  } catch (error) {
    if (request.abortSignal?.aborted === true || error instanceof ServiceError) throw error;
    if (codeOf(error) === 'UnknownNetworkError') throw error;
    return { error };
  }
}

/** Slows down before Azure Resource Manager has to refuse: its answers say how much of the allowance is left. */
function throttlingPolicy(clock: Clock): PipelinePolicy {
  const pausesUntil = new Map<string, number>();
  return {
    name: 'throttling',
    async sendRequest(request, next) {
      const key = `${new URL(request.url).host} ${request.method}`;
      const wait = (pausesUntil.get(key) ?? 0) - clock.now();
      if (wait > 0) await clock.sleep(wait, request.abortSignal as AbortSignal | undefined);
      const response = await next(request);
      pausesUntil.set(key, clock.now() + throttlePause(response.headers.toJSON()));
      return response;
    },
  };
}

/** One line for each exchange under System.Debug: never a query (it may be a SAS), a header or a body. */
function tracePolicy({ clock, log }: HttpSettings): PipelinePolicy {
  return {
    name: 'trace',
    async sendRequest(request, next) {
      const url = new URL(request.url);
      const place = `${request.method} ${url.origin}${url.pathname}`;
      const started = clock.now();
      try {
        const response = await next(request);
        log.debug(`${place} → ${response.status} (${clock.now() - started} ms)`);
        return response;
      } catch (error) {
        log.debug(`${place} → ${codeOf(error)} (${clock.now() - started} ms)`);
        throw error;
      }
    },
  };
}
