import { createHash } from 'node:crypto';
import type { Files, LocalFile } from '../ports.ts';
import { readFiles } from './read-files.ts';
import { sortedByName } from './source-tree.ts';

/** The version of the algorithm, sent beside the hash. */
export const CONTENT_HASH_VERSION = '202208';

/**
 * The hash a code asset is found by: names and sizes of all files first, then all contents, in the order of their lower-cased
 * relative paths. Lower-case hex.
 *
 * @param content the files with their path relative to the folder as name; a single file with its own name
 */
export async function contentHash(files: Pick<Files, 'read'>, content: readonly LocalFile[]): Promise<string> {
  const sorted = sortedByName(content, (file) => file.name);
  const names = sorted.map((file) => `#${file.name}#${file.size}`).join('');
  const hash = createHash('sha256').update(`${sorted.length}${names}`);
  await readFiles(files, sorted, { chunk: (bytes) => hash.update(bytes) });
  return hash.digest('hex');
}
