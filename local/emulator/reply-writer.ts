/** Puts a reply on the wire, whole or as cut short as a fault rule wants it. */
import type { ServerResponse } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Reply } from './http.ts';

/** Sends the reply with these headers. With `truncateAt` the body ends after that many bytes, by a cut connection. */
export async function writeReply(
  response: ServerResponse,
  reply: Reply,
  headers: Readonly<Record<string, string>>,
  truncateAt?: number,
): Promise<void> {
  if (reply.stream !== undefined) {
    response.writeHead(reply.status, headers);
    await sendStream(response, reply.stream, truncateAt);
    return;
  }
  const content = encodeBody(reply.body);
  const all: Record<string, string> = { ...headers };
  if (content?.type !== undefined && !hasHeader(all, 'content-type')) {
    all['Content-Type'] = content.type;
  }
  const bytes = content?.bytes ?? Buffer.alloc(0);
  if (!hasHeader(all, 'content-length') && reply.status !== 204) all['Content-Length'] = String(bytes.length);
  response.writeHead(reply.status, all);
  if (truncateAt !== undefined && truncateAt < bytes.length && response.req.method !== 'HEAD') {
    response.write(bytes.subarray(0, truncateAt), () => response.destroy());
    return;
  }
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** Pipes a body through; the connection is cut when the source fails, so that the client cannot mistake it for whole. */
export async function sendStream(response: ServerResponse, source: Readable, truncateAt?: number): Promise<void> {
  try {
    if (truncateAt === undefined) await pipeline(source, response);
    else await pipeline(source, cutAfter(truncateAt, response), response);
  } catch {
    response.destroy();
  }
}

function cutAfter(limit: number, response: ServerResponse): Transform {
  let sent = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const rest = chunk.subarray(0, Math.max(0, limit - sent));
      sent += chunk.length;
      this.push(rest);
      if (sent <= limit) done();
      else
        response.write('', () => {
          done(new Error('cut by a fault rule'));
        });
    },
  });
}

function encodeBody(body: unknown): { readonly bytes: Buffer; readonly type?: string } | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return { bytes: body };
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body) };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json; charset=utf-8' };
}

function hasHeader(headers: Readonly<Record<string, string>>, name: string): boolean {
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}
