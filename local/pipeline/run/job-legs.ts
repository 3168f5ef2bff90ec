/** How often a job runs: the legs of a matrix, or slices that divide the work among them. */
import { ExpressionError } from '../../agent/expressions/values.ts';
import type { Legs } from '../plan/plan.ts';
import { runtimeText, type UnitScope } from './status.ts';

export type JobLegs = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Legs with their variables; undefined for a job that runs once, a sentence where they cannot be told. */
export function legsOf(legs: Legs | undefined, scope: UnitScope): JobLegs | string | undefined {
  switch (legs?.kind) {
    case undefined:
      return undefined;
    case 'matrix':
      return withPositions([...legs.legs]);
    case 'parallel':
      return withPositions(Array.from({ length: Math.max(legs.count, 1) }, (_, index) => [`Job${index + 1}`, {}]));
    case 'expression':
      return computedLegs(legs.expression, scope);
  }
}

function computedLegs(expression: string, scope: UnitScope): JobLegs | string {
  let text: string;
  try {
    text = runtimeText(expression, scope);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return `Its matrix cannot be evaluated: ${error.message}`;
  }
  const legs = parseLegs(text) ?? parseLegs(text.replaceAll("'", '"'));
  return legs === undefined
    ? `Its matrix must be JSON of legs with variables, such as {"one": {"name": "value"}}; it is '${text}'.`
    : withPositions(legs);
}

function parseLegs(text: string): [string, Record<string, string>][] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const legs: [string, Record<string, string>][] = [];
  for (const [name, variables] of Object.entries(json)) {
    if (!isObject(variables)) return undefined;
    legs.push([name, Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, textOf(value)]))]);
  }
  return legs;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withPositions(legs: readonly (readonly [string, Readonly<Record<string, string>>])[]): JobLegs {
  return new Map(
    legs.map(([name, variables], index) => [
      name,
      {
        ...variables,
        'System.JobPositionInPhase': String(index + 1),
        'System.TotalJobsInPhase': String(legs.length),
      },
    ]),
  );
}
