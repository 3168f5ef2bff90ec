/** The agent's disk. */
import { closeSync, openSync, readFileSync, readSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { FileEntry, Files, FileStat } from '../ports.ts';

/** Bytes of one chunk; a file up to this size is one chunk. */
const CHUNK_SIZE = 1024 * 1024;
/** How long signals may wait while small files are read one after the other, in milliseconds. */
const LONGEST_BLOCK_MS = 20;

/**
 * Files on node:fs. Calls are synchronous where one answer is small: an asynchronous call costs a hop to another thread,
 * which is most of the time it takes to hash ten thousand small files.
 * What is there but cannot be read is a UserError.
 */
export const nodeFiles: Files = {
  readText: (path) => settle(() => present(path, () => readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))),
  read: readChunks,
  stat: (path) => settle(() => present(path, () => describe(statSync(path)))),
  list: (path) => settle(() => present(path, () => listFolder(path))),
  realPath: (path) => settle(() => present(path, () => realpathSync.native(path))),
};

function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

function describe(stats: Stats): FileStat {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  return { kind, size: kind === 'file' ? stats.size : 0 };
}

function listFolder(path: string): readonly FileEntry[] {
  return readdirSync(path, { withFileTypes: true }).map((entry) => {
    const isLink = entry.isSymbolicLink();
    const target = isLink ? present(path, () => statSync(join(path, entry.name))) : entry;
    const kind = target?.isFile() === true ? 'file' : target?.isDirectory() === true ? 'folder' : 'other';
    return { name: entry.name, kind, isLink };
  });
}

/** The answer, or undefined when there is nothing at the path. */
function present<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

let lastPause = 0;

/** Lets pending events in when reading has held them up for long enough. */
async function pause(): Promise<void> {
  if (performance.now() - lastPause < LONGEST_BLOCK_MS) return;
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  lastPause = performance.now();
}

async function* readChunks(path: string): AsyncIterable<Uint8Array> {
  try {
    const { first, whole } = readFirstChunk(path);
    if (first.byteLength > 0) yield first;
    await pause();
    if (!whole) yield* readFrom(path, first.byteLength);
  } catch (error) {
    throw isSystemError(error) ? unreadable(path, error) : error;
  }
}

function readFirstChunk(path: string): { readonly first: Uint8Array; readonly whole: boolean } {
  const file = openSync(path, 'r');
  try {
    const size = Math.min(CHUNK_SIZE, statSync(path).size);
    const buffer = Buffer.allocUnsafeSlow(size + 1);
    const length = readSync(file, buffer, 0, size + 1, 0);
    return { first: buffer.subarray(0, length), whole: length <= size };
  } finally {
    closeSync(file);
  }
}

async function* readFrom(path: string, start: number): AsyncIterable<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for (let position = start; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(CHUNK_SIZE), 0, CHUNK_SIZE, position);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function isMissing(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function unreadable(path: string, error: unknown): UserError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    ENOTDIR: 'it does not exist',
    EACCES: 'the agent may not read it',
    EPERM: 'the agent may not read it',
    EISDIR: 'it is a folder',
    ELOOP: 'its links lead in a circle',
  };
  const code = isSystemError(error) ? (error.code ?? '') : '';
  return new UserError({ message: `${path} cannot be read: ${reasons[code] ?? String(error)}.` });
}
