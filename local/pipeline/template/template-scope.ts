/** What template expressions may name: parameters, variables passed so far, and the variables of loops around them. */
import { evaluateParsed } from '../../agent/expressions/evaluate.ts';
import { TEMPLATE_FUNCTIONS } from '../../agent/expressions/functions.ts';
import { ExpressionError, fold, type Value } from '../../agent/expressions/values.ts';
import type { TemplateExpression } from './template-text.ts';

export interface TemplateScope {
  readonly names: Readonly<Record<string, Value>>;
  /** The same map as `variables` of the names; it grows while a document is expanded. */
  readonly variables: Map<string, Value>;
}

export function createScope(parameters: Value, known: Iterable<readonly [string, Value]>): TemplateScope {
  const variables = new Map(known);
  return { names: { parameters, variables }, variables };
}

/** The scope of a stage or a job: variables it adds end with it. */
export function innerScope({ names, variables: outer }: TemplateScope): TemplateScope {
  const variables = new Map(outer);
  return { names: { ...names, variables }, variables };
}

/** The scope of one turn of a loop. */
export function turnScope({ names, variables }: TemplateScope, name: string, value: Value): TemplateScope {
  return { names: { ...names, [name]: value }, variables };
}

/** Throws ExpressionError where a loop's variable would hide something. */
export function checkLoopName({ names }: TemplateScope, name: string): void {
  if (Object.keys(names).some((known) => fold(known) === fold(name))) {
    throw new ExpressionError(`The loop variable '${name}' has the name of something that is known already`);
  }
}

export function setVariable({ variables }: TemplateScope, name: string, value: string): void {
  for (const known of [...variables.keys()]) if (fold(known) === fold(name)) variables.delete(known);
  variables.set(name, value);
}

/** Throws ExpressionError. */
export function evaluateIn({ names }: TemplateScope, { node, text }: TemplateExpression): Value {
  return evaluateParsed(node, { names, functions: TEMPLATE_FUNCTIONS }, text);
}
