import assert from 'node:assert/strict';
import { evaluateCondition } from '../../../local/agent/conditions.ts';
import type { TaskResult } from '../../../local/agent/task-result.ts';
import { Variables } from '../../../local/agent/variables.ts';

function holds(
  condition: string | undefined,
  status?: TaskResult,
  values: Readonly<Record<string, string>> = {},
): boolean {
  const variables = new Variables();
  for (const [name, value] of Object.entries(values)) variables.set(name, value);
  return evaluateCondition(condition, status, variables);
}

describe('conditions of steps', () => {
  it('judge the status of the job so far', () => {
    const table: readonly (readonly [TaskResult | undefined, readonly string[]])[] = [
      [undefined, ['always()', 'succeeded()', 'succeededOrFailed()']],
      ['SucceededWithIssues', ['always()', 'succeeded()', 'succeededOrFailed()']],
      ['Failed', ['always()', 'failed()', 'succeededOrFailed()']],
      ['Canceled', ['always()', 'canceled()']],
    ];
    const all = ['always()', 'canceled()', 'failed()', 'succeeded()', 'succeededOrFailed()'];
    for (const [status, expected] of table) {
      assert.deepEqual(
        all.filter((condition) => holds(condition, status)),
        expected,
        status,
      );
    }
  });

  it('are succeeded() where nothing is written', () => {
    assert.equal(holds(undefined, 'Failed'), false);
    assert.equal(holds('  ', undefined), true);
  });

  it('compare variables without case and know a missing one as empty', () => {
    const values = { SOMEvariable: 'SOMEvalue', 'some.Variable': 'SOMEvalue' };
    assert.ok(holds("eq(variables.someVARIABLE, 'someVALUE')", undefined, values));
    assert.ok(holds("eq(variables['some.VARIABLE'], 'someVALUE')", undefined, values));
    assert.ok(holds("eq(variables.nosuch, '')"));
  });

  it('combine', () => {
    const promoted = { 'gate.outcome': 'promote' };
    const condition = "and(succeeded(), eq(variables['gate.outcome'], 'promote'))";
    assert.equal(holds(condition, undefined, promoted), true);
    assert.equal(holds(condition, undefined, { 'gate.outcome': 'keepChampion' }), false);
    assert.equal(holds(condition, 'Failed', promoted), false);
  });

  it('throw when they name what is not there', () => {
    assert.throws(() => holds('nosuch()'), /Unrecognized function: 'nosuch'/);
    assert.throws(() => holds("eq(parameters.x, 'y')"), /Unrecognized value: 'parameters'/);
    assert.throws(() => holds('succeeded(1'), /Unexpected end of expression/);
  });
});
