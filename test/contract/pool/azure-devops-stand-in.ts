/**
 * Azure DevOps as the pool tool meets it: one organization on its real host names, behind a CONNECT proxy, with a
 * throw-away certificate authority. Shapes are those of the REST reference; what is asked twice is answered from state.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createAuthority } from '../../../local/emulator/certificates.ts';

export const TOKEN = 'eyJhbGciOiJub25lIn0.eyJvaWQiOiJ0ZXN0In0.signature';
const ORGANIZATION = '/contoso';

export interface StandInAgent {
  readonly id: number;
  readonly name: string;
  status: 'online' | 'offline';
  enabled: boolean;
  readonly createdOn: string;
  readonly statusChangedOn: string;
  assignedRequest?: object;
}

export interface Exchange {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** With its query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

interface StandInPool {
  readonly id: number;
  readonly name: string;
  autoUpdate: boolean;
}

/** What the organization holds; tests arrange and read it. */
export interface State {
  readonly pools: StandInPool[];
  readonly agents: Map<number, StandInAgent[]>;
  readonly maintenance: Map<number, Record<string, unknown>[]>;
  readonly elastic: Map<number, Record<string, unknown>>;
  readonly roles: Map<number, { userId: string; roleName: string }[]>;
  /** Refusals of the entitlement service before it takes an identity. */
  refusedEntitlements: string[];
  /** Called before agents are listed, so that they can change while they are waited for. */
  beforeAgents: () => void;
}

export interface AzureDevOps {
  readonly state: State;
  readonly exchanges: Exchange[];
  readonly proxyUrl: string;
  /** The authority clients must trust, PEM. */
  readonly authority: string;
  close(): void;
}

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

type Route = readonly [
  method: string,
  path: RegExp,
  answer: (match: RegExpExecArray, body: never, query: URLSearchParams) => Answer,
];

/** Location ids of the client, with the routes they stand for. */
const LOCATIONS = [
  ['a8c47e17-4d56-4a56-92bb-de7ea7dc65be', 'pools', '_apis/{area}/{resource}/{poolId}'],
  ['e298ef32-5878-4cab-993c-043836571f42', 'agents', '_apis/{area}/pools/{poolId}/{resource}/{agentId}'],
  [
    '80572e16-58f0-4419-ac07-d19fde32195c',
    'maintenancedefinitions',
    '_apis/{area}/pools/{poolId}/{resource}/{definitionId}',
  ],
] as const;

