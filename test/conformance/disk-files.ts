import { createReadStream } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import type { Files } from '../../tasks/common/ports.ts';

/** The real disk behind the Files port. */
export const diskFiles: Files = {
  readText: (path) => orUndefined(readFile(path, 'utf8')),
  read: (path) => createReadStream(path),
  stat: async (path) => {
    const found = await orUndefined(stat(path));
    if (found === undefined) return undefined;
    if (found.isFile()) return { kind: 'file', size: found.size };
    return { kind: found.isDirectory() ? 'folder' : 'other', size: 0 };
  },
  list: async (path) => {
    const entries = await orUndefined(readdir(path, { withFileTypes: true }));
    return entries?.map((entry) => ({
      name: entry.name,
      kind: entry.isFile() ? ('file' as const) : entry.isDirectory() ? ('folder' as const) : ('other' as const),
      isLink: entry.isSymbolicLink(),
    }));
  },
  realPath: (path) => orUndefined(realpath(path)),
};

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch {
    return undefined;
  }
}
