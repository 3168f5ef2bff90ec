import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import type { FuzzCase } from './fuzz-cases.ts';
import type { FuzzMessage, FuzzWork } from './fuzz-worker.ts';

/** Other seeds make other documents: FUZZ_SEEDS=7,8,9 npx mocha test/unit/aml-yaml/fuzz/fuzz.test.ts */
const SEEDS = (process.env.FUZZ_SEEDS ?? '20240501').split(',').map(Number);
const DOCUMENTS = 5000;
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
  assert.equal(failures.length, 0, `${failures.length} documents:\n\n${shown}`);
}

for (const seed of SEEDS) {
  describe(`hostile YAML (seed ${seed})`, function () {
    this.timeout(120_000);

    // Both at once, each in its thread.
    let changed: Promise<FuzzResult>;
    let traversals: Promise<FuzzResult>;
    before(() => {
      changed = fuzz({ seed, documents: DOCUMENTS });
      traversals = fuzz({ seed, documents: 'traversals' });
      // Whoever waits for it tells of a failure.
      traversals.catch(() => undefined);
    });

    it(`gives a plan or a user error for ${DOCUMENTS} changed documents`, async () => {
      const result = await changed;
      assertNone(result);
      assert.equal(result.plans + result.refusals, DOCUMENTS);
      // A fuzz test that only ever meets syntax errors, or changes nothing, shows nothing.
      assert.ok(result.plans > DOCUMENTS / 20 && result.refusals > DOCUMENTS / 4, JSON.stringify(result));
    });

    it('reads nothing outside of the sources, whatever value of whatever field leads there', async () => {
      const result = await traversals;
      assertNone(result);
      assert.ok(result.plans + result.refusals > 3000, JSON.stringify(result));
    });
  });
}