function newState(): State {
  return {
    pools: [{ id: 1, name: 'Default', autoUpdate: true }],
    agents: new Map(),
    maintenance: new Map(),
    elastic: new Map(),
    roles: new Map(),
    refusedEntitlements: [],
    beforeAgents: () => undefined,
  };
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

const list = (value: readonly unknown[]): Answer => ({ body: { count: value.length, value } });

function poolRoutes(state: State): readonly Route[] {
  return [
    ...locationRoutes(),
    ...ordinaryPoolRoutes(state),
    ...agentRoutes(state),
    ...elasticPoolRoutes(state),
    ...roleRoutes(state),
  ];
}

function locationRoutes(): readonly Route[] {
  const locations = LOCATIONS.map(([id, resourceName, routeTemplate]) => ({
    id,
    area: 'distributedtask',
    resourceName,
    routeTemplate,
    resourceVersion: 1,
    minVersion: '1.0',
    maxVersion: '7.2',
    releasedVersion: '7.1',
  }));
  return [
    ['OPTIONS', /^\/_apis\/distributedtask$/i, () => list(locations)],
    ['OPTIONS', /^\/_apis\/Location$/i, () => list([])],
    ['GET', /^\/_apis\/resourceareas/i, () => list([])],
  ];
}

function ordinaryPoolRoutes({ pools, maintenance }: State): readonly Route[] {
  const byId = (id: string | undefined): StandInPool | undefined => pools.find((pool) => String(pool.id) === id);
  return [
    [
      'GET',
      /^\/_apis\/distributedtask\/pools$/,
      (_match, _body, query) => {
        const name = query.get('poolName')?.toLowerCase();
        return list(pools.filter((pool) => name === undefined || pool.name.toLowerCase() === name));
      },
    ],
    [
      'POST',
      /^\/_apis\/distributedtask\/pools$/,
      (_match, body: { name: string; autoUpdate?: boolean }) => {
        const pool = { id: pools.length + 1, name: body.name, autoUpdate: body.autoUpdate ?? true };
        pools.push(pool);
        return { body: pool };
      },
    ],
    [
      'PATCH',
      /^\/_apis\/distributedtask\/pools\/(\d+)$/,
      ([, id], body: object) => ({ body: Object.assign(byId(id) ?? {}, body) }),
    ],
    [
      'GET',
      /^\/_apis\/distributedtask\/pools\/(\d+)\/maintenancedefinitions$/,
      ([, id]) => list(maintenance.get(Number(id)) ?? []),
    ],
    [
      'POST',
      /^\/_apis\/distributedtask\/pools\/(\d+)\/maintenancedefinitions$/,
      ([, id], body: object) => {
        const definition = { ...body, id: 1 };
        maintenance.set(Number(id), [definition]);
        return { body: definition };
      },
    ],
    [
      'PUT',
      /^\/_apis\/distributedtask\/pools\/(\d+)\/maintenancedefinitions\/1$/,
      ([, id], body: Record<string, unknown>) => {
        maintenance.set(Number(id), [body]);
        return { body };
      },
    ],
  ];
}

function agentRoutes(state: State): readonly Route[] {
  const inPool = (id: string | undefined): StandInAgent[] => state.agents.get(Number(id)) ?? [];
  return [
    [
      'GET',
      /^\/_apis\/distributedtask\/pools\/(\d+)\/agents$/,
      ([, pool]) => {
        state.beforeAgents();
        return list(inPool(pool));
      },
    ],
    [
      'PATCH',
      /^\/_apis\/distributedtask\/pools\/(\d+)\/agents\/(\d+)$/,
      ([, pool, agent], body: object) => ({
        body: Object.assign(inPool(pool).find(({ id }) => String(id) === agent) ?? {}, body),
      }),
    ],
    [
      'DELETE',
      /^\/_apis\/distributedtask\/pools\/(\d+)\/agents\/(\d+)$/,
      ([, pool, agent]) => {
        state.agents.set(
          Number(pool),
          inPool(pool).filter(({ id }) => String(id) !== agent),
        );
        return { status: 204 };
      },
    ],
  ];
}

function elasticPoolRoutes({ pools, elastic }: State): readonly Route[] {
  return [
    [
      'GET',
      /^\/_apis\/distributedtask\/elasticpools\/(\d+)$/,
      ([, id]) => {
        const body = elastic.get(Number(id));
        return body === undefined ? { status: 404, body: { message: 'VS402985: no elastic pool' } } : { body };
      },
    ],
    [
      'POST',
      /^\/_apis\/distributedtask\/elasticpools$/,
      (_match, body: object, query) => {
        const pool = { id: pools.length + 1, name: query.get('poolName') ?? '', autoUpdate: true };
        pools.push(pool);
        elastic.set(pool.id, { ...body, poolId: pool.id });
        return { body: { elasticPool: elastic.get(pool.id), agentPool: pool } };
      },
    ],
    [
      'PATCH',
      /^\/_apis\/distributedtask\/elasticpools\/(\d+)$/,
      ([, id], body: object) => {
        elastic.set(Number(id), { ...elastic.get(Number(id)), ...body });
        return { body: elastic.get(Number(id)) };
      },
    ],
  ];
}

function roleRoutes({ roles }: State): readonly Route[] {
  const path = /^\/_apis\/securityroles\/scopes\/distributedtask\.agentpoolrole\/roleassignments\/resources\/(\d+)$/;
  const shown = (id: string | undefined): Answer =>
    list(
      (roles.get(Number(id)) ?? []).map(({ userId, roleName }) => ({
        identity: { id: userId },
        role: { name: roleName },
      })),
    );
  return [
    ['GET', path, ([, id]) => shown(id)],
    [
      'PUT',
      path,
      ([, id], body: { userId: string; roleName: string }[]) => {
        roles.set(Number(id), [...(roles.get(Number(id)) ?? []), ...body]);
        return shown(id);
      },
    ],
  ];
}

function entitlementRoutes(state: State): readonly Route[] {
  return [
    [
      'POST',
      /^\/_apis\/serviceprincipalentitlements$/,
      (_match, body: { servicePrincipal: { originId: string } }) => {
        const refusal = state.refusedEntitlements.shift();
        if (refusal !== undefined) {
          return {
            body: { isSuccess: false, operationResult: { isSuccess: false, errors: [{ key: 5000, value: refusal }] } },
          };
        }
        const servicePrincipalId = `identity-of-${body.servicePrincipal.originId}`;
        return { body: { isSuccess: true, operationResult: { isSuccess: true, servicePrincipalId } } };
      },
    ],
  ];
}
