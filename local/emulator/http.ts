/** The shapes every handler of the emulator speaks: a request as it came in, a reply as it goes out. */
import type { Readable } from 'node:stream';
import type { Caller } from './identity/tokens.ts';

export interface Incoming {
  readonly method: string;
  /** The name the client asked for, e.g. `management.azure.com`; lower case, without a port. */
  readonly host: string;
  /** Path as sent, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values of the route's `{name}` segments, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Who sent it, where the plane checks Entra tokens (arm, regional); undefined elsewhere and on open routes. */
  readonly caller: Caller | undefined;
  /** The host's first label on the scoring plane (the endpoint's name) and the region on regional and scoring hosts. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  body(): Promise<Buffer>;
  /** The body as JSON; an empty body is undefined. Answers 400 in the service's words when it is not JSON. */
  json(): Promise<unknown>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON, text and bytes as they are; undefined is an empty body, null the four bytes `null`. */
  readonly body?: unknown;
  readonly stream?: Readable;
}

/** How well an answer is founded: seen in a recording of the service, written in its API specification, or a guess. */
export interface Evidence {
  readonly mark: 'recorded' | 'spec' | 'guessed';
  /** Which recording or document. */
  readonly source: string;
}

/** Which of the cloud's services a route belongs to; each has host names and an error shape of its own. */
export type Plane = 'arm' | 'login' | 'pipelines' | 'regional' | 'scoring' | 'blob';

export interface Route {
  readonly plane: Plane;
  readonly method: string;
  /** Segments separated by `/`; `{name}` takes one segment, `{name*}` the rest. Literals are compared without case. */
  readonly path: string;
  readonly evidence: Evidence;
  /** True where no token is asked for (discovery, metadata). The scoring plane checks its own keys and tokens. */
  readonly open?: boolean;
  readonly handle: (request: Incoming) => Promise<Reply> | Reply;
}

/** A route on the ARM plane. */
export function armRoute(method: string, path: string, evidence: Evidence, handle: Route['handle']): Route {
  return { plane: 'arm', method, path, evidence, handle };
}
