/** One HTTPS request through the emulator's proxy, trusting its authority: all the demo needs to look for itself. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { EmulatedService } from './emulated-service.ts';

export interface ProxiedRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ProxiedResponse {
  readonly status: number;
  readonly body: string;
}

/** Every status is an answer. Rejects when the proxy refuses the name or the connection fails. */
export async function sendThroughProxy(
  { proxy, caFile }: Pick<EmulatedService, 'proxy' | 'caFile'>,
  { method, url, headers, body }: ProxiedRequest,
): Promise<ProxiedResponse> {
  const { hostname } = new URL(url);
  const tunnel = await openTunnel(proxy, hostname);
  const socket = connect({ socket: tunnel, servername: hostname, ca: readFileSync(caFile) });
  // Without an agent: an agent would open a connection of its own.
  const request = httpsRequest(url, { method, headers, createConnection: () => socket });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

async function openTunnel({ url, username, password }: EmulatedService['proxy'], host: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  const request = httpRequest({
    host: hostname,
    port,
    method: 'CONNECT',
    path: `${host}:443`,
    headers: username === undefined ? {} : { 'proxy-authorization': `Basic ${credentials}` },
    agent: false,
  });
  request.end();
  const [response, socket] = (await once(request, 'connect')) as [IncomingMessage, Socket];
  if (response.statusCode === 200) return socket;
  socket.destroy();
  throw new Error(`The proxy answered ${response.statusCode ?? 0} for ${host}.`);
}
