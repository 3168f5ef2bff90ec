import assert from 'node:assert/strict';
import { pollInterval } from '../../../tasks/common/domain/polling.ts';

describe('polling', () => {
  it('watches closely what moves and costs two requests a minute otherwise', () => {
    assert.equal(pollInterval(0), 2000);
    assert.equal(pollInterval(100_000), 10_000);
    assert.equal(pollInterval(30 * 3_600_000), 30_000);
  });
});
