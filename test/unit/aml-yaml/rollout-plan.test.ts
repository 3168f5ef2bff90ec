import assert from 'node:assert/strict';
import { readAnalysis, readRolloutPlan } from '../../../tasks/common/aml-yaml/rollout-plan.ts';
import { UserError } from '../../../tasks/common/errors.ts';

const PLAN = `
analysis:
  minimumRequests: 20
  metrics:
    errorPercent: { maximum: 1 }
steps:
  - smoke: { requests: 3 }
  - mirror: 10
  - hold: 90s
  - analyse
  - traffic: 10
  - analyse:
      for: 15m
      every: 2m
      metricsWithin: 1h
      metrics:
        p95Milliseconds: { maximum: 300, maximumIncrease: 20% }
        requests: { minimum: 5, maximumIncrease: 7.5 }
      smoke: { requests: 20, allowedFailures: 1 }
      command: { run: [python3, check.py], timeout: 30s }
  - traffic: 100
  - finish: { oldDeployment: keep, keepHours: 24 }
`;

describe('a rollout plan', () => {
  it('is read whole, with what holds for every analysis', () => {
    const once = { forMs: 0, everyMs: 60_000, metricsWithinMs: 600_000, minimumRequests: 20 };
    const errors = { measure: 'errorPercent', maximum: 1 };
    assert.deepEqual(readRolloutPlan(PLAN, 'plan.yml'), [
      { kind: 'smoke', requests: 3 },
      { kind: 'mirror', percent: 10 },
      { kind: 'hold', ms: 90_000 },
      { kind: 'analyse', analysis: { ...once, limits: [errors], smoke: undefined, command: undefined } },
      { kind: 'traffic', percent: 10 },
      {
        kind: 'analyse',
        analysis: {
          forMs: 900_000,
          everyMs: 120_000,
          metricsWithinMs: 3_600_000,
          minimumRequests: 20,
          limits: [
            { measure: 'requests', minimum: 5, maximumIncrease: { kind: 'absolute', amount: 7.5 } },
            { measure: 'p95Milliseconds', maximum: 300, maximumIncrease: { kind: 'relative', amount: 0.2 } },
          ],
          smoke: { requests: 20, allowedFailures: 1 },
          command: { line: ['python3', 'check.py'], timeoutMs: 30_000 },
        },
      },
      { kind: 'traffic', percent: 100 },
      { kind: 'finish', old: { become: 'kept', hours: 24 } },
    ]);
  });

  it('may name steps without settings, and end in other ways', () => {
    const ends = (last: string) => readRolloutPlan(`steps: [smoke, traffic: 100, ${last}]`, 'plan').at(-1);
    assert.deepEqual(ends('finish'), { kind: 'finish' });
    assert.deepEqual(ends('finish: { oldDeployment: delete }'), { kind: 'finish', old: { become: 'deleted' } });
    assert.deepEqual(ends('finish: { oldDeployment: keep }'), { kind: 'finish', old: { become: 'kept', hours: 0 } });
    assert.deepEqual(ends('pause'), { kind: 'pause', ms: 86_400_000 });
    assert.deepEqual(ends('pause: 72h'), { kind: 'pause', ms: 259_200_000 });
    assert.deepEqual(ends('analyse: { smoke: }'), {
      kind: 'analyse',
      analysis: {
        forMs: 0,
        everyMs: 60_000,
        metricsWithinMs: 600_000,
        minimumRequests: 1,
        limits: [],
        smoke: { requests: 10, allowedFailures: 0 },
        command: undefined,
      },
    });
  });

  it('is refused with every problem and its place', () => {
    const wrong = [
      'steps:',
      '  - hold: 10',
      '  - traffic: 120',
      '  - mirror: 60',
      '  - wait: 5m',
      '  - analyse: { metrics: { errorPercent: { most: 1 }, latency: { maximum: 1 } } }',
      '  - analyse: { command: { run: [] } }',
      '  - smoke: { requests: 0 }',
    ].join('\n');
    assert.throws(
      () => readRolloutPlan(wrong, 'plan.yml'),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(
          error.problems.map(({ file, line }) => [file, line]),
          [2, 3, 4, 5, 6, 6, 7, 8].map((line) => ['plan.yml', line]),
        );
        assert.match(error.message, /'steps\[0\]\.hold' must be a time like 90s, 10m, 2h or 1d, not the number 10/);
        assert.match(error.message, /Unknown field 'latency'/);
        return true;
      },
    );
    assert.throws(() => readRolloutPlan('steps: []', 'p'), /has no steps/);
    assert.throws(() => readRolloutPlan('- smoke', 'p'), UserError);
    assert.throws(() => readRolloutPlan('steps: [smoke]\nanalysis: { every: soon }', 'p'), /'analysis\.every'/);
  });

  it('lends its analysis to a single step of a rollout', () => {
    assert.equal(readAnalysis(' ', 'input'), undefined);
    assert.deepEqual(readAnalysis('metrics: { cpuPercent: { maximum: 80 } }', 'input')?.limits, [
      { measure: 'cpuPercent', maximum: 80 },
    ]);
    assert.throws(() => readAnalysis('metric: {}', 'input'), /Unknown field 'metric'/);
  });
});
