/** One request of an emulated service, from its arrival to its answer: faults, token, route, headers, journal. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { hostRole, type Cloud, type HostRole } from './clouds.ts';
import type { Clock } from './clock.ts';
import type { BlobFront } from './blob/blob-front.ts';
import { errorReply } from './error-shapes.ts';
import { EmulatedError, internalServerError, invalidJson, missingApiVersion } from './errors.ts';
import { faultReply } from './fault-replies.ts';
import type { FaultAction, Faults } from './faults.ts';
import type { Incoming, Reply } from './http.ts';
import { bearerToken, checkArm, checkDataPlane, checkStorage, type BearerCheck } from './identity/bearer.ts';
import type { Caller } from './identity/tokens.ts';
import type { Journal } from './journal.ts';
import type { PlaneHeaders } from './plane-headers.ts';
import { writeReply } from './reply-writer.ts';
import { unknownRoute, type Router } from './router.ts';
import type { Settings } from './settings.ts';

export interface ExchangeParts {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly router: Router;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly headers: PlaneHeaders;
  readonly bearer: BearerCheck;
  readonly blobs: BlobFront;
  /** Told of defects of the emulator itself. */
  readonly onDefect: (error: unknown, request: string) => void;
}

/** The listener for requests that came over TLS; every error ends as an answer. */
export function createExchange(parts: ExchangeParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const host = hostOf(request);
    const role = hostRole(parts.cloud, host);
    if (role === undefined) {
      response.writeHead(421).end(`The emulator does not play ${host}.\n`);
      return;
    }
    exchange(parts, role, host, request, response).catch((error: unknown) => {
      parts.onDefect(error, `${request.method ?? ''} ${host}${request.url ?? ''}`);
      response.destroy();
    });
  };
}

async function exchange(
  parts: ExchangeParts,
  role: HostRole,
  host: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = performance.now();
  const asked = describeRequest(parts, role, host, request);
  const { method, region } = asked;
  const entry = parts.journal.open({ ...asked, plane: role.plane });
  const situation = parts.headers.situation(region);
  const actions = parts.faults.actionsFor({ ...asked, plane: role.plane });
  for (const action of actions) if (action.kind === 'delay') await parts.clock.sleep(action.ms);
  if (actions.some((action) => action.kind === 'expireTokens')) parts.bearer.tokens.expireAll();
  if (actions.some((action) => action.kind === 'drop' && action.when === 'before')) {
    cut(request, response);
    return;
  }
  const body = bodyReader(request, (bytes) => {
    entry.body(bytes);
  });
  const reply = await answer(parts, role, { ...asked, body }, actions, request).catch((error: unknown) => {
    if (error instanceof EmulatedError) return errorReply(error.description, situation);
    parts.onDefect(error, `${method} ${host}${asked.path}`);
    return errorReply(internalServerError().description, situation);
  });
  if (actions.some((action) => action.kind === 'drop' && action.when === 'after')) {
    reply.stream?.destroy();
    cut(request, response);
    return;
  }
  const facts = { plane: role.plane, method, reply, region, situation, durationMs: performance.now() - started };
  entry.end(reply.status);
  await writeReply(response, reply, { ...parts.headers.of(facts), ...reply.headers }, truncation(actions));
}

interface RouteRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly region: string;
  readonly body: () => Promise<Buffer>;
}

function describeRequest(
  parts: ExchangeParts,
  role: HostRole,
  host: string,
  request: IncomingMessage,
): Omit<RouteRequest, 'body'> {
  const region = 'region' in role ? role.region : parts.settings.region;
  return {
    method: request.method ?? 'GET',
    host,
    region,
    headers: plainHeaders(request),
    ...splitUrl(request.url ?? '/'),
  };
}

/** What a fault rule forces, or what the service answers. */
async function answer(
  parts: ExchangeParts,
  role: HostRole,
  asked: RouteRequest,
  actions: readonly FaultAction[],
  request: IncomingMessage,
): Promise<Reply> {
  const forced = faultReply(actions, { ...asked, plane: role.plane }, parts.settings);
  if (forced instanceof EmulatedError) throw forced;
  if (forced !== undefined) return forced;
  if (role.plane === 'blob') return answerBlob(parts, role.account, request, asked.headers);
  return answerRoute(parts, role, asked);
}

async function answerRoute(parts: ExchangeParts, role: HostRole, request: RouteRequest): Promise<Reply> {
  const match = parts.router.match(role.plane, request.method, request.path);
  const caller = match?.route.open === true ? undefined : checkCaller(parts, role, request.headers.authorization);
  const query = new URLSearchParams(request.query);
  if (role.plane === 'arm' && !query.has('api-version')) throw missingApiVersion();
  if (match === undefined) throw unknownRoute(role.plane, request.method, request.path);
  const incoming: Incoming = {
    method: request.method,
    host: request.host,
    path: request.path,
    query,
    headers: request.headers,
    params: match.params,
    caller,
    endpoint: role.plane === 'scoring' ? role.endpoint : undefined,
    region: 'region' in role ? role.region : undefined,
    body: request.body,
    json: async () => parseJson(await request.body()),
  };
  const reply = await match.route.handle(incoming);
  // A body nobody read still belongs into the journal, and must be taken off the connection.
  await request.body();
  return withLocation(request, reply, role);
}

/** A resource that was made is found at the URL of its PUT; only computes answer 201 without saying so. */
function withLocation(request: RouteRequest, reply: Reply, role: HostRole): Reply {
  if (role.plane !== 'arm' || reply.status !== 201 || request.method !== 'PUT') return reply;
  const given = Object.keys(reply.headers ?? {}).map((name) => name.toLowerCase());
  if (given.includes('location') || given.includes('azure-asyncoperation')) return reply;
  const location = `https://${request.host}${request.path}?${request.query}`;
  return { ...reply, headers: { Location: location, ...reply.headers } };
}

function checkCaller(parts: ExchangeParts, role: HostRole, authorization: string | undefined): Caller | undefined {
  if (role.plane === 'arm') return checkArm(parts.bearer, authorization);
  if (role.plane === 'regional') return checkDataPlane(parts.bearer, authorization);
  return undefined;
}

async function answerBlob(
  parts: ExchangeParts,
  account: string,
  request: IncomingMessage,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  if (bearerToken(headers.authorization) !== undefined) checkStorage(parts.bearer, headers.authorization, account);
  return parts.blobs.forward(request);
}

function truncation(actions: readonly FaultAction[]): number | undefined {
  for (const action of actions) if (action.kind === 'truncate') return action.bytes;
  return undefined;
}

/** Ends the connection without an answer, as a broken network does. */
function cut(request: IncomingMessage, response: ServerResponse): void {
  response.destroy();
  request.socket.destroy();
}

function bodyReader(request: IncomingMessage, seen: (bytes: Buffer) => void): () => Promise<Buffer> {
  let reading: Promise<Buffer> | undefined;
  const read = async (): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of Readable.from(request)) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    seen(bytes);
    return bytes;
  };
  return () => (reading ??= read());
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalidJson();
  }
}

/** The name a client asked for, from its Host header. */
export function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
}

/** Headers with one text each, names in lower case. */
export function plainHeaders(request: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

/** Path and query of a request target, apart. */
export function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}
