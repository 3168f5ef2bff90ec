import { compareCodePoints, pythonFloat } from './python-literals.ts';
import { isNumberText } from './number-text.ts';

/**
 * Python's `json.dumps(value, sort_keys=True)`: keys by code point, a blank after comma and colon, everything outside
 * printable ASCII escaped. The component hashes are taken over this text.
 */
export function pythonJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value).toString() : jsonFloat(value);
  if (typeof value === 'string') return pythonJsonString(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (isNumberText(value)) return value.$number;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => compareCodePoints(a, b));
  return `{${members.map(([key, member]) => `${pythonJsonString(key)}: ${pythonJson(member)}`).join(', ')}}`;
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return pythonFloat(value);
}

function pythonJsonString(text: string): string {
  return `"${text.replace(/["\\]|[^ -~]/g, escape)}"`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** Without the `u` flag a surrogate pair is two matches, as Python writes it. */
function escape(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
