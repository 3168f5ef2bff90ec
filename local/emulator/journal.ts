/** What the emulator was asked: every request with its answer's status, without the secrets in it. */
import { isJsonObject, type Json, type JsonObject } from './json.ts';

export interface JournalEntry {
  /** Counts up from 1; the order of the requests' arrival. */
  readonly number: number;
  /** Virtual time of arrival, ISO 8601. */
  readonly time: string;
  /** A plane, `imds`, or `proxy` for a connection that was refused. */
  readonly plane: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON body, where there was one. */
  readonly body?: Json;
  /** 0 while it is being answered, and for good where the connection was cut. */
  readonly status: number;
  /** Real milliseconds. */
  readonly durationMs: number;
}

/** Every member must fit; texts are regular expressions, without case. */
export interface JournalFilter {
  readonly plane?: string;
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly status?: number;
  /** Only entries with a greater number. */
  readonly after?: number;
}

export interface OpenEntry {
  /** Remembers the body when it is JSON. */
  body(bytes: Buffer): void;
  end(status: number): void;
}

export interface Journal {
  open(
    request: Pick<JournalEntry, 'plane' | 'method' | 'host' | 'path' | 'headers'> & { readonly query: string },
  ): OpenEntry;
  find(filter?: JournalFilter): readonly JournalEntry[];
  /** Resolves with the matching entries as soon as one has been answered. */
  wait(filter: JournalFilter, signal: AbortSignal): Promise<readonly JournalEntry[]>;
  clear(): void;
}

/** Entries kept; the oldest go first. */
const CAPACITY = 50_000;
/** Bytes of a JSON body that is kept. */
const LARGEST_BODY = 1024 * 1024;

/** An empty journal; `now` gives the virtual time as text. */
export function createJournal(now: () => string): Journal {
  const entries: JournalEntry[] = [];
  const watchers = new Set<() => void>();
  let count = 0;

  const find = (filter: JournalFilter = {}): readonly JournalEntry[] => entries.filter((entry) => fits(entry, filter));
  const open: Journal['open'] = (request) => {
    const started = performance.now();
    count += 1;
    let entry = newEntry(count, now(), request);
    entries.push(entry);
    if (entries.length > CAPACITY) entries.shift();
    const change = (more: Partial<JournalEntry>): void => {
      const index = entries.lastIndexOf(entry);
      entry = { ...entry, ...more };
      if (index >= 0) entries[index] = entry;
    };
    return {
      body: (bytes) => {
        const json = bytes.length > LARGEST_BODY ? undefined : parse(bytes);
        if (json !== undefined) change({ body: withoutSecrets(json) });
      },
      end: (status) => {
        change({ status, durationMs: Math.round(performance.now() - started) });
        for (const watcher of [...watchers]) watcher();
      },
    };
  };
  const wait: Journal['wait'] = (filter, signal) =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = find(filter).filter((entry) => entry.status !== 0);
        if (found.length === 0 && !signal.aborted) return;
        watchers.delete(check);
        signal.removeEventListener('abort', check);
        resolve(found);
      };
      watchers.add(check);
      signal.addEventListener('abort', check, { once: true });
      check();
    });
  const clear = (): void => {
    entries.length = 0;
  };
  return { open, find, wait, clear };
}

function newEntry(number: number, time: string, request: Parameters<Journal['open']>[0]): JournalEntry {
  return {
    number,
    time,
    plane: request.plane,
    method: request.method,
    host: request.host,
    path: request.path,
    query: readQuery(request.query),
    headers: readHeaders(request.headers),
    status: 0,
    durationMs: 0,
  };
}

function fits(entry: JournalEntry, filter: JournalFilter): boolean {
  const found = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || new RegExp(pattern, 'i').test(text);
  return (
    (filter.plane === undefined || filter.plane === entry.plane) &&
    (filter.method === undefined || filter.method.toUpperCase() === entry.method) &&
    (filter.status === undefined || filter.status === entry.status) &&
    (filter.after === undefined || entry.number > filter.after) &&
    found(filter.host, entry.host) &&
    found(filter.path, entry.path) &&
    found(filter.query, new URLSearchParams(entry.query).toString())
  );
}

const REDACTED = '***';
const SECRET_QUERY = /^(sig|code|client_secret|access_token)$/i;
const SECRET_HEADER = /^(authorization|proxy-authorization|x-azureml-token|secret|cookie|api-key)$/i;
const SECRET_MEMBER =
  /(password|secret|sastoken|accountkey|accesskey|^key$|primarykey|secondarykey|^token$|credential$)/i;

function readQuery(query: string): Record<string, string> {
  return Object.fromEntries(
    [...new URLSearchParams(query)].map(([name, value]) => [name, SECRET_QUERY.test(name) ? REDACTED : value]),
  );
}

function readHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      // The scheme stays: which kind of credential was shown is often the question.
      SECRET_HEADER.test(name)
        ? `${/^(Bearer|SharedKey|Basic) /i.exec(value)?.[0] ?? ''}${REDACTED}`
        : withoutSignature(value),
    ]),
  );
}

function withoutSecrets(value: Json): Json {
  if (typeof value === 'string') return withoutSignature(value);
  if (Array.isArray(value)) return value.map((item: Json) => withoutSecrets(item));
  if (!isJsonObject(value)) return value;
  const clean: Record<string, Json | undefined> = {};
  for (const [key, member] of Object.entries(value)) {
    const secret = SECRET_MEMBER.test(key) && typeof member === 'string';
    clean[key] = secret ? REDACTED : member === undefined ? undefined : withoutSecrets(member);
  }
  return clean satisfies JsonObject;
}

/** A URL in a text may carry a SAS. */
function withoutSignature(text: string): string {
  return text.replace(/([?&]sig=)[^&\s"]+/gi, `$1${REDACTED}`);
}

function parse(bytes: Buffer): Json | undefined {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}
