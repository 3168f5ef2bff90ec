import { join } from 'node:path';
import type { Files, LocalFile } from '../ports.ts';
import { isIgnored, type IgnoreRule } from './ignore-rules.ts';
import { compareCodePoints } from './python-literals.ts';

export interface TreeFile {
  readonly kind: 'file';
  readonly name: string;
  readonly path: string;
  readonly size: number;
}
/** A folder with links followed; a link keeps its own name. */
export interface TreeFolder {
  readonly kind: 'folder';
  readonly name: string;
  readonly children: readonly TreeEntry[];
}
export type TreeEntry = TreeFile | TreeFolder;

/** Asked for every link, before anything is read of what it leads to; a link that must not be followed is left out. */
export type LinkGuard = (linkPath: string, target: string) => Promise<boolean>;

/**
 * Lists a folder with everything below it.
 *
 * @param folder absolute path with links resolved
 * @throws RangeError where a link leads back to a folder it lies in
 */
export async function listTree(files: Files, folder: string, guard: LinkGuard): Promise<TreeFolder> {
  return { kind: 'folder', name: '', children: await listFolder(files, folder, [folder], guard) };
}

async function listFolder(
  files: Files,
  folder: string,
  ancestors: readonly string[],
  guard: LinkGuard,
): Promise<readonly TreeEntry[]> {
  const entries = (await files.list(folder)) ?? [];
  const children = await Promise.all(
    entries.map(async (entry): Promise<TreeEntry | undefined> => {
      const path = join(folder, entry.name);
      const target = entry.isLink ? await files.realPath(path) : path;
      if (target === undefined) return undefined;
      if (entry.isLink && !(await guard(path, target))) return undefined;
      const stat = await files.stat(target);
      if (stat?.kind === 'file') return { kind: 'file', name: entry.name, path: target, size: stat.size };
      if (stat?.kind !== 'folder') return undefined;
      if (ancestors.includes(target)) throw new RangeError(`${path} leads back to ${target}, the folder it lies in.`);
      const below = await listFolder(files, target, [...ancestors, target], guard);
      return { kind: 'folder', name: entry.name, children: below };
    }),
  );
  return children.filter((child) => child !== undefined);
}

/** Every file of the tree that no rule leaves out, with its path relative to the root as its name. */
export function flattenTree(tree: TreeFolder, rules: readonly IgnoreRule[], prefix = ''): readonly LocalFile[] {
  return tree.children.flatMap((child) => {
    const name = prefix + child.name;
    if (child.kind === 'folder') return flattenTree(child, rules, `${name}/`);
    return isIgnored(name, rules) ? [] : [{ path: child.path, name, size: child.size }];
  });
}

/** Sorts as the service's client does: by the lower-cased text, code point by code point, equal ones as they came. */
export function sortedByName<T>(items: readonly T[], name: (item: T) => string): readonly T[] {
  return items
    .map((item) => ({ item, key: name(item).toLowerCase() }))
    .toSorted((a, b) => compareCodePoints(a.key, b.key))
    .map(({ item }) => item);
}
