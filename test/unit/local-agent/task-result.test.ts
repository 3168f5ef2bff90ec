import assert from 'node:assert/strict';
import { mergeResults, parseResult, type TaskResult } from '../../../local/agent/task-result.ts';

describe('merging of results', () => {
  const vectors: readonly (readonly [TaskResult | undefined, TaskResult, TaskResult])[] = [
    [undefined, 'Failed', 'Failed'],
    ['Succeeded', 'SucceededWithIssues', 'SucceededWithIssues'],
    ['SucceededWithIssues', 'Succeeded', 'SucceededWithIssues'],
    ['Failed', 'Succeeded', 'Failed'],
    ['Failed', 'Canceled', 'Canceled'],
    ['Canceled', 'Failed', 'Canceled'],
    ['Skipped', 'Failed', 'Skipped'],
    ['Abandoned', 'Canceled', 'Abandoned'],
  ];

  for (const [current, coming, expected] of vectors) {
    it(`${current ?? 'nothing'} and ${coming} give ${expected}`, () => {
      assert.equal(mergeResults(current, coming), expected);
    });
  }
});

describe('results in commands', () => {
  it('are exact names or numbers', () => {
    assert.equal(parseResult('Canceled'), 'Canceled');
    assert.equal(parseResult('2'), 'Failed');
    for (const text of ['Cancelled', 'failed', '', '9']) assert.equal(parseResult(text), undefined, text);
  });
});
