/** Recorded exchanges of commands other than "create": what was asked for, and what the service answered. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../tasks/common/domain/json.ts';

export interface TraceRequest {
  readonly method: string;
  /** management.azure.com where it is absent. */
  readonly host?: string;
  readonly path: string;
  readonly apiVersion?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly status?: number;
  readonly response?: Json;
  readonly responseText?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

export interface Trace {
  readonly name: string;
  /** The command, in words: `job cancel my_job`. */
  readonly call: string;
  readonly requests: readonly TraceRequest[];
  /** What stands for the names the client made up. */
  readonly placeholders?: Readonly<Record<string, string>>;
  /** Seconds between the polls of a run's state. */
  readonly waits?: readonly number[];
  readonly error?: string;
}

/** Every trace of a folder; none where there is no such folder. */
export function loadTraces(folder: string): readonly Trace[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Trace);
}

const WORKSPACE = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/workspaces\/[^/?]+/i;
const MANAGEMENT = 'management.azure.com';
/** Versions, signatures, and how much of each entry a list of blobs shows. */
const NOT_SHOWN = /^(api-version|s[a-z]{1,2}|sig|skoid|sktid|delimiter|include|maxresults)$/;

/** A request as one line: `GET {ws}/jobs/j`, `PUT account.blob.…/container/blob?comp=metadata`; versions and signatures left out. */
export function requestLine(
  method: string,
  host: string,
  path: string,
  query: Iterable<readonly [string, string]>,
): string {
  const shown = [...query].filter(([name]) => !NOT_SHOWN.test(name)).map(([name, value]) => `${name}=${value}`);
  const place = host === MANAGEMENT ? path.replace(WORKSPACE, '{ws}') : host + path;
  return `${method} ${place}${shown.length === 0 ? '' : `?${shown.sort().join('&')}`}`;
}

export function lineOf({ method, host = MANAGEMENT, path, query = {} }: TraceRequest): string {
  return requestLine(method, host, path, Object.entries(query));
}

/** Changes something: uploads of blobs too, but no question that happens to be a POST. */
export function isWrite(line: string): boolean {
  return (
    /^(PUT|PATCH|DELETE|POST) /.test(line) &&
    !/\/(listSecrets|listKeys|getLogs|rundata|batchGetResolvedUris)$/.test(line)
  );
}
