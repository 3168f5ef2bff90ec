/** Plans documents in a thread of its own, so that a document that never ends can be told and stopped. */
import { parentPort, workerData } from 'node:worker_threads';
import { planFile } from '../../../../tasks/common/aml-yaml/plan-file.ts';
import { UserError } from '../../../../tasks/common/errors.ts';
import { randomCase, traversalCases, watchedFiles, type FuzzCase } from './fuzz-cases.ts';

/** Random changes, or paths that lead out in the place of every value. */
export interface FuzzWork {
  readonly seed: number;
  readonly documents: number | 'traversals';
}

export type FuzzMessage =
  | { readonly kind: 'begin'; readonly fuzzCase: FuzzCase }
  | { readonly kind: 'failure'; readonly fuzzCase: FuzzCase; readonly what: string }
  | { readonly kind: 'end'; readonly plans: number; readonly refusals: number };

function* cases({ seed, documents }: FuzzWork): Iterable<FuzzCase> {
  if (documents === 'traversals') yield* traversalCases(seed);
  else for (let index = 0; index < documents; index += 1) yield randomCase(seed, index);
}

async function run(fuzzCase: FuzzCase): Promise<'plan' | 'refusal' | { readonly failure: string }> {
  const outside: string[] = [];
  let result: 'plan' | 'refusal' = 'plan';
  try {
    await planFile({
      file: fuzzCase.planned.slice('/sources/'.length),
      absolutePath: fuzzCase.planned,
      files: watchedFiles(fuzzCase, outside),
      workspace: { subscriptionId: 's', resourceGroup: 'rg', name: 'ws' },
      sourcesDirectory: '/sources',
      job: { name: 'job', experimentName: 'e', properties: { p: '1' }, tags: { t: '1' } },
      lineage: { l: '1' },
    });
  } catch (error) {
    if (!(error instanceof UserError)) return { failure: error instanceof Error ? String(error.stack) : String(error) };
    if (error.problems.some(({ message }) => message.trim() === ''))
      return { failure: 'A problem without a sentence.' };
    result = 'refusal';
  }
  return outside.length === 0 ? result : { failure: `Outside of the sources: ${outside.join(', ')}` };
}

const counts = { plan: 0, refusal: 0 };
const post = (message: FuzzMessage): void => {
  parentPort?.postMessage(message);
};
for (const fuzzCase of cases(workerData as FuzzWork)) {
  post({ kind: 'begin', fuzzCase });
  const outcome = await run(fuzzCase);
  if (typeof outcome === 'string') counts[outcome] += 1;
  else post({ kind: 'failure', fuzzCase, what: outcome.failure });
}
post({ kind: 'end', plans: counts.plan, refusals: counts.refusal });
