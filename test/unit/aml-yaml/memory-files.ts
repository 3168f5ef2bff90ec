import { posix } from 'node:path';
import type { FileEntry, Files } from '../../../tasks/common/ports.ts';

/** A disk in memory: absolute path to content, or to the target of a link. */
export type Tree = Readonly<Record<string, string | { readonly linkTo: string }>>;

/** The Files port over a tree; folders are there because something lies below them. */
export function memoryFiles(tree: Tree): Files {
  const folders = namesByFolder(Object.keys(tree));
  const resolvePath = (path: string, depth = 0): string | undefined => {
    if (depth > 20) return undefined;
    for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      const prefix = end < 0 ? path : path.slice(0, end);
      const entry = tree[prefix];
      if (typeof entry === 'object') {
        const target = posix.resolve(posix.dirname(prefix), entry.linkTo) + path.slice(prefix.length);
        return resolvePath(target, depth + 1);
      }
      if (end < 0) return entry !== undefined || folders.has(path) ? path : undefined;
    }
  };
  const content = (path: string): string | undefined => {
    const entry = tree[resolvePath(path) ?? ''];
    return typeof entry === 'string' ? entry : undefined;
  };
  return {
    readText: (path) => Promise.resolve(content(path)),
    read: (path) => bytes(content(path) ?? ''),
    stat: (path) => {
      const found = resolvePath(path);
      const text = content(path);
      if (text !== undefined) return Promise.resolve({ kind: 'file', size: Buffer.byteLength(text) });
      return Promise.resolve(found === undefined ? undefined : { kind: 'folder', size: 0 });
    },
    list: (path) => {
      const folder = resolvePath(path);
      const names = folders.get(folder ?? '');
      if (folder === undefined || names === undefined) return Promise.resolve(undefined);
      return Promise.resolve(
        [...names].map((name): FileEntry => {
          const isLink = typeof tree[`${folder}/${name}`] === 'object';
          return { name, kind: content(`${folder}/${name}`) === undefined ? 'folder' : 'file', isLink };
        }),
      );
    },
    realPath: (path) => Promise.resolve(resolvePath(path)),
  };
}

/** What lies directly in each folder, in the order of the paths. */
function namesByFolder(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    for (let at = path; at !== '/'; at = posix.dirname(at)) {
      const parent = posix.dirname(at);
      const names = folders.get(parent) ?? new Set();
      folders.set(parent, names.add(posix.basename(at)));
    }
  }
  return folders;
}

/** In two chunks, so that nobody relies on whole files. */
async function* bytes(text: string): AsyncIterable<Uint8Array> {
  const buffer = Buffer.from(text);
  const middle = Math.floor(buffer.length / 2);
  yield await Promise.resolve(buffer.subarray(0, middle));
  yield buffer.subarray(middle);
}
