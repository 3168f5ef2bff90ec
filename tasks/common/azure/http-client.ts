/**
 * Sends one HTTP request over Node's sockets, in the shape the Azure SDK's pipeline expects of a client.
 * The SDK's own client never ends when a compressed answer breaks off; this one fails, at once and by name.
 * It follows no redirect, repeats nothing and knows no credentials.
 */
import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import type { Connections } from './connections.ts';
import { connectTimeoutMs } from './connections.ts';

/** Longest silence of a server in the middle of an exchange; a managed endpoint may think for three minutes. */
const idleTimeoutMs = 200_000;
/** Plain http is spoken to this machine's own identity endpoint only: it is near, or not there. */
const localConnectTimeoutMs = 5_000;

/** A client over these connections. Failures carry a `code` (`ECONNRESET`, `ETRUNCATED` …); an abort is an AbortError. */
export function createHttpClient(connections: Connections): HttpClient {
  return {
    async sendRequest(request) {
      if (request.abortSignal?.aborted === true) throw abortError();
      const exchange = await openExchange(connections, request);
      try {
        return await readAnswer(request, exchange);
      } finally {
        if (!isStreamed(request)) exchange.release();
      }
    },
  };
}

interface Exchange {
  readonly message: IncomingMessage;
  /** Stops listening to the request's abort signal. */
  release(): void;
}

async function openExchange(connections: Connections, request: PipelineRequest): Promise<Exchange> {
  try {
    return await exchangeOnce(connections, request);
  } catch (error) {
    // Most likely the server closed a kept connection just as we used it; but a POST may have been read before.
    if (error instanceof StaleConnectionError && request.method !== 'POST') return exchangeOnce(connections, request);
    throw error;
  }
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
  readonly code = 'ECONNRESET';
}

function exchangeOnce(connections: Connections, request: PipelineRequest): Promise<Exchange> {
  const url = new URL(request.url);
  if (url.protocol !== 'https:' && !request.allowInsecureConnection) {
    throw new Error(`${url.origin} is not an https address.`);
  }
  const body = bodyBytes(request.body);
  const headers = request.headers.toJSON({ preserveCase: true });
  if (body !== undefined || request.method === 'POST' || request.method === 'PUT') {
    headers['Content-Length'] = String(body?.byteLength ?? 0);
  }
  const isSecure = url.protocol === 'https:';
  const timeout = isSecure ? connectTimeoutMs : localConnectTimeoutMs;
  const options = { method: request.method, headers, agent: connections.agentFor(url), timeout };
  const message = isSecure ? https.request(url, options) : http.request(url, options);
  const abort = () => message.destroy(abortError());
  const release = () => request.abortSignal?.removeEventListener('abort', abort);
  request.abortSignal?.addEventListener('abort', abort);
  return new Promise((resolve, reject) => {
    limitSilence(message, timeout);
    message.once('response', (answer) => {
      answer.once('close', release);
      resolve({ message: answer, release });
    });
    message.once('error', (error: NodeJS.ErrnoException) => {
      release();
      const isStale = message.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale && error.name !== 'AbortError' ? new StaleConnectionError(error.message) : error);
    });
    message.end(body);
  });
}

/** Connecting is given up sooner than waiting for an answer: a service may think, a firewall that drops packets never will. */
function limitSilence(message: http.ClientRequest, connectLimitMs: number): void {
  let connected = false;
  message.once('socket', (socket) => {
    const established = () => {
      connected = true;
      socket.setTimeout(idleTimeoutMs);
    };
    if (socket.connecting) socket.once('encrypted' in socket ? 'secureConnect' : 'connect', established);
    else established();
  });
  message.on('timeout', () => {
    message.destroy(
      connected
        ? coded('ERESPONSETIMEOUT', `No byte came for ${String(idleTimeoutMs / 1000)} s.`)
        : coded('ETIMEDOUT', `No connection within ${String(connectLimitMs / 1000)} s.`),
    );
  });
}

async function readAnswer(request: PipelineRequest, exchange: Exchange): Promise<PipelineResponse> {
  const { message } = exchange;
  const answer = { request, status: message.statusCode ?? 0, headers: answerHeaders(message) };
  if (request.method === 'HEAD') {
    message.resume();
    return answer;
  }
  // A stream is a blob's bytes as they are stored, also where they are stored compressed.
  if (isStreamed(request)) return { ...answer, readableStreamBody: message };
  return { ...answer, bodyAsText: (await readAll(decoded(message))).toString('utf8') };
}

/** The whole of a stream. Fails with ETRUNCATED when it ends before the message does. */
export async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    throw brokenOff(error);
  }
  return Buffer.concat(chunks);
}

/** A failure in the middle of a body, as an error the retry rules know. */
export function brokenOff(error: unknown): Error {
  if (error instanceof Error && error.name === 'AbortError') return error;
  return coded('ETRUNCATED', `The answer broke off: ${error instanceof Error ? error.message : String(error)}`);
}

function decoded(message: IncomingMessage): Readable {
  const encoding = message.headers['content-encoding']?.toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'deflate') return message;
  // `pipeline` carries a failure of the connection over to the reader; `pipe` would leave the reader waiting for ever.
  return pipeline(message, encoding === 'gzip' ? createGunzip() : createInflate(), () => undefined);
}

function answerHeaders(message: IncomingMessage) {
  const headers = createHttpHeaders();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

function bodyBytes(body: PipelineRequest['body']): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  throw new Error('Only texts and bytes are sent as a body.');
}

function isStreamed(request: PipelineRequest): boolean {
  return (request.streamResponseStatusCodes?.size ?? 0) > 0;
}

function abortError(): Error {
  return Object.assign(new Error('The request was aborted.'), { name: 'AbortError' });
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
