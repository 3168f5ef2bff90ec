import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClock } from '../../../local/emulator/clock.ts';
import { lastMoment, openState } from '../../../local/emulator/state.ts';

describe('the last moment of a state folder', () => {
  it('is the time of its latest change, also when virtual time ran ahead', () => {
    const folder = mkdtempSync(join(tmpdir(), 'emulator-state-test-'));
    const clock = startClock({ originReal: Date.now(), originVirtual: Date.UTC(2100, 0, 1), speed: 1 });
    try {
      assert.equal(lastMoment(folder), 0);
      const state = openState(clock, folder);
      const { modifiedAt } = state.collection<string>('things').put('a', 'x');
      state.close();
      assert.equal(lastMoment(folder), modifiedAt);
      assert.ok(modifiedAt >= Date.UTC(2100, 0, 1));
    } finally {
      clock.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
