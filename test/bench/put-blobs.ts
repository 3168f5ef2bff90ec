/** The least an upload can be: ready-made Put Blob requests, as many at once as the product sends, over connections that stay open. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface Put {
  readonly url: string;
  readonly body: Buffer;
  readonly md5: string;
}

export function readyMade(url: string, body: Buffer): Put {
  return { url, body, md5: createHash('md5').update(body).digest('base64') };
}

/** Sends all of them to their one host, `parallel` at a time, through a proxy. Throws when one is not stored. */
export async function sendPuts(
  puts: readonly Put[],
  parallel: number,
  proxy: string,
  certificateAuthorities: string,
): Promise<void> {
  const host = new URL(puts[0]?.url ?? '').host;
  const rest = puts.values();
  const worker = async (): Promise<void> => {
    const socket = await openTunnel(proxy, host);
    const agent = new Agent({ keepAlive: true, maxSockets: 1, socket, ca: certificateAuthorities });
    try {
      for (const put of rest) await sendPut(put, agent);
    } finally {
      agent.destroy();
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function openTunnel(proxy: string, host: string): Promise<Socket> {
  const { hostname, port } = new URL(proxy);
  const request = httpRequest({ host: hostname, port, method: 'CONNECT', path: `${host}:443` });
  request.end();
  const [, socket] = (await once(request, 'connect')) as [IncomingMessage, Socket];
  return socket;
}

async function sendPut({ url, body, md5 }: Put, agent: Agent): Promise<void> {
  const request = httpsRequest(url, {
    method: 'PUT',
    agent,
    headers: {
      'x-ms-version': '2021-12-02',
      'x-ms-blob-type': 'BlockBlob',
      'content-type': 'application/octet-stream',
      'content-md5': md5,
      'content-length': body.byteLength,
    },
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 201) throw new Error(`Put Blob answered ${response.statusCode ?? 0}.`);
}
