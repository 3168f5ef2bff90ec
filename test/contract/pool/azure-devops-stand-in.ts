/**
 * Azure DevOps as the pool tool meets it: one organization on its real host names, behind a CONNECT proxy, with a
 * throw-away certificate authority. Shapes are those of the REST reference; what is asked twice is answered from state.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createAuthority } from '../../../local/emulator/certificates.ts';
import { type Answer, entitlementRoutes, newState, poolRoutes, type State } from './azure-devops-routes.ts';

export const TOKEN = 'eyJhbGciOiJub25lIn0.eyJvaWQiOiJ0ZXN0In0.signature';
const ORGANIZATION = '/contoso';

export interface Exchange {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** With its query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface AzureDevOps {
  readonly state: State;
  readonly exchanges: Exchange[];
  readonly proxyUrl: string;
  /** The authority clients must trust, PEM. */
  readonly authority: string;
  close(): void;
}

/** Starts the stand-in on loopback ports of its own. */
export async function startAzureDevOps(): Promise<AzureDevOps> {
  const state = newState();
  const exchanges: Exchange[] = [];
  const authority = await createAuthority();
  const serve = createHttpsServer(
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
    (request, response) => {
      void answer(state, exchanges, request).then(({ status = 200, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(body === undefined ? '' : JSON.stringify(body));
      });
    },
  );
  const port = await listen(serve);
  const proxy = createHttpServer();
  proxy.on('connect', (_request, client, head) => {
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  return {
    state,
    exchanges,
    proxyUrl: `http://127.0.0.1:${await listen(proxy)}`,
    authority: authority.pem,
    close: () => {
      for (const server of [serve, proxy]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function answer(state: State, exchanges: Exchange[], request: IncomingMessage): Promise<Answer> {
  const { method = '', url = '', headers } = request;
  const host = headers.host ?? '';
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const { pathname, searchParams } = new URL(url, `https://${host}`);
  exchanges.push({ method, host, path: pathname, url, authorization: headers.authorization, body });
  if (!isSignedIn(headers.authorization)) return { status: 401, body: { message: 'TF400813: not authorized' } };
  const path = decodeURIComponent(pathname).replace(ORGANIZATION, '');
  const routes = host === 'vsaex.dev.azure.com' ? entitlementRoutes(state) : poolRoutes(state);
  for (const [verb, pattern, reply] of routes) {
    const match = verb === method ? pattern.exec(path) : null;
    if (match !== null) return reply(match, body as never, searchParams);
  }
  return { status: 404, body: { message: `no route for ${method} ${host}${path}` } };
}

function isSignedIn(authorization: string | undefined): boolean {
  const personal = `Basic ${Buffer.from(':personal-access-token').toString('base64')}`;
  return authorization === `Bearer ${TOKEN}` || authorization === personal;
}
