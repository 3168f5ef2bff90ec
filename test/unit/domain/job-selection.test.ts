import assert from 'node:assert/strict';
import { countsText, worstStatus } from '../../../tasks/common/domain/job-counts.ts';
import {
  isSearch,
  isSelected,
  readJobNames,
  readTags,
  selectionProblems,
  type JobSelection,
} from '../../../tasks/common/domain/job-selection.ts';

const NOTHING: JobSelection = { names: [], patterns: [], tags: [], runId: undefined };

describe('which jobs are meant', () => {
  it('is read from lines, commas, JSON arrays and the keys of JSON objects, each name once', () => {
    const { names, patterns } = readJobNames(['a', 'b, c', '["d","a"]', '{"e":"Completed"}', 'train-*', '[xy]-1']);
    assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(patterns, ['train-*', '[xy]-1']);
  });

  it('is read from tags with and without a value', () => {
    assert.deepEqual(readTags(['team = a=b', 'nightly']), [
      ['team', 'a=b'],
      ['nightly', undefined],
    ]);
  });

  it('must be something, and be possible', () => {
    assert.match(selectionProblems(NOTHING).join(), /jobNames, tags or onlyThisRun/);
    assert.equal(selectionProblems({ ...NOTHING, names: ['a b', 'c/d'] }).length, 2);
    assert.match(selectionProblems({ ...NOTHING, names: ['a'], runId: '1' }).join(), /plain names/);
    assert.deepEqual(selectionProblems({ ...NOTHING, names: ['a'], patterns: ['b*'], runId: '1' }), []);
  });

  it('is searched for only where names are not enough', () => {
    assert.equal(isSearch({ ...NOTHING, names: ['a'] }), false);
    assert.equal(isSearch({ ...NOTHING, names: ['a'], patterns: ['b*'] }), true);
    assert.equal(isSearch({ ...NOTHING, runId: '1' }), true);
  });

  it('fits when pattern, tags and run do', () => {
    const job = { properties: { tags: { team: 'a' }, properties: { 'azdo.buildId': '7' } } };
    const fits = (selection: Partial<JobSelection>) => isSelected({ ...NOTHING, ...selection }, 'train-1', job);
    assert.equal(fits({ patterns: ['score-*', 'train-?'], tags: [['team', 'a']], runId: '7' }), true);
    assert.equal(fits({ patterns: ['score-*'] }), false);
    assert.equal(fits({ tags: [['team', 'b']] }), false);
    assert.equal(fits({ tags: [['team', undefined]] }), true);
    assert.equal(fits({ runId: '8' }), false);
  });
});

describe('many states', () => {
  it('are counted in the order in which jobs go through them', () => {
    const states = ['Completed', 'Running', 'Failed', 'Running', 'Provisioning', ''];
    assert.equal(countsText(states), '1 not seen, 1 Provisioning, 2 Running, 1 Completed, 1 Failed');
  });

  it('are as bad as the worst of them', () => {
    assert.equal(worstStatus(['Completed', 'Canceled', 'Failed', 'Running']), 'Failed');
    assert.equal(worstStatus(['Completed', 'Running', 'Canceled']), 'Canceled');
    assert.equal(worstStatus(['Completed', 'Running']), 'Running');
    assert.equal(worstStatus(['Completed', 'Completed']), 'Completed');
  });
});
