import { basename, join } from 'node:path';
import type { LocalFile } from '../ports.ts';
import { contentHash } from './content-hash.ts';
import { COMPONENT_RULES, parseIgnoreRules, type IgnoreRule } from './ignore-rules.ts';
import { objectHash } from './object-hash.ts';
import type { LocalSource } from './plan.ts';
import { checkInside, resolveLocalPath, type Planning } from './planning.ts';
import { flattenTree, listTree, type TreeEntry, type TreeFolder } from './source-tree.ts';
import type { Place } from './yaml-node.ts';

/** A path as the file has it, and what to call it in a sentence. */
export interface LocalPath {
  readonly folder: string;
  readonly written: string;
  readonly place: Place;
  /** `The code`, `The data path` … */
  readonly what: string;
}

/** What a code asset is made of: the code of a component leaves out `__pycache__`, that of a job does not. */
export type CodeOwner = 'job' | 'component';

/** Lists and hashes code; undefined after reporting what is wrong with it. */
export async function codeSource(
  planning: Planning,
  path: LocalPath,
  owner: CodeOwner,
): Promise<LocalSource | undefined> {
  const found = await findEntry(planning, path);
  if (found === undefined) return undefined;
  const rules = owner === 'component' ? [...found.rules, ...COMPONENT_RULES] : found.rules;
  return toCodeSource(planning, path, found, filesOf(found.entry, rules));
}

/** Hashes an already chosen list of files as code. */
export async function toCodeSource(
  planning: Planning,
  path: LocalPath,
  found: Pick<FoundEntry, 'real' | 'entry'>,
  content: readonly LocalFile[],
  name = basename(found.real),
): Promise<LocalSource | undefined> {
  if (!hasContent(planning, path, content)) return undefined;
  return {
    path: found.real,
    kind: found.entry.kind,
    basename: name,
    files: content,
    contentHash: await contentHash(planning.request.files, content),
    objectHash: '',
  };
}

/** Lists and hashes what goes to a datastore; undefined after reporting what is wrong with it. */
export async function dataSource(planning: Planning, path: LocalPath): Promise<LocalSource | undefined> {
  const found = await findEntry(planning, path);
  if (found === undefined) return undefined;
  const content = filesOf(found.entry, found.rules);
  if (!hasContent(planning, path, content)) return undefined;
  return {
    path: found.real,
    kind: found.entry.kind,
    basename: basename(found.real),
    files: content,
    contentHash: '',
    objectHash: await objectHash(planning.request.files, found.entry, found.rules),
  };
}

/** The object hash of the same data with nothing left out: what a pipeline component's hash takes in. */
export async function unfilteredObjectHash(planning: Planning, source: LocalSource): Promise<string> {
  const entry: TreeEntry =
    source.kind === 'file'
      ? { kind: 'file', name: source.basename, path: source.path, size: source.files[0]?.size ?? 0 }
      : await listTree(planning.request.files, source.path, () => Promise.resolve(true));
  return objectHash(planning.request.files, entry, []);
}

export interface FoundEntry {
  /** Absolute path, links resolved. */
  readonly real: string;
  readonly entry: TreeEntry;
  readonly rules: readonly IgnoreRule[];
}

/** The file or folder behind a path, with everything below it and its ignore rules. */
export async function findEntry(planning: Planning, path: LocalPath): Promise<FoundEntry | undefined> {
  const real = await resolveLocalPath(planning, path.folder, path.written, path.place, path.what);
  if (real === undefined) return undefined;
  const stat = await planning.request.files.stat(real);
  if (stat?.kind === 'file') {
    return { real, entry: { kind: 'file', name: basename(real), path: real, size: stat.size }, rules: [] };
  }
  if (stat?.kind !== 'folder') {
    planning.problems.add(path.place, `${path.what} '${path.written}' is neither a file nor a folder.`);
    return undefined;
  }
  const tree = await listChecked(planning, real, path);
  return tree && { real, entry: tree, rules: await ignoreRulesOf(planning, real, path) };
}

async function listChecked(planning: Planning, folder: string, path: LocalPath): Promise<TreeFolder | undefined> {
  const refused: string[] = [];
  try {
    const tree = await listTree(planning.request.files, folder, async (link, target) => {
      const isInside = await checkInside(planning, target, link, path.place, 'The link');
      if (!isInside) refused.push(link);
      return isInside;
    });
    return refused.length === 0 ? tree : undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    planning.problems.add(path.place, `${path.what} '${path.written}' cannot be walked: ${error.message}`);
    return undefined;
  }
}

async function ignoreRulesOf(planning: Planning, folder: string, path: LocalPath): Promise<readonly IgnoreRule[]> {
  for (const name of ['.amlignore', '.gitignore']) {
    const file = join(folder, name);
    const content = await planning.request.files.readText(file);
    if (content === undefined) continue;
    try {
      return parseIgnoreRules(content);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      planning.problems.add(path.place, `${file}: ${error.message}.`);
    }
    return [];
  }
  return [];
}

function filesOf(entry: TreeEntry, rules: readonly IgnoreRule[]): readonly LocalFile[] {
  return entry.kind === 'folder'
    ? flattenTree(entry, rules)
    : [{ path: entry.path, name: entry.name, size: entry.size }];
}

function hasContent(planning: Planning, path: LocalPath, content: readonly LocalFile[]): boolean {
  if (content.length > 0) return true;
  planning.problems.add(path.place, `${path.what} '${path.written}' has no files to upload.`);
  return false;
}
