import assert from 'node:assert/strict';
import { durationText, elapsedText } from '../../../tasks/common/domain/elapsed-time.ts';

describe('elapsed time', () => {
  it('shows the two largest units', () => {
    assert.equal(elapsedText(0), '0 s');
    assert.equal(elapsedText(59_999), '59 s');
    assert.equal(elapsedText(65_000), '1 min 5 s');
    assert.equal(elapsedText(3_600_000), '1 h');
    assert.equal(elapsedText(3_665_000), '1 h 1 min');
    assert.equal(elapsedText(30 * 3_600_000), '1 d 6 h');
    assert.equal(elapsedText(-5), '0 s');
  });

  it('is empty where a time is missing', () => {
    assert.equal(durationText('2026-01-01T00:00:00Z', '2026-01-01T00:01:05Z'), '1 min 5 s');
    assert.equal(durationText('2026-01-01T00:00:00Z', undefined), '');
    assert.equal(durationText('yesterday', 'today'), '');
  });
});
