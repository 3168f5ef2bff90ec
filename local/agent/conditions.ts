/** Conditions of steps, judged by the job's status so far (agent source: ExpressionManager.cs, StepsRunner.cs). */
import { evaluateExpression } from './expressions/evaluate.ts';
import type { ExpressionFunction } from './expressions/functions.ts';
import { toBoolean, type Value } from './expressions/values.ts';
import type { TaskResult } from './task-result.ts';
import type { Variables } from './variables.ts';

/** Whether a step runs. An empty condition is `succeeded()`. Throws ExpressionError when it cannot be told. */
export function evaluateCondition(
  condition: string | undefined,
  status: TaskResult | undefined,
  variables: Variables,
): boolean {
  const expression = condition === undefined || condition.trim() === '' ? 'succeeded()' : condition;
  return toBoolean(
    evaluateExpression(expression, {
      names: { variables: variableValues(variables) },
      functions: stepStatusFunctions(status ?? 'Succeeded'),
    }),
  );
}

function variableValues(variables: Variables): Value {
  return new Map([...variables.entries()].map(([name, { value }]) => [name, value]));
}

function stepStatusFunctions(status: TaskResult): Readonly<Record<string, ExpressionFunction>> {
  const answer = (value: boolean): ExpressionFunction => ({ min: 0, max: 0, call: () => value });
  const succeeded = status === 'Succeeded' || status === 'SucceededWithIssues';
  return {
    always: answer(true),
    canceled: answer(status === 'Canceled'),
    failed: answer(status === 'Failed'),
    succeeded: answer(succeeded),
    succeededOrFailed: answer(succeeded || status === 'Failed'),
  };
}
