/** Evaluates parsed expressions against named values and functions. Names and keys are looked up without case. */
import { FUNCTIONS, type ExpressionFunction } from './functions.ts';
import { type Node, parseExpression } from './parse.ts';
import { DeclaredNames, ExpressionError, fold, isArray, isMap, toNumber, type Value } from './values.ts';

/** What an expression may name, beside the general functions. */
export interface Scope {
  /** `variables`, `dependencies`, … */
  readonly names: Readonly<Record<string, Value>>;
  /** `succeeded`, `always`, … */
  readonly functions: Readonly<Record<string, ExpressionFunction>>;
}

/** Parses and evaluates an expression. Throws ExpressionError. */
export function evaluateExpression(expression: string, scope: Scope): Value {
  return evaluateParsed(parseExpression(expression), scope, expression);
}

/** Evaluates an expression that has been parsed; `expression` is its text, for messages. Throws ExpressionError. */
export function evaluateParsed(node: Node, scope: Scope, expression: string): Value {
  checkNames(node, scope, expression);
  return evaluate(node, scope);
}

/** Refuses unknown names, unknown functions and wrong argument counts before anything is evaluated. */
export function checkNames(node: Node, scope: Scope, expression: string): void {
  switch (node.kind) {
    case 'literal':
      return;
    case 'name':
      if (lookUp(scope.names, node.name) === undefined) {
        throw new ExpressionError(`Unrecognized value: '${node.name}'. Located within expression: ${expression}`);
      }
      return;
    case 'call':
      checkCall(node.name, node.args.length, scope, expression);
      for (const arg of node.args) checkNames(arg, scope, expression);
      return;
    case 'index':
      checkNames(node.of, scope, expression);
      checkNames(node.index, scope, expression);
      return;
    case 'all':
      checkNames(node.of, scope, expression);
  }
}

function checkCall(name: string, count: number, scope: Scope, expression: string): void {
  const found = findFunction(name, scope);
  if (found === undefined) {
    throw new ExpressionError(`Unrecognized function: '${name}'. Located within expression: ${expression}`);
  }
  if (count < found.min) throw new ExpressionError(`Too few parameters supplied: '${name}(' in ${expression}`);
  if (count > found.max) throw new ExpressionError(`Too many parameters supplied: '${name}(' in ${expression}`);
}

function evaluate(node: Node, scope: Scope): Value {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'name':
      return lookUp(scope.names, node.name) ?? null;
    case 'index':
      return elementOf(evaluate(node.of, scope), evaluate(node.index, scope));
    case 'all':
      return allOf(evaluate(node.of, scope));
    case 'call': {
      const found = findFunction(node.name, scope);
      if (found === undefined) throw new ExpressionError(`Unrecognized function: '${node.name}'`);
      return found.call(node.args.map((arg) => once(() => evaluate(arg, scope))));
    }
  }
}

/** An argument is evaluated at most once, however often a function asks for it. */
function once(evaluateIt: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => (known ??= { value: evaluateIt() }).value;
}

function findFunction(name: string, scope: Scope): ExpressionFunction | undefined {
  return lookUp(scope.functions, name) ?? lookUp(FUNCTIONS, name);
}

/** What `.*` gave: a further `.name` or `[index]` is taken of each element. */
const filtered = new WeakSet<readonly Value[]>();

function allOf(of: Value): Value {
  const items = isArray(of) ? of : isMap(of) ? [...of.values()] : undefined;
  if (items === undefined) return null;
  const flat = isArray(of) && filtered.has(of) ? items.flatMap(childrenOf) : [...items];
  filtered.add(flat);
  return flat;
}

function childrenOf(value: Value): readonly Value[] {
  if (isArray(value)) return value;
  return isMap(value) ? [...value.values()] : [];
}

function elementOf(of: Value, index: Value): Value {
  if (isArray(of) && filtered.has(of)) {
    const found = of.map((item) => elementOf(item, index)).filter((item) => item !== null);
    filtered.add(found);
    return found;
  }
  if (isArray(of)) {
    const number = toNumber(index);
    return number === undefined ? null : (of[Math.floor(number)] ?? null);
  }
  if (!isMap(of) || typeof index !== 'string') return null;
  if (of.has(index)) return of.get(index) ?? null;
  for (const [key, value] of of) if (fold(key) === fold(index)) return value;
  if (of instanceof DeclaredNames) throw new ExpressionError(`Key not found '${index}'`);
  return null;
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  const key = Object.keys(table).find((candidate) => fold(candidate) === fold(name));
  return key === undefined ? undefined : table[key];
}
