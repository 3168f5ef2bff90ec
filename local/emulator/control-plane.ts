/** What the emulator answers for itself on its own port: health, journal, fault rules, routes, and the metadata service. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorReply } from './error-shapes.ts';
import { EmulatedError } from './errors.ts';
import { plainHeaders, splitUrl } from './exchange.ts';
import type { Faults } from './faults.ts';
import type { Reply, Route } from './http.ts';
import { managedIdentityToken } from './identity/managed-identity.ts';
import type { TokenIssuer } from './identity/tokens.ts';
import { isJsonObject } from './json.ts';
import type { Journal, JournalFilter } from './journal.ts';
import type { Clock } from './clock.ts';
import type { Cloud } from './clouds.ts';
import type { PlaneHeaders } from './plane-headers.ts';
import { writeReply } from './reply-writer.ts';
import type { Settings } from './settings.ts';

export interface ControlParts {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly tokens: TokenIssuer;
  readonly headers: PlaneHeaders;
  readonly routes: readonly Route[];
  /** Stores an approval; throws when something of it is missing. */
  readonly noteApproval: (decision: unknown) => void;
  /** What other parts tell about themselves, by name. */
  readonly reports: ReadonlyMap<string, () => unknown>;
}

interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: () => Promise<unknown>;
  readonly closed: AbortSignal;
}

/** The listener for requests to the port itself. */
export function createControlPlane(parts: ControlParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { path, query } = splitUrl(request.url ?? '/');
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    const control: ControlRequest = {
      method: request.method ?? 'GET',
      path,
      query: new URLSearchParams(query),
      headers: plainHeaders(request),
      body: () => readJson(request),
      closed: gone.signal,
    };
    void answer(parts, control).then((reply) => writeReply(response, reply, reply.headers ?? {}));
  };
}

async function answer(parts: ControlParts, request: ControlRequest): Promise<Reply> {
  try {
    return await dispatch(parts, request);
  } catch (error) {
    if (error instanceof EmulatedError) {
      return errorReply(error.description, parts.headers.situation(parts.settings.region));
    }
    return refusal(400, error instanceof Error ? error.message : String(error));
  }
}

function dispatch(parts: ControlParts, request: ControlRequest): Promise<Reply> | Reply {
  switch (request.path) {
    case '/_emulator/health':
      return { status: 200, body: health(parts) };
    case '/_emulator/requests':
      return requests(parts.journal, request);
    case '/_emulator/faults':
      return faults(parts.faults, request);
    case '/_emulator/approvals':
      return approvals(parts, request);
    case '/_emulator/routes':
      return { status: 200, body: describeRoutes(parts.routes) };
    // msal-node appends a slash.
    case '/metadata/identity/oauth2/token/':
    case '/metadata/identity/oauth2/token':
      return metadata(parts, request);
    default:
      return report(parts, request) ?? refusal(404, `The emulator has nothing at ${request.path}.`);
  }
}

function report({ reports }: ControlParts, { method, path }: ControlRequest): Reply | undefined {
  const read = reports.get(path.replace(/^\/_emulator\//, ''));
  return read === undefined || method !== 'GET' ? undefined : { status: 200, body: read() };
}

function health({ cloud, clock, settings }: ControlParts): object {
  return {
    status: 'ready',
    cloud: cloud.name,
    subscriptionId: settings.subscriptionId,
    resourceGroup: settings.resourceGroup,
    workspace: settings.workspace,
    region: settings.region,
    time: clock.isoZ(),
    speed: clock.settings.speed,
  };
}

async function requests(journal: Journal, request: ControlRequest): Promise<Reply> {
  if (request.method === 'DELETE') {
    journal.clear();
    return { status: 204 };
  }
  if (request.method !== 'GET') return refusal(405, 'The journal can be read (GET) and cleared (DELETE).');
  const filter = readFilter(request.query);
  const waitMs = Number(request.query.get('waitMs') ?? 0);
  if (waitMs > 0) {
    const signal = AbortSignal.any([AbortSignal.timeout(waitMs), request.closed]);
    return { status: 200, body: { requests: await journal.wait(filter, signal) } };
  }
  return { status: 200, body: { requests: journal.find(filter) } };
}

function readFilter(query: URLSearchParams): JournalFilter {
  const filter: Record<string, string | number> = {};
  for (const [name, value] of query) {
    if (name === 'waitMs') continue;
    if (name === 'status' || name === 'after') filter[name] = Number(value);
    else if (['plane', 'method', 'host', 'path', 'query'].includes(name)) filter[name] = value;
    else throw new TypeError(`The journal has no filter named ${name}.`);
  }
  return filter;
}

async function faults(rules: Faults, request: ControlRequest): Promise<Reply> {
  switch (request.method) {
    case 'GET':
      return { status: 200, body: { rules: rules.rules() } };
    case 'PUT':
    case 'POST': {
      const body = await request.body();
      const list = isJsonObject(body) ? body.rules : body;
      if (!Array.isArray(list)) throw new TypeError('Fault rules come as {"rules": […]}.');
      // PUT says what there is from now on, POST adds.
      if (request.method === 'PUT') rules.clear();
      rules.add(list);
      return { status: 200, body: { rules: rules.rules() } };
    }
    case 'DELETE':
      rules.clear();
      return { status: 204 };
    default:
      return refusal(405, 'Fault rules can be read (GET), set (PUT), added (POST) and removed (DELETE).');
  }
}

async function approvals({ noteApproval }: ControlParts, request: ControlRequest): Promise<Reply> {
  if (request.method !== 'POST') return refusal(405, 'Approvals can be added (POST).');
  noteApproval(await request.body());
  return { status: 204 };
}

export interface RoutesReport {
  readonly count: number;
  readonly recorded: number;
  readonly spec: number;
  readonly guessed: number;
  readonly routes: readonly (Pick<Route, 'plane' | 'method' | 'path'> & Route['evidence'])[];
}

/** How many routes stand on which evidence, and which. */
export function describeRoutes(routes: readonly Route[]): RoutesReport {
  const count = (mark: string): number => routes.filter((route) => route.evidence.mark === mark).length;
  return {
    count: routes.length,
    recorded: count('recorded'),
    spec: count('spec'),
    guessed: count('guessed'),
    routes: routes.map(({ plane, method, path, evidence }) => ({ plane, method, path, ...evidence })),
  };
}

function metadata(parts: ControlParts, request: ControlRequest): Reply {
  const { path, query, headers, method } = request;
  const entry = parts.journal.open({
    plane: 'imds',
    method,
    host: headers.host ?? '',
    path,
    query: query.toString(),
    headers,
  });
  try {
    const body = managedIdentityToken(parts, request);
    entry.end(200);
    return { status: 200, body };
  } catch (error) {
    entry.end(error instanceof EmulatedError ? error.description.status : 500);
    throw error;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

function refusal(status: number, sentence: string): Reply {
  return { status, body: { error: sentence } };
}
