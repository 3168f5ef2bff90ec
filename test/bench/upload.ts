/** How fast a folder is uploaded, against ready-made parallel Put Blobs of the same bytes; and what unchanged code costs. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { nodeFiles } from '../../tasks/common/agent/files.ts';
import type { LocalSource } from '../../tasks/common/aml-yaml/plan.ts';
import { flattenTree, listTree } from '../../tasks/common/aml-yaml/source-tree.ts';
import { textAt } from '../../tasks/common/domain/json.ts';
import { uploadCode } from '../../tasks/common/operations/upload-source.ts';
import { withEmulator, type RunningEmulator } from './emulator-process.ts';
import { count, inTurn, times, type Benchmark } from './measurement.ts';
import { readyMade, sendPuts, type Put } from './put-blobs.ts';
import { FILE_BYTES, withSourceFolder } from './source-folder.ts';

const ROUNDS = 3;
/** A part of the folder: a rate does not depend on how long it is kept up, and shorter turns compare better. */
const PART = 500;
/** As many as the product sends. */
const PARALLEL = 16;
const BUDGET = 0.8;

export const measureUpload: Benchmark = () =>
  withSourceFolder((folder) =>
    withEmulator(async (emulator) => {
      const tree = await listTree(nodeFiles, folder, () => Promise.resolve(true));
      const files = flattenTree(tree, []).slice(0, PART);
      const bodies = files.map(({ name, path }) => ({ name, body: readFileSync(path) }));
      let submission = 0;
      let puts: readonly Put[] = [];
      // New content to the service each time: its hash is what it is known by.
      const prepare = async (): Promise<void> => {
        submission += 1;
        const { address, sas } = await newContainer(emulator, `bench-${submission}`);
        puts = bodies.map(({ name, body }) => readyMade(`${address}/src/${name}?${sas}`, body));
      };
      const submit = (): Promise<unknown> => {
        const contentHash = submission.toString(16).padStart(64, '0');
        const source: LocalSource = {
          path: folder,
          kind: 'folder',
          basename: 'src',
          files,
          contentHash,
          objectHash: '',
        };
        return uploadCode(emulator.context, { do: 'uploadCode', key: 'code', source });
      };
      const [, bare = 0, ours = 0] = await inTurn(
        ROUNDS,
        prepare,
        () => sendPuts(puts, PARALLEL, emulator.url, emulator.certificateAuthorities),
        submit,
      );
      const blobsWritten = await writesDuring(emulator, submit);
      const rate = (ms: number): string => `${((PART * FILE_BYTES) / 1e3 / ms).toFixed(0)} MB/s`;
      return [
        {
          what: `rate of uploading ${PART} files, ${(PART * FILE_BYTES) / 1e6} MB`,
          value: bare / ours,
          budget: BUDGET,
          bound: 'least',
          format: times,
          beside: `${rate(ours)}; ready-made parallel Put Blobs ${rate(bare)}`,
        },
        {
          what: 'blobs written when unchanged code is submitted again',
          value: blobsWritten,
          budget: 0,
          bound: 'most',
          format: count,
        },
      ];
    }),
  );

async function newContainer(
  { context }: RunningEmulator,
  name: string,
): Promise<{ readonly address: string; readonly sas: string }> {
  const path = join('codes', name, 'versions', '1', 'startPendingUpload');
  const answer = await context.workspace.post(path, { pendingUploadType: 'TemporaryBlobReference' });
  const [address = '', sas = ''] = (textAt(answer, 'blobReferenceForConsumption', 'credential', 'sasUri') ?? '').split(
    '?',
  );
  return { address, sas };
}

/** Counted by the server, not by us. */
async function writesDuring({ url }: RunningEmulator, work: () => Promise<unknown>): Promise<number> {
  const journal = `${url}/_emulator/requests`;
  await fetch(journal, { method: 'DELETE' });
  await work();
  const answer = await fetch(`${journal}?plane=blob&method=PUT`);
  return ((await answer.json()) as { readonly requests: readonly unknown[] }).requests.length;
}
