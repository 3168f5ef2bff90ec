/**
 * Values of pipeline expressions and the rules by which they turn into one another.
 * Source: "Expressions" in the Azure Pipelines documentation (types, type conversions).
 */

export interface Version {
  readonly kind: 'version';
  /** Two to four numbers. */
  readonly parts: readonly number[];
}

export type Value = null | boolean | number | string | Version | readonly Value[] | ReadonlyMap<string, Value>;

/** An object whose names are all declared: reading another is an error, not null. */
export class DeclaredNames extends Map<string, Value> {}

/** Longest text an expression may make, in characters; the documentation limits a whole pipeline to this many bytes. */
export const MAX_TEXT = 20 * 1024 * 1024;

/** The text, unless it is longer than a pipeline may be. Throws ExpressionError. */
export function limitedText(text: string): string {
  if (text.length > MAX_TEXT) throw new ExpressionError('Maximum object size exceeded');
  return text;
}

export type Kind = 'Null' | 'Boolean' | 'Number' | 'String' | 'Version' | 'Array' | 'Object';

/** A fault in an expression, at parsing or at evaluation; the message is complete. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

export function kindOf(value: Value): Kind {
  if (value === null) return 'Null';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number') return 'Number';
  if (typeof value === 'string') return 'String';
  if (isArray(value)) return 'Array';
  return isMap(value) ? 'Object' : 'Version';
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

export function isVersion(value: Value): value is Version {
  return kindOf(value) === 'Version';
}

/** Truth of a value: null, false, 0 and '' are false; the text 'false' is true. */
export function toBoolean(value: Value): boolean {
  return value !== null && value !== false && value !== 0 && value !== '';
}

/** Text of a scalar: `True`/`False`, numbers with at most seven decimals and no exponent. Throws for arrays and objects. */
export function toText(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  if (isVersion(value)) return value.parts.join('.');
  throw conversionError(value, 'String');
}

/** The value as a number, or undefined where there is none. */
export function toNumber(value: Value): number | undefined {
  if (value === null) return 0;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' ? parseNumber(value) : undefined;
}

/** Whether two values are equal: the right one is converted to the left one's kind, text is compared without case. */
export function equals(left: Value, right: Value): boolean {
  switch (kindOf(left)) {
    case 'Null':
      return right === null || right === '';
    case 'Boolean':
      return left === toBoolean(right);
    case 'Number':
      return left === toNumber(right);
    case 'String':
      return isScalar(right) && fold(toText(left)) === fold(toText(right));
    case 'Version': {
      const other = toVersion(right);
      return other !== undefined && compareParts(partsOf(left), other.parts) === 0;
    }
    case 'Array':
    case 'Object':
      return left === right;
  }
}

/** Negative, zero or positive; the right value is converted to the left one's kind. Throws where it cannot be. */
export function compare(left: Value, right: Value): number {
  switch (kindOf(left)) {
    case 'Null':
      return 0 - numberOrThrow(right);
    case 'Boolean':
      return Number(left) - Number(toBoolean(right));
    case 'Number':
      return Number(left) - numberOrThrow(right);
    case 'String': {
      const [a, b] = [fold(toText(left)), fold(toText(right))];
      return a < b ? -1 : Number(a > b);
    }
    case 'Version': {
      const other = toVersion(right);
      if (other === undefined) throw conversionError(right, 'Version');
      return compareParts(partsOf(left), other.parts);
    }
    case 'Array':
    case 'Object':
      throw conversionError(left, 'Number');
  }
}

/** A version of two to four numbers, or undefined when the text is none. */
export function parseVersion(text: string): Version | undefined {
  return /^\d+(\.\d+){1,3}$/.test(text) ? { kind: 'version', parts: text.split('.').map(Number) } : undefined;
}

/** Text for comparison without case, as .NET's ordinal comparison sees it. */
export function fold(text: string): string {
  return text.toUpperCase();
}

function isScalar(value: Value): boolean {
  return !isArray(value) && !isMap(value);
}

function toVersion(value: Value): Version | undefined {
  if (isVersion(value)) return value;
  return typeof value === 'string' || typeof value === 'number' ? parseVersion(toText(value)) : undefined;
}

function partsOf(value: Value): readonly number[] {
  return isVersion(value) ? value.parts : [];
}

/** .NET counts a missing part as lower than a zero: 1.2 < 1.2.0. */
function compareParts(left: readonly number[], right: readonly number[]): number {
  for (let i = 0; i < 4; i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numberOrThrow(value: Value): number {
  const number = toNumber(value);
  if (number === undefined) throw conversionError(value, 'Number');
  return number;
}

function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  return /^[+-]?(\d[\d,]*\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed.replaceAll(',', '')) : undefined;
}

function numberText(value: number): string {
  const rounded = Number(value.toFixed(7));
  // Beyond this, JavaScript would write an exponent.
  if (Number.isInteger(rounded)) return Math.abs(rounded) < 1e21 ? String(rounded) : BigInt(rounded).toString();
  return rounded.toFixed(7).replace(/0+$/, '');
}

function conversionError(value: Value, to: Kind): ExpressionError {
  const kind = kindOf(value);
  const shown = isScalar(value) ? `'${toText(value)}'` : kind;
  return new ExpressionError(`Unable to convert from ${kind} to ${to}. Value: ${shown}`);
}
