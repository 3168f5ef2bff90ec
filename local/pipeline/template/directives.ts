/** In which scopes the body of a directive is expanded: none, one, or one for each turn of a loop. */
import { ExpressionError, isArray, isMap, kindOf, toBoolean, type Value } from '../../agent/expressions/values.ts';
import type { Place } from '../document/document-node.ts';
import { checkLoopName, evaluateIn, turnScope, type TemplateScope } from './template-scope.ts';
import type { Directive } from './template-text.ts';

/** What came just before within the same parent: an `if` or `elseif` that was taken or not, or something else. */
export interface Chain {
  taken: boolean | undefined;
}

/** Scopes for the body of a directive, in order. Throws ExpressionError. */
export function* scopesOf(
  directive: Directive,
  scope: TemplateScope,
  chain: Chain,
  spend: (place: Place) => void,
  place: Place,
): Generator<TemplateScope> {
  const before = chain.taken;
  chain.taken = undefined;
  switch (directive.word) {
    case 'if':
      chain.taken = toBoolean(evaluateIn(scope, directive.condition));
      if (chain.taken) yield scope;
      return;
    case 'elseif': {
      const earlier = followed(before, directive.word);
      const holds = !earlier && toBoolean(evaluateIn(scope, directive.condition));
      chain.taken = earlier || holds;
      if (holds) yield scope;
      return;
    }
    case 'else':
      if (!followed(before, directive.word)) yield scope;
      return;
    case 'insert':
      yield scope;
      return;
    case 'each':
      checkLoopName(scope, directive.variable);
      for (const value of turnsOf(evaluateIn(scope, directive.of))) {
        spend(place);
        yield turnScope(scope, directive.variable, value);
      }
  }
}

function followed(taken: boolean | undefined, word: string): boolean {
  if (taken === undefined) {
    throw new ExpressionError(`The directive '${word}' must directly follow an 'if' or 'elseif' of the same parent`);
  }
  return taken;
}

function* turnsOf(value: Value): Generator<Value> {
  if (isArray(value)) yield* value;
  else if (isMap(value)) {
    for (const [key, item] of value) {
      yield new Map<string, Value>([
        ['key', key],
        ['value', item],
      ]);
    }
  } else if (value !== null) {
    throw new ExpressionError(
      `The directive 'each' needs a list or an object, not a value of the kind ${kindOf(value)}`,
    );
  }
}
