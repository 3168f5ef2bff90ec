import assert from 'node:assert/strict';
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { judgeCase, loadComparer } from './judge-case.ts';
import { loadCases } from './recorded-case.ts';

/** Recorded requests of azure-ai-ml; they are no part of the repository. */
const CASES = resolve(import.meta.dirname, '../../../shared/conformance');

describe('requests of the service’s own client, where they are at hand', () => {
  for (const kase of existsSync(CASES) ? loadCases(CASES) : []) {
    it(`${kase.kind} ${kase.name}`, async function () {
      const result = await judgeCase(kase, realpathSync(join(CASES, 'inputs')), await loadComparer(CASES));
      if (result.outcome === 'unsupported') this.skip();
      assert.equal(result.outcome, 'equal', result.details.join('\n'));
    });
  }
});
