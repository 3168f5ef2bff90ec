/**
 * What the emulator remembers: named collections of records, kept in memory in the order they were made and, with a
 * state folder, in one JSON file that is replaced whole at each write.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { isJsonObject } from './json.ts';

export interface Entry<T> {
  /** As given at the first put; lookups ignore its case. */
  readonly key: string;
  readonly value: T;
  /** Virtual milliseconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** Records by key. Keys are compared without case, as ARM compares ids. Values are JSON: what is put is never changed. */
export interface Collection<T> {
  get(key: string): T | undefined;
  entry(key: string): Entry<T> | undefined;
  /** Creates or replaces; createdAt stays that of the first put, unless the key was deleted between. */
  put(key: string, value: T): Entry<T>;
  /** Replaces the value of an existing key by what `change` makes of it; undefined when there is none. */
  update(key: string, change: (value: T) => T): T | undefined;
  delete(key: string): boolean;
  /** Oldest first; with `prefix` only keys that start with it. */
  list(prefix?: string): readonly Entry<T>[];
  /**
   * The list as it stood `lag` virtual milliseconds ago as far as creations and changes go: the service's lists lag
   * behind its writes. Deletions show at once.
   */
  listLagging(lag: number, prefix?: string): readonly Entry<T>[];
}

export interface State {
  /** The collection of that name; one name has one type of record, which its owner knows. */
  collection<T>(name: string): Collection<T>;
}

export interface EmulatorState extends State {
  /** Writes what is not yet on disk. */
  flush(): void;
  close(): void;
}

interface Stored extends Entry<unknown> {
  /** The value before the last change, for lists that lag behind. */
  readonly before?: unknown;
}

type Records = Map<string, Stored>;

/** Real milliseconds between a change and the write of the file; changes in between share one write. */
const WRITE_DELAY = 50;

/** Opens the state: from `folder/state.json` when a folder is given and the file is there, otherwise empty. */
export function openState(clock: Clock, folder?: string): EmulatorState {
  const file = folder === undefined ? undefined : join(folder, 'state.json');
  const collections = file === undefined ? new Map<string, Records>() : readCollections(file);
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    if (timer !== undefined) clearTimeout(timer);
    if (timer !== undefined && file !== undefined) writeCollections(file, collections);
    timer = undefined;
  };
  const changed = (): void => {
    if (file !== undefined) timer ??= setTimeout(flush, WRITE_DELAY).unref();
  };

  return {
    collection: <T>(name: string): Collection<T> => {
      let records = collections.get(name);
      if (records === undefined) {
        records = new Map<string, Stored>();
        collections.set(name, records);
      }
      return openCollection<T>(records, clock, changed);
    },
    flush,
    close: flush,
  };
}

/**
 * The latest moment of any record in a state folder, in virtual milliseconds; 0 where there is none. Virtual time may
 * have run ahead of the real one, and must not fall back behind what is remembered.
 */
export function lastMoment(folder: string): number {
  const collections = readCollections(join(folder, 'state.json'));
  const moments = [...collections.values()].flatMap((records) => [...records.values()]);
  return moments.reduce((latest, { modifiedAt }) => Math.max(latest, modifiedAt), 0);
}

function openCollection<T>(records: Records, clock: Clock, changed: () => void): Collection<T> {
  // The one place where a record gets its type back: a collection's name stands for its type.
  const typed = (stored: Stored): Entry<T> => stored as Entry<T>;
  const find = (key: string): Entry<T> | undefined => {
    const stored = records.get(key.toLowerCase());
    return stored === undefined ? undefined : typed(stored);
  };
  const put = (key: string, value: T): Entry<T> => {
    const old = records.get(key.toLowerCase());
    const now = clock.now();
    const stored: Stored =
      old === undefined
        ? { key, value, createdAt: now, modifiedAt: now }
        : { key: old.key, value, createdAt: old.createdAt, modifiedAt: now, before: old.value };
    records.set(key.toLowerCase(), stored);
    changed();
    return typed(stored);
  };
  const withPrefix = (prefix: string): Stored[] => {
    const start = prefix.toLowerCase();
    return [...records].filter(([key]) => key.startsWith(start)).map(([, stored]) => stored);
  };

  return {
    get: (key) => find(key)?.value,
    entry: find,
    put,
    update: (key, change) => {
      const old = find(key);
      return old === undefined ? undefined : put(key, change(old.value)).value;
    },
    delete: (key) => {
      const found = records.delete(key.toLowerCase());
      if (found) changed();
      return found;
    },
    list: (prefix = '') => withPrefix(prefix).map(typed),
    listLagging: (lag, prefix = '') => {
      const shownUntil = clock.now() - lag;
      return withPrefix(prefix).flatMap((stored) => {
        if (stored.modifiedAt <= shownUntil || lag <= 0) return [typed(stored)];
        return stored.createdAt <= shownUntil && 'before' in stored ? [typed({ ...stored, value: stored.before })] : [];
      });
    },
  };
}

function readCollections(file: string): Map<string, Records> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return new Map();
  }
  const saved: unknown = JSON.parse(text);
  if (!isJsonObject(saved)) throw new Error(`${file} is not a state file of the emulator.`);
  return new Map(
    Object.entries(saved).map(([name, entries]) => {
      const list = Array.isArray(entries) ? (entries as readonly unknown[] as readonly Stored[]) : [];
      return [name, new Map(list.map((stored) => [stored.key.toLowerCase(), stored]))];
    }),
  );
}

function writeCollections(file: string, collections: ReadonlyMap<string, Records>): void {
  const saved = Object.fromEntries([...collections].map(([name, records]) => [name, [...records.values()]]));
  mkdirSync(join(file, '..'), { recursive: true });
  // Written beside and renamed, so that a killed emulator never leaves half a file.
  writeFileSync(`${file}.new`, JSON.stringify(saved), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
