/** How long the content hash of a large folder takes, against SHA-256 of the same bytes read in one stream. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { nodeFiles } from '../../tasks/common/agent/files.ts';
import { contentHash } from '../../tasks/common/aml-yaml/content-hash.ts';
import { flattenTree, listTree } from '../../tasks/common/aml-yaml/source-tree.ts';
import type { LocalFile } from '../../tasks/common/ports.ts';
import { inTurn, times, type Benchmark } from './measurement.ts';
import { FILE_BYTES, FILES, withSourceFolder } from './source-folder.ts';

const ROUNDS = 9;
const BUDGET = 1.2;

export const measureContentHash: Benchmark = () =>
  withSourceFolder(async (folder) => {
    const list = async () => flattenTree(await listTree(nodeFiles, folder, () => Promise.resolve(true)), []);
    const files = await list();
    const [hashing = 0, bare = 0, listing = 0] = await inTurn(
      ROUNDS,
      () => contentHash(nodeFiles, files),
      () => {
        hashInOneStream(files);
      },
      list,
    );
    return [
      {
        what: `content hash of ${FILES} files, ${(FILES * FILE_BYTES) / 1e6} MB`,
        value: hashing / bare,
        budget: BUDGET,
        bound: 'most',
        format: times,
        beside: `${hashing.toFixed(0)} ms, and ${listing.toFixed(0)} ms to list them; SHA-256 of the same bytes in one stream ${bare.toFixed(0)} ms`,
      },
    ];
  });

/** The least that any hash of these files costs: each is opened and read once, all of it goes into one hash. */
function hashInOneStream(files: readonly LocalFile[]): void {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(FILE_BYTES + 1);
  for (const { path } of files) {
    const file = openSync(path, 'r');
    hash.update(buffer.subarray(0, readSync(file, buffer)));
    closeSync(file);
  }
  hash.digest();
}
