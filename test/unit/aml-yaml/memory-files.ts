import { posix } from 'node:path';
import type { FileEntry, Files } from '../../../tasks/common/ports.ts';

/** A disk in memory: absolute path to content, or to the target of a link. */
export type Tree = Readonly<Record<string, string | { readonly linkTo: string }>>;

/** The Files port over a tree; folders are there because something lies below them. */
export function memoryFiles(tree: Tree): Files {
  const paths = Object.keys(tree);
  const isFolder = (path: string): boolean => paths.some((name) => name.startsWith(path === '/' ? '/' : `${path}/`));
  const resolvePath = (path: string, depth = 0): string | undefined => {
    if (depth > 20) return undefined;
    for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      const prefix = end < 0 ? path : path.slice(0, end);
      const entry = tree[prefix];
      if (typeof entry === 'object') {
        const target = posix.resolve(posix.dirname(prefix), entry.linkTo) + path.slice(prefix.length);
        return resolvePath(target, depth + 1);
      }
      if (end < 0) return entry !== undefined || isFolder(path) ? path : undefined;
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
      if (folder === undefined) return Promise.resolve(undefined);
      const below = paths.filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1));
      const names = [...new Set(below.map((name) => name.split('/')[0] ?? ''))];
      return Promise.resolve(
        names.map((name): FileEntry => {
          const isLink = typeof tree[`${folder}/${name}`] === 'object';
          return { name, kind: content(`${folder}/${name}`) === undefined ? 'folder' : 'file', isLink };
        }),
      );
    },
    realPath: (path) => Promise.resolve(resolvePath(path)),
  };
}

/** In two chunks, so that nobody relies on whole files. */
async function* bytes(text: string): AsyncIterable<Uint8Array> {
  const buffer = Buffer.from(text);
  const middle = Math.floor(buffer.length / 2);
  yield await Promise.resolve(buffer.subarray(0, middle));
  yield buffer.subarray(middle);
}
