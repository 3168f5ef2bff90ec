/**
 * The blob plane: requests to `{account}.blob.{suffix}` handed on to Azurite as they are, host and all, so that shared
 * keys, SAS and names mean there what they mean to the client. Bearer tokens are verified here, because only the
 * emulator can check its own signatures and time; Azurite then reads who it is from the token.
 */
import { request as httpRequest, Agent, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { invalidRange } from '../errors.ts';
import type { Reply } from '../http.ts';

export interface BlobFront {
  forward(request: IncomingMessage): Promise<Reply>;
  close(): void;
}

/** A front for the blob server on that port of 127.0.0.1. */
export function createBlobFront(port: number): BlobFront {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    forward: (request) =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest(
          {
            agent,
            host: '127.0.0.1',
            port,
            method: request.method,
            path: request.url,
            headers: endToEnd(request.headers),
          },
          (answer) => {
            if (isEmptyRange(answer)) {
              answer.resume();
              reject(invalidRange());
              return;
            }
            resolve({
              status: answer.statusCode ?? 502,
              headers: answerHeaders(answer),
              ...(request.method !== 'HEAD' && { stream: answer }),
            });
            if (request.method === 'HEAD') answer.resume();
          },
        );
        outgoing.on('error', reject);
        // A client that goes away in the middle must not leave a half-sent request that keeps a connection busy.
        request.on('close', () => {
          if (!request.complete) outgoing.destroy();
        });
        request.pipe(outgoing);
      }),
    close: () => {
      agent.destroy();
    },
  };
}

/** The service refuses a range that begins where the blob ends; Azurite answers it with nothing. */
function isEmptyRange(answer: IncomingMessage): boolean {
  const [, start, end] = /^bytes (\d+)-(-?\d+)\//.exec(answer.headers['content-range'] ?? '') ?? [];
  return answer.statusCode === 206 && Number(end) < Number(start);
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'expect']);

function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!HOP_BY_HOP.has(name)) kept[name] = value;
  return kept;
}

/** Azurite's headers without those of its own connection; names as it wrote them. */
function answerHeaders(answer: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || lower === 'server' || lower === 'date') continue;
    headers[name] = answer.rawHeaders[index + 1] ?? '';
  }
  return headers;
}
