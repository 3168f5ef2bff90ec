import assert from 'node:assert/strict';
import { runFilter, runOrder } from '../../../local/emulator/regional/mlflow-search.ts';
import type { SearchedRun } from '../../../local/emulator/regional/mlflow-search.ts';
import { latestMetrics } from '../../../local/emulator/regional/mlflow-bodies.ts';
import { EmulatedError } from '../../../local/emulator/errors.ts';

function searched(id: string, auc: number | undefined, more: Partial<SearchedRun['run']> = {}): SearchedRun {
  return {
    run: {
      workspace: 'w',
      id,
      uuid: id,
      kind: 'client',
      parentId: null,
      rootId: id,
      experimentId: 'e',
      displayName: id,
      name: null,
      description: null,
      status: 'Completed',
      createdAt: 1,
      startedAt: 1,
      endedAt: 2,
      modifiedAt: 2,
      createdBy: 'u',
      revision: 1,
      statusRevision: 1,
      tags: {},
      properties: {},
      target: null,
      containerOf: id,
      inputs: {},
      outputs: {},
      error: null,
      warnings: [],
      cancelReason: null,
      isDeleted: false,
      ...more,
    },
    tracked: {
      parameters: { depth: '3' },
      metrics: auc === undefined ? {} : { 'test auc': [{ value: auc, timestamp: 1, step: 0 }] },
    },
  };
}

describe('MLflow search', () => {
  it('compares metrics as numbers and the rest as text, clauses joined by and', () => {
    const run = searched('a', 0.95, { tags: { team: 'x' } });
    assert.ok(runFilter("metrics.`test auc` > 0.9 and params.depth = '3' AND tags.team = 'x'")(run));
    assert.ok(!runFilter('metrics.`test auc` > 0.99')(run));
    assert.ok(runFilter("attributes.status = 'FINISHED' and run_name LIKE 'a%'")(run));
    assert.ok(runFilter('')(run));
  });
  it('does not match a run without the value', () => {
    assert.ok(!runFilter('metrics.`test auc` < 0.9')(searched('a', undefined)));
  });
  it('refuses what it cannot read as the service does', () => {
    assert.throws(() => runFilter('metrics.auc >'), EmulatedError);
  });
  it('orders by a metric, runs without it last, newest first among equals', () => {
    const runs = [
      searched('none', undefined),
      searched('low', 0.1),
      searched('high', 0.9),
      searched('high2', 0.9, { createdAt: 5 }),
    ];
    const names = [...runs].sort(runOrder(['metrics.`test auc` DESC'])).map(({ run }) => run.id);
    assert.deepEqual(names, ['high2', 'high', 'low', 'none']);
  });
});

describe('the latest value of a metric', () => {
  it('is that of the highest step, then of the latest time, then the last logged', () => {
    const point = (value: number, step: number, timestamp: number) => ({ value, step, timestamp });
    assert.deepEqual(
      latestMetrics({
        a: [point(1, 2, 1), point(2, 1, 9)],
        b: [point(1, 0, 5), point(2, 0, 4)],
        c: [point(1, 0, 5), point(2, 0, 5)],
        d: [],
      }),
      { a: point(1, 2, 1), b: point(1, 0, 5), c: point(2, 0, 5) },
    );
  });
});
