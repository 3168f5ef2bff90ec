import assert from 'node:assert/strict';
import { runName } from '../../../local/pipeline/run/run-name.ts';

describe('the number of a run', () => {
  const name = (format: string | undefined): string =>
    runName(format, {
      buildId: 12,
      revision: 3,
      now: Date.UTC(2024, 2, 5, 7, 8, 9),
      valueOf: (variable) => (variable === 'app' ? 'shop' : undefined),
    });

  it('is the date and the revision where nothing is written', () => {
    assert.equal(name(undefined), '20240305.3');
  });

  it('expands dates, revisions, the build and variables, and leaves the rest', () => {
    assert.equal(name('$(app)-$(Date:yy.MM.dd)-$(BuildID)$(Rev:.rr)-$(nosuch)'), 'shop-24.03.05-12.03-$(nosuch)');
  });
});
