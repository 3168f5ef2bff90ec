/**
 * The one port of the emulator: an HTTP proxy for its clients and, to whoever asks it directly, its control plane.
 * Connections through it to an emulated name end here, in TLS with a certificate for that name; any other name is
 * refused, so that nothing leaves the machine.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertificateAuthority } from './certificates.ts';
import { plainHeaders, splitUrl } from './exchange.ts';
import type { Journal } from './journal.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export interface ServerOptions {
  readonly port: number;
  readonly authority: CertificateAuthority;
  /** True for names the emulator plays. */
  readonly plays: (host: string) => boolean;
  /** Requests that came over TLS. */
  readonly exchange: Listener;
  /** Requests to the port itself, and plain ones through the proxy to the metadata address. */
  readonly control: Listener;
  readonly journal: Journal;
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

export interface EmulatorServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Where virtual machines ask for tokens; the one name that is reached without TLS. */
export const METADATA_ADDRESS = '169.254.169.254';

/** Listens on 127.0.0.1. Rejects with the system's error (EADDRINUSE …) when it cannot. */
export async function startServer(options: ServerOptions): Promise<EmulatorServer> {
  const sockets = new Set<Socket | Duplex>();
  const tls = createTlsServer(
    {
      SNICallback: (name, done) => {
        options.authority.serverContext(name.toLowerCase()).then((context) => {
          done(null, context);
        }, done);
      },
      ALPNProtocols: ['http/1.1'],
      // Names arrive through a tunnel whose name was checked; clients that send none get an alert.
    },
    options.exchange,
  );
  keepConnections(tls);
  tls.on('tlsClientError', (_error, socket) => socket.destroy());

  const server = createHttpServer((request, response) => {
    plainRequest(options, request, response);
  });
  keepConnections(server);
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    track(sockets, socket);
    connect(options, request, socket, () => tls.emit('connection', socket));
  });
  server.on('connection', (socket: Socket) => {
    track(sockets, socket);
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Long waits between a client's requests are normal in virtual time; connections stay, requests may take their time. */
function keepConnections(server: Pick<Server, 'keepAliveTimeout' | 'requestTimeout' | 'headersTimeout'>): void {
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
}

function track(sockets: Set<Socket | Duplex>, socket: Socket | Duplex): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  // A client that resets its connection is no defect of the emulator.
  socket.on('error', () => socket.destroy());
}

function connect(options: ServerOptions, request: IncomingMessage, socket: Duplex, accept: () => void): void {
  const target = request.url ?? '';
  const host = target.replace(/:\d+$/, '').toLowerCase();
  if (!allowed(options, request)) {
    refuse(socket, 407, 'Proxy Authentication Required', 'This proxy asks for a user name and a password.', {
      'Proxy-Authenticate': 'Basic realm="emulator"',
    });
    return;
  }
  if (!options.plays(host)) {
    const entry = { plane: 'proxy', method: 'CONNECT', host, path: target, query: '', headers: plainHeaders(request) };
    options.journal.open(entry).end(502);
    refuse(socket, 502, 'Bad Gateway', `The emulator does not play ${host}, and nothing leaves this machine.`);
    return;
  }
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  accept();
}

/** Requests without TLS: the control plane, or the metadata service's address asked through the proxy. */
function plainRequest(options: ServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const target = request.url ?? '/';
  if (target.startsWith('/')) {
    options.control(request, response);
    return;
  }
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url?.hostname === METADATA_ADDRESS && allowed(options, request)) {
    request.url = `${url.pathname}${url.search}`;
    options.control(request, response);
    return;
  }
  const host = url?.hostname ?? target;
  const { path, query } = splitUrl(target);
  const entry = { plane: 'proxy', method: request.method ?? 'GET', host, path, query, headers: plainHeaders(request) };
  options.journal.open(entry).end(502);
  response.writeHead(502, { 'Content-Type': 'text/plain' });
  response.end(`The emulator answers ${host} over https or not at all, and nothing leaves this machine.\n`);
}

function allowed(options: ServerOptions, request: IncomingMessage): boolean {
  if (options.credentials === undefined) return true;
  const { username, password } = options.credentials;
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return request.headers['proxy-authorization'] === expected;
}

function refuse(
  socket: Duplex,
  status: number,
  reason: string,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${sentence}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    ...Object.entries({
      ...headers,
      'Content-Type': 'text/plain',
      'Content-Length': String(Buffer.byteLength(body)),
    }).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    '',
    body,
  ];
  socket.end(lines.join('\r\n'));
}
