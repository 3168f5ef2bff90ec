/** What the stand-in for Azure DevOps holds, and how it answers from it. */

export interface StandInAgent {
  readonly id: number;
  readonly name: string;
  status: 'online' | 'offline';
  enabled: boolean;
  readonly createdOn: string;
  readonly statusChangedOn: string;
  assignedRequest?: object;
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

export interface Answer {
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

export function newState(): State {
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

const list = (value: readonly unknown[]): Answer => ({ body: { count: value.length, value } });

export function poolRoutes(state: State): readonly Route[] {
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

export function entitlementRoutes(state: State): readonly Route[] {
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
