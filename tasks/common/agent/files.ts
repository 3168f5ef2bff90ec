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

/** True when reading has held pending events up for long enough. */
function isPauseDue(): boolean {
  return performance.now() - lastPause >= LONGEST_BLOCK_MS;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  lastPause = performance.now();
}

/** Buffers of readers that have ended. A new one for each of ten thousand files would cost more than reading them. */
const freeBuffers: Buffer[] = [];

async function* readChunks(path: string, size?: number): AsyncIterable<Uint8Array> {
  const buffer = freeBuffers.pop() ?? Buffer.allocUnsafeSlow(CHUNK_SIZE);
  try {
    const length = readFirstChunk(path, buffer, size);
    if (length > 0) yield buffer.subarray(0, length);
    if (isPauseDue()) await pause();
    // A chunk that is not full is the file's last.
    if (length === CHUNK_SIZE) yield* readFrom(path, length, buffer);
  } catch (error) {
    throw isSystemError(error) ? unreadable(path, error) : error;
  } finally {
    freeBuffers.push(buffer);
  }
}

function readFirstChunk(path: string, buffer: Buffer, size: number | undefined): number {
  const file = openSync(path, 'r');
  try {
    let length = 0;
    // A file system may give less than is there: without a known size, nothing more is the only sure end.
    for (let more = -1; more !== 0 && length !== size && length < CHUNK_SIZE; length += more) {
      more = readSync(file, buffer, length, CHUNK_SIZE - length, length);
    }
    return length;
  } finally {
    closeSync(file);
  }
}

async function* readFrom(path: string, start: number, buffer: Buffer): AsyncIterable<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for (let position = start; ;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_SIZE, position);
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
