import assert from 'node:assert/strict';
import { evaluate, type MetricRule, type Metrics } from '../../../tasks/common/domain/evaluation.ts';

function outcome(rule: Omit<MetricRule, 'metric'>, candidate: number | undefined, champion?: number): string {
  const metrics = (value: number | undefined): Metrics => (value === undefined ? {} : { m: value });
  return evaluate(
    [{ metric: 'm', ...rule }],
    metrics(candidate),
    champion === undefined ? undefined : metrics(champion),
  ).outcome;
}

describe('evaluation', () => {
  it('knows which direction is better', () => {
    assert.equal(outcome({ direction: 'higher' }, 0.9, 0.8), 'promote');
    assert.equal(outcome({ direction: 'higher' }, 0.8, 0.9), 'keepChampion');
    assert.equal(outcome({ direction: 'lower' }, 0.1, 0.2), 'promote');
    assert.equal(outcome({ direction: 'lower' }, 0.2, 0.1), 'keepChampion');
  });

  it('promotes an equal candidate unless an improvement is asked for', () => {
    assert.equal(outcome({ direction: 'higher' }, 0.9, 0.9), 'promote');
    const better = { kind: 'relative', amount: 0.02 } as const;
    assert.equal(outcome({ direction: 'lower', requiredImprovement: better }, 0.5, 0.5), 'keepChampion');
  });

  it('forgives a loss within the tolerance', () => {
    assert.equal(outcome({ direction: 'higher', tolerance: 0.01 }, 0.89, 0.9), 'promote');
    assert.equal(outcome({ direction: 'higher', tolerance: 0.01 }, 0.88, 0.9), 'keepChampion');
    assert.equal(outcome({ direction: 'lower', tolerance: 0.1 }, 0.4, 0.3), 'promote');
  });

  it('takes an improvement in the unit of the metric or as a share of the champion', () => {
    const absolute = { kind: 'absolute', amount: 0.05 } as const;
    assert.equal(outcome({ direction: 'higher', requiredImprovement: absolute }, 0.85, 0.8), 'promote');
    assert.equal(outcome({ direction: 'higher', requiredImprovement: absolute }, 0.84, 0.8), 'keepChampion');
    const relative = { kind: 'relative', amount: 0.1 } as const;
    assert.equal(outcome({ direction: 'lower', requiredImprovement: relative }, 90, 100), 'promote');
    assert.equal(outcome({ direction: 'lower', requiredImprovement: relative }, 91, 100), 'keepChampion');
    assert.equal(outcome({ direction: 'higher', requiredImprovement: relative }, -0.9, -1), 'promote');
  });

  it('does not let rounding decide', () => {
    const improvement = { kind: 'absolute', amount: 0.1 } as const;
    assert.equal(outcome({ direction: 'higher', requiredImprovement: improvement }, 0.3, 0.2), 'promote');
    assert.equal(outcome({ direction: 'higher' }, 0.1 + 0.2, 0.3), 'promote');
  });

  it('holds minimum and maximum also without a champion, and even against a worse one', () => {
    assert.equal(outcome({ direction: 'higher', minimum: 0.9 }, 0.91), 'promote');
    assert.equal(outcome({ direction: 'higher', minimum: 0.9 }, 0.89), 'keepChampion');
    assert.equal(outcome({ direction: 'higher', minimum: 0.9 }, 0.89, 0.5), 'keepChampion');
    assert.equal(outcome({ direction: 'lower', maximum: 100 }, 101, 200), 'keepChampion');
  });

  it('calls a missing metric and NaN an error, on either side, never a decision', () => {
    assert.equal(outcome({ direction: 'higher' }, undefined, 0.5), 'error');
    assert.equal(outcome({ direction: 'higher' }, NaN, 0.5), 'error');
    assert.equal(outcome({ direction: 'lower' }, 0.5, NaN), 'error');
    assert.equal(outcome({ direction: 'lower' }, 0.5, Infinity), 'error');
    assert.equal(evaluate([{ metric: 'm', direction: 'higher' }], { m: 1 }, {}).outcome, 'error');
  });

  it('promotes only when every rule holds, and gives a reason for each', () => {
    const rules: MetricRule[] = [
      { metric: 'auc', direction: 'higher', minimum: 0.9 },
      { metric: 'loss', direction: 'lower', requiredImprovement: { kind: 'relative', amount: 0.02 } },
    ];
    const { outcome: result, results } = evaluate(rules, { auc: 0.95, loss: 0.3 }, { auc: 0.94, loss: 0.3 });
    assert.equal(result, 'keepChampion');
    assert.deepEqual(
      results.map((one) => one.outcome),
      ['passed', 'notPassed'],
    );
    assert.equal(results[1]?.reason, 'As good as the champion; at least 2 % better is asked for.');
  });
});
