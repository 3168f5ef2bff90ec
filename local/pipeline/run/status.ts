/** When jobs and stages run, and what they see of those they depend on (documentation: "Conditions", "Expressions"). */
import { evaluateExpression, type Scope } from '../../agent/expressions/evaluate.ts';
import type { ExpressionFunction } from '../../agent/expressions/functions.ts';
import { fold, toBoolean, toNumber, toText, type Value } from '../../agent/expressions/values.ts';
import type { OutputVariable } from '../../agent/records.ts';
import { mergeResults, type TaskResult } from '../../agent/task-result.ts';
import { runtimeExpression } from '../plan/runtime-text.ts';

/** A job or a stage that has ended. */
export interface Ended {
  readonly name: string;
  readonly result: TaskResult;
  /** `step.output` of a job, `job.step.output` of a stage. */
  readonly outputs: Readonly<Record<string, OutputVariable>>;
}

export interface UnitScope {
  readonly variables: ReadonlyMap<string, string>;
  readonly pipeline: ReadonlyMap<string, Value>;
  /** Counts the runs, for `counter`. */
  readonly buildId: number;
  /** Named in `dependsOn`. */
  readonly direct: readonly Ended[];
  /** Those, and what they depend on in turn. */
  readonly all: readonly Ended[];
  /** Jobs of earlier stages by stage; only jobs see them. */
  readonly stages?: ReadonlyMap<string, readonly Ended[]>;
  readonly cancelled: boolean;
}

/** Whether a job or stage runs; `succeeded()` where nothing is written. Throws ExpressionError. */
export function unitRuns(condition: string | undefined, scope: UnitScope): boolean {
  const expression = condition === undefined || condition.trim() === '' ? 'succeeded()' : condition;
  return toBoolean(evaluateExpression(expression, scopeOf(scope, statusFunctions(scope))));
}

/** The value of a variable: `$[ … ]` evaluated, anything else as it is. Throws ExpressionError. */
export function runtimeValue(value: string, scope: UnitScope): string {
  const expression = runtimeExpression(value);
  return expression === undefined ? value : runtimeText(expression, scope);
}

/** The text of a runtime expression; null gives none. Throws ExpressionError. */
export function runtimeText(expression: string, scope: UnitScope): string {
  return toText(evaluateExpression(expression, scopeOf(scope, { counter: counter(scope) })));
}

/** Counts runs of this machine from its seed; the service counts for each prefix. */
function counter({ buildId }: UnitScope): ExpressionFunction {
  return { min: 0, max: 2, call: ([, seed]) => (toNumber(seed?.() ?? null) ?? 0) + buildId - 1 };
}

/** The worst of several results; skipped ones do not count unless there are no others. */
export function worstResult(results: readonly TaskResult[]): TaskResult {
  const counted = results.filter((result) => result !== 'Skipped');
  if (counted.length === 0) return results.length === 0 ? 'Succeeded' : 'Skipped';
  return counted.reduce<TaskResult>((worst, result) => mergeResults(worst, result), 'Succeeded');
}

function scopeOf(scope: UnitScope, functions: Scope['functions']): Scope {
  const stages = scope.stages;
  return {
    names: {
      variables: new Map<string, Value>(scope.variables),
      pipeline: scope.pipeline,
      resources: new Map<string, Value>(),
      dependencies: new Map(scope.direct.map((each) => [each.name, valueOf(each)])),
      ...(stages && {
        stageDependencies: new Map(
          [...stages].map(([name, jobs]) => [name, new Map(jobs.map((job) => [job.name, valueOf(job)]))]),
        ),
      }),
    },
    functions,
  };
}

/** Secrets are not handed from job to job. */
function valueOf({ result, outputs }: Ended): Value {
  const visible = Object.entries(outputs).filter(([, { secret }]) => !secret);
  return new Map<string, Value>([
    ['result', result],
    ['outputs', new Map(visible.map(([name, { value }]) => [name, value]))],
  ]);
}

const GOOD: readonly TaskResult[] = ['Succeeded', 'SucceededWithIssues'];

function statusFunctions({ all, cancelled }: UnitScope): Record<string, ExpressionFunction> {
  const judge = (test: (results: readonly TaskResult[]) => boolean): ExpressionFunction => ({
    min: 0,
    max: Number.POSITIVE_INFINITY,
    call: (args) => {
      const names = args.map((arg) => fold(toText(arg())));
      const judged = all.filter(({ name }) => names.length === 0 || names.includes(fold(name)));
      return !cancelled && test(judged.map(({ result }) => result));
    },
  });
  return {
    always: { min: 0, max: 0, call: () => true },
    canceled: { min: 0, max: 0, call: () => cancelled },
    succeeded: judge((results) => results.every((result) => GOOD.includes(result))),
    failed: judge((results) => results.includes('Failed')),
    succeededOrFailed: judge((results) => results.every((result) => GOOD.includes(result) || result === 'Failed')),
  };
}
