/** `$[ … ]`: an expression that is evaluated when a job starts, and is the whole value. */
import { checkNames } from '../../agent/expressions/evaluate.ts';
import type { ExpressionFunction } from '../../agent/expressions/functions.ts';
import { parseExpression } from '../../agent/expressions/parse.ts';
import { ExpressionError } from '../../agent/expressions/values.ts';
import type { DocumentNode } from '../document/document-node.ts';
import type { Entries, NodeReader } from '../document/node-reader.ts';

/** Where a condition stands decides what it may name. */
export type ConditionPlace = 'step' | 'job' | 'stage';

const CONTEXTS: Readonly<Record<ConditionPlace | 'variable', readonly string[]>> = {
  step: ['variables'],
  stage: ['variables', 'pipeline', 'dependencies'],
  job: ['variables', 'pipeline', 'dependencies', 'stageDependencies'],
  variable: ['variables', 'pipeline', 'dependencies', 'stageDependencies', 'resources'],
};
const STATUS = ['always', 'canceled', 'failed', 'succeeded', 'succeededOrFailed'];

/** The expression of a value that is one, or undefined. */
export function runtimeExpression(value: string): string | undefined {
  return /^\$\[(.*)\]$/s.exec(value.trim())?.[1]?.trim();
}

/** A condition whose syntax, names and functions are right; a bad one is reported. */
export function readCondition(reader: NodeReader, entries: Entries, place: ConditionPlace): string | undefined {
  const node = entries.get('condition')?.value;
  if (node === undefined) return undefined;
  const text = reader.text(node, 'condition');
  if (text.trim() !== '') check(reader, node, text, CONTEXTS[place], anyFunctions(STATUS));
  return text;
}

/** Reports a `$[ … ]` that cannot be evaluated. */
export function checkRuntimeText(reader: NodeReader, node: DocumentNode, text: string): void {
  const expression = runtimeExpression(text);
  if (expression !== undefined) check(reader, node, expression, CONTEXTS.variable, anyFunctions(['counter']));
}

function check(
  reader: NodeReader,
  node: DocumentNode,
  text: string,
  names: readonly string[],
  functions: Readonly<Record<string, ExpressionFunction>>,
): void {
  try {
    checkNames(parseExpression(text), { names: Object.fromEntries(names.map((name) => [name, ''])), functions }, text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    reader.report(node, `${error.message}.`);
  }
}

function anyFunctions(names: readonly string[]): Record<string, ExpressionFunction> {
  const any: ExpressionFunction = { min: 0, max: Number.POSITIVE_INFINITY, call: () => null };
  return Object.fromEntries(names.map((name) => [name, any]));
}
