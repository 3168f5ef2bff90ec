import assert from 'node:assert/strict';
import { formatTimeSpan, parseDuration } from '../../../../local/emulator/jobs/durations.ts';

describe('lengths of time', () => {
  it('are read from ISO 8601', () => {
    assert.equal(parseDuration('PT5M'), 300_000);
    assert.equal(parseDuration('P1DT2H3M4.5S'), 93_784_500);
    assert.equal(parseDuration('PT3600S'), 3_600_000);
  });
  it('are undefined when they are none', () => {
    for (const text of ['', 'P', 'PT', '5 minutes', 'PT5X']) assert.equal(parseDuration(text), undefined, text);
  });
  it('are written as .NET time spans', () => {
    assert.equal(formatTimeSpan(53), '00:00:00.0530000');
    assert.equal(formatTimeSpan(559_598), '00:09:19.5980000');
    assert.equal(formatTimeSpan(90_061_001), '1.01:01:01.0010000');
  });
});
