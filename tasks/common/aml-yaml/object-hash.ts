import { createHash } from 'node:crypto';
import type { Files } from '../ports.ts';
import { isIgnored, type IgnoreRule } from './ignore-rules.ts';
import { readFiles } from './read-files.ts';
import { sortedByName, type TreeEntry, type TreeFile } from './source-tree.ts';

const SEED = 'Initialize for october 2021 AML CLI version';

/**
 * The hash that names an upload to a datastore (`LocalUpload/<hash>/…`): names and contents in the order of a walk, children by
 * their lower-cased name. A folder that a rule leaves out is skipped whole. Lower-case hex.
 */
export async function objectHash(files: Files, root: TreeEntry, rules: readonly IgnoreRule[]): Promise<string> {
  const hash = createHash('sha256').update(SEED);
  const walk = root.kind === 'file' ? [root] : [...walkFolder(root.children, rules, '')];
  const names = namesBeforeEach(walk);
  const contents = walk.filter((step) => typeof step !== 'string');
  await readFiles(files, contents, {
    begin: (index) => names[index]?.forEach((name) => hash.update(name)),
    chunk: (bytes) => hash.update(bytes),
  });
  names.at(-1)?.forEach((name) => hash.update(name));
  return hash.digest('hex');
}

function* walkFolder(
  children: readonly TreeEntry[],
  rules: readonly IgnoreRule[],
  prefix: string,
): Generator<string | TreeFile> {
  for (const child of sortedByName(children, (entry) => entry.name)) {
    const path = prefix + child.name;
    if (isIgnored(path, rules)) continue;
    yield child.name;
    if (child.kind === 'file') yield child;
    else yield* walkFolder(child.children, rules, `${path}/`);
  }
}

/** The names between two contents; the last group stands after the last content. */
function namesBeforeEach(walk: readonly (string | TreeFile)[]): readonly string[][] {
  const groups: string[][] = [[]];
  for (const step of walk) {
    if (typeof step === 'string') groups.at(-1)?.push(step);
    else groups.push([]);
  }
  return groups;
}
