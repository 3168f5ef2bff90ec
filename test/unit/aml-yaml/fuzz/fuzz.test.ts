import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import type { FuzzCase } from './fuzz-cases.ts';
import type { FuzzMessage, FuzzWork } from './fuzz-worker.ts';

/** Another seed makes other documents: FUZZ_SEED=7 npx mocha test/unit/aml-yaml/fuzz/fuzz.test.ts */
const SEED = Number(process.env.FUZZ_SEED ?? 20240501);
const DOCUMENTS = 3700;
/** Longer than any document takes on a busy machine. */
const BOUND_MS = 5000;
const SHOWN_FAILURES = 5;

/** A thread does not inherit the loader of TypeScript. */
const LOAD_WORKER = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('fuzz-worker.ts', import.meta.url).href)});
});`;

interface FuzzResult {
  readonly plans: number;
  readonly refusals: number;
  readonly failures: readonly string[];
}

/** Plans in another thread; one document that takes longer than the bound is a failure, and the last one. */
function fuzz(work: FuzzWork): Promise<FuzzResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(LOAD_WORKER, { eval: true, workerData: work });
    const failures: string[] = [];
    const end = (plans: number, refusals: number): void => {
      clearTimeout(bound);
      void worker.terminate();
      resolve({ plans, refusals, failures });
    };
    let last: FuzzCase | undefined;
    const bound = setTimeout(() => {
      failures.push(last === undefined ? 'The worker did not start.' : described(last, `No end after ${BOUND_MS} ms.`));
      end(0, 0);
    }, BOUND_MS * 2);
    worker.on('error', (error) => {
      clearTimeout(bound);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('message', (message: FuzzMessage) => {
      if (message.kind === 'begin') {
        last = message.fuzzCase;
        bound.refresh();
      } else if (message.kind === 'failure') failures.push(described(message.fuzzCase, message.what));
      else end(message.plans, message.refusals);
    });
  });
}

function described({ name, changed, planned, text }: FuzzCase, what: string): string {
  return `${name}: ${changed}, planned ${planned}\n${what}\n--- (${text.length} characters)\n${text.slice(0, 1500)}\n---`;
}

function assertNone({ failures }: FuzzResult): void {
  const shown = failures.slice(0, SHOWN_FAILURES).join('\n\n');
  assert.equal(failures.length, 0, `${failures.length} documents, seed ${SEED}:\n\n${shown}`);
}

describe('hostile YAML', function () {
  this.timeout(120_000);

  it(`gives a plan or a user error for ${DOCUMENTS} changed documents (seed ${SEED})`, async () => {
    const result = await fuzz({ seed: SEED, count: DOCUMENTS });
    assertNone(result);
    assert.equal(result.plans + result.refusals, DOCUMENTS);
    // A fuzz test that only ever meets syntax errors, or changes nothing, shows nothing.
    assert.ok(result.plans > DOCUMENTS / 20 && result.refusals > DOCUMENTS / 4, JSON.stringify(result));
  });

  it('reads nothing outside of the sources, whatever value of whatever field leads there', async () => {
    const result = await fuzz('traversals');
    assertNone(result);
    assert.ok(result.plans + result.refusals > 1000, JSON.stringify(result));
  });
});
