/** The general functions of pipeline expressions. Arguments come unevaluated, so that `and` and `or` can stop early. */
import {
  compare,
  equals,
  ExpressionError,
  fold,
  isArray,
  isMap,
  kindOf,
  toBoolean,
  toText,
  type Value,
} from './values.ts';

export type Argument = () => Value;

export interface ExpressionFunction {
  /** Fewest and most arguments. */
  readonly min: number;
  readonly max: number;
  readonly call: (args: readonly Argument[]) => Value;
}

const MANY = Number.POSITIVE_INFINITY;

function define(min: number, max: number, call: (...values: Value[]) => Value): ExpressionFunction {
  return { min, max, call: (args) => call(...args.map((arg) => arg())) };
}

const text = (value: Value | undefined): string => toText(value ?? null);
const folded = (value: Value | undefined): string => fold(text(value));

export const FUNCTIONS: Readonly<Record<string, ExpressionFunction>> = {
  and: { min: 2, max: MANY, call: (args) => args.every((arg) => toBoolean(arg())) },
  or: { min: 2, max: MANY, call: (args) => args.some((arg) => toBoolean(arg())) },
  not: define(1, 1, (value) => !toBoolean(value ?? null)),
  xor: define(2, 2, (a, b) => toBoolean(a ?? null) !== toBoolean(b ?? null)),
  eq: define(2, 2, (a, b) => equals(a ?? null, b ?? null)),
  ne: define(2, 2, (a, b) => !equals(a ?? null, b ?? null)),
  gt: define(2, 2, (a, b) => compare(a ?? null, b ?? null) > 0),
  ge: define(2, 2, (a, b) => compare(a ?? null, b ?? null) >= 0),
  lt: define(2, 2, (a, b) => compare(a ?? null, b ?? null) < 0),
  le: define(2, 2, (a, b) => compare(a ?? null, b ?? null) <= 0),
  in: define(1, MANY, (needle, ...others) => others.some((other) => equals(needle ?? null, other))),
  notIn: define(1, MANY, (needle, ...others) => !others.some((other) => equals(needle ?? null, other))),
  contains: define(2, 2, (a, b) => folded(a).includes(folded(b))),
  startsWith: define(2, 2, (a, b) => folded(a).startsWith(folded(b))),
  endsWith: define(2, 2, (a, b) => folded(a).endsWith(folded(b))),
  containsValue: define(2, 2, (of, value) => itemsOf(of ?? null).some((item) => equals(item, value ?? null))),
  coalesce: {
    min: 2,
    max: MANY,
    call: (args) => {
      for (const arg of args) if (text(arg()) !== '') return text(arg());
      return '';
    },
  },
  format: { min: 1, max: MANY, call: format },
  join: define(2, 2, (separator, values) => join(text(separator), values ?? null)),
  replace: define(3, 3, (of, from, to) => replace(text(of), text(from), text(to))),
  lower: define(1, 1, (value) => text(value).toLowerCase()),
  upper: define(1, 1, (value) => text(value).toUpperCase()),
  trim: define(1, 1, (value) => text(value).trim()),
  length: define(1, 1, (value) => lengthOf(value ?? null)),
  iif: define(3, 3, (condition, yes, no) => (toBoolean(condition ?? null) ? (yes ?? null) : (no ?? null))),
};

function itemsOf(value: Value): readonly Value[] {
  if (isArray(value)) return value;
  return isMap(value) ? [...value.values()] : [];
}

function lengthOf(value: Value): number {
  if (isArray(value)) return value.length;
  return isMap(value) ? value.size : text(value).length;
}

function join(separator: string, values: Value): string {
  if (!isArray(values)) return isMap(values) ? '' : text(values);
  return values.map((value) => (isArray(value) || isMap(value) ? '' : text(value))).join(separator);
}

function replace(of: string, from: string, to: string): string {
  if (from === '') throw new ExpressionError('String cannot be of zero length: the text to replace');
  const escaped = from.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return of.replaceAll(new RegExp(escaped, 'gi'), () => to);
}

function format(args: readonly Argument[]): string {
  const [pattern, ...values] = args;
  return text(pattern?.()).replaceAll(/\{\{|\}\}|\{(\d+)\}|[{}]/g, (match, number: string | undefined) => {
    if (match === '{{' || match === '}}') return match.charAt(0);
    const value = number === undefined ? undefined : values[Number(number)];
    if (value === undefined) throw new ExpressionError(`The format text is not valid: ${text(pattern?.())}`);
    const given = value();
    return isArray(given) || isMap(given) ? kindOf(given) : text(given);
  });
}
