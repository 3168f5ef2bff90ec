/**
 * A cloud of our own for tests: a proxy on 127.0.0.1 whose tunnels end in TLS with certificates of a throw-away
 * authority, whatever name was asked for. What it answers is up to each test.
 */
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAuthority } from '../../../local/emulator/certificates.ts';
import type { NetworkSettings } from '../../../tasks/common/ports.ts';

export interface SeenRequest {
  readonly method: string;
  readonly host: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void;

export interface CloudDouble {
  /** As the agent would hand them over: this proxy, this authority. */
  readonly network: NetworkSettings;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  /** `host:port` of every tunnel that was opened. */
  readonly tunnels: readonly string[];
  close(): Promise<void>;
}

export interface DoubleOptions {
  readonly handler: Handler;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Hosts the proxy refuses with 502. */
  readonly refuses?: (host: string) => boolean;
}

export async function startCloudDouble(options: DoubleOptions): Promise<CloudDouble> {
  const authority = await createAuthority();
  const requests: SeenRequest[] = [];
  const tunnels: string[] = [];
  const sockets = new Set<Duplex>();
  const tls = createTlsServer(
    {
      SNICallback: (name, done) => {
        authority.serverContext(name).then(
          (context) => {
            done(null, context);
          },
          (error: unknown) => {
            done(error as Error);
          },
        );
      },
    },
    (request, response) => void receive(request, response),
  );
  tls.on('tlsClientError', (_, socket) => socket.destroy());

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = {
      method: request.method ?? '',
      host: request.headers.host ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    requests.push(seen);
    options.handler(seen, response);
  };

  const proxy = createHttpServer();
  proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const target = request.url ?? '';
    if (!isAllowed(options, request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="p"\r\n\r\n');
      return;
    }
    if (options.refuses?.(target.split(':')[0] ?? '') === true) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\n\r\nBlocked by category.');
      return;
    }
    tunnels.push(target);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    tls.emit('connection', socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    network: {
      proxy: {
        url: `http://127.0.0.1:${String(port)}`,
        username: options.credentials?.username,
        password: options.credentials?.password,
        bypass: [],
      },
      certificateAuthorities: authority.pem,
    },
    port,
    requests,
    tunnels,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

/** Answers as Entra and a workspace do, so far as most tests need; false when the request is something else. */
export function answerBasics(request: SeenRequest, response: ServerResponse): boolean {
  if (request.host.startsWith('login.')) {
    const token = `token-for-${new URLSearchParams(request.body.toString()).get('scope') ?? ''}`;
    sendJson(response, 200, { token_type: 'Bearer', expires_in: 3600, ext_expires_in: 3600, access_token: token });
    return true;
  }
  if (request.method === 'GET' && request.path.includes('workspaces/mlw-mlops?')) {
    sendJson(response, 200, {
      name: 'mlw-mlops',
      location: 'westeurope',
      properties: { discoveryUrl: 'https://westeurope.api.azureml.ms/discovery' },
    });
    return true;
  }
  if (request.path === '/discovery') {
    sendJson(response, 200, { api: 'https://westeurope.api.azureml.ms' });
    return true;
  }
  return false;
}

function isAllowed({ credentials }: DoubleOptions, request: IncomingMessage): boolean {
  if (credentials === undefined) return true;
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return request.headers['proxy-authorization'] === `Basic ${expected}`;
}
