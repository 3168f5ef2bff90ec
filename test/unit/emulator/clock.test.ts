import assert from 'node:assert/strict';
import { formatClock, parseClock } from '../../../local/emulator/clock.ts';

describe('the three numbers of a clock', () => {
  it('are read as they are written', () => {
    const settings = { originReal: 1, originVirtual: 2.5, speed: 60 };
    assert.deepEqual(parseClock(formatClock(settings)), settings);
  });

  for (const text of ['', '1,2', '1,2,0', '1,2,-1', 'a,b,c', '1,2,3,4']) {
    it(`are not '${text}'`, () => {
      assert.equal(parseClock(text), undefined);
    });
  }
});
