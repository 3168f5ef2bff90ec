/** The general functions of pipeline expressions. Arguments come unevaluated, so that `and` and `or` can stop early. */
import {
  compare,
  equals,
  ExpressionError,
  fold,
  isArray,
  isMap,
  kindOf,
  limitedText,
  MAX_TEXT,
  toBoolean,
  toNumber,
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
  substring: define(3, 3, (of, start, length) => substring(text(of), start ?? null, length ?? null)),
  convertToJson: define(1, 1, (value) => limitedText(toJson(value ?? null, '\n'))),
  iif: define(3, 3, (condition, yes, no) => (toBoolean(condition ?? null) ? (yes ?? null) : (no ?? null))),
};

/** Functions of template expressions alone. */
export const TEMPLATE_FUNCTIONS: Readonly<Record<string, ExpressionFunction>> = {
  split: define(2, 2, (of, separator) => split(text(of), text(separator))),
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
  const texts = values.map((value) => (isArray(value) || isMap(value) ? '' : text(value)));
  if (texts.length * separator.length > MAX_TEXT) throw new ExpressionError('Maximum object size exceeded');
  return limitedText(texts.join(separator));
}

/** The separator is one whole text; without one, the text stays whole. */
function split(of: string, separator: string): readonly string[] {
  return separator === '' ? [of] : of.split(separator);
}

function substring(of: string, start: Value, length: Value): string {
  const [from, count] = [toNumber(start), toNumber(length)];
  if (from === undefined || count === undefined) throw new ExpressionError('substring needs numbers');
  return of.slice(Math.max(0, Math.floor(from))).slice(0, Math.max(0, Math.floor(count)));
}

/** Two spaces a level; numbers and Booleans keep their kind. */
function toJson(value: Value, newLine: string): string {
  const deeper = `${newLine}  `;
  if (isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${value.map((item) => deeper + toJson(item, deeper)).join(',')}${newLine}]`;
  }
  if (isMap(value)) {
    if (value.size === 0) return '{}';
    const entries = [...value].map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${toJson(item, deeper)}`);
    return `{${entries.join(',')}${newLine}}`;
  }
  if (value === null || typeof value === 'boolean') return String(value);
  return typeof value === 'number' ? text(value) : JSON.stringify(text(value));
}

function replace(of: string, from: string, to: string): string {
  if (from === '') throw new ExpressionError('String cannot be of zero length: the text to replace');
  const escaped = from.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = new RegExp(escaped, 'gi');
  const found = of.match(pattern)?.length ?? 0;
  if (of.length + found * to.length > MAX_TEXT) throw new ExpressionError('Maximum object size exceeded');
  return of.replaceAll(pattern, () => to);
}

function format(args: readonly Argument[]): string {
  const [pattern, ...values] = args;
  let length = 0;
  return text(pattern?.()).replaceAll(/\{\{|\}\}|\{(\d+)\}|[{}]/g, (match, number: string | undefined) => {
    if (match === '{{' || match === '}}') return match.charAt(0);
    const value = number === undefined ? undefined : values[Number(number)];
    if (value === undefined) throw new ExpressionError(`The format text is not valid: ${text(pattern?.())}`);
    const given = value();
    const shown = isArray(given) || isMap(given) ? kindOf(given) : text(given);
    length += shown.length;
    if (length > MAX_TEXT) throw new ExpressionError('Maximum object size exceeded');
    return shown;
  });
}
