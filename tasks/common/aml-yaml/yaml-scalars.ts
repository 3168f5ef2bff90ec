import type { Scalar } from './yaml-node.ts';

/**
 * The type of a plain scalar by YAML 1.1 as PyYAML's safe loader reads it (yaml/resolver.py), which is how every `az ml` file
 * is read: `yes` and `off` are booleans, `010` is 8, `1:30` is 90, and `1e3` is a string, because a float needs a dot and a
 * signed exponent.
 */
export function resolvePlainScalar(text: string): Scalar {
  const rule = RULES.find(({ pattern }) => pattern.test(text));
  return rule === undefined ? { kind: 'string', value: text } : rule.read(text);
}

/** True when the text, written plain, would be read back as that very string. */
export function readsAsString(text: string): boolean {
  return !SPECIAL.test(text) && resolvePlainScalar(text).kind === 'string';
}

/** Reads a scalar with an explicit core tag (`!!int "3"`); undefined where the text does not fit the tag. */
export function resolveTaggedScalar(tag: string, text: string): Scalar | undefined {
  switch (tag) {
    case 'str':
      return { kind: 'string', value: text };
    case 'null':
      return { kind: 'null' };
    case 'bool':
      return BOOLEAN.test(text) ? readBoolean(text) : undefined;
    case 'int':
      return INTEGER.test(text) ? readInteger(text) : undefined;
    case 'float':
      if (FLOAT.test(text)) return readFloat(text);
      return /^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$/.test(text) ? { kind: 'float', value: Number(text) } : undefined;
    case 'timestamp':
      return TIMESTAMP.test(text) ? { kind: 'timestamp', text } : undefined;
    default:
      return undefined;
  }
}

/** Resolved by PyYAML to the merge key and the default value, so a string of that text must be quoted. */
const SPECIAL = /^(<<|=)$/;
const BOOLEAN = /^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const FLOAT =
  /^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const INTEGER =
  /^([-+]?0b_*[01][01_]*|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$/;
const NULL = /^(~|null|Null|NULL|)$/;
const TIMESTAMP =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?)$/;

const RULES: readonly { readonly pattern: RegExp; readonly read: (text: string) => Scalar }[] = [
  { pattern: NULL, read: () => ({ kind: 'null' }) },
  { pattern: BOOLEAN, read: readBoolean },
  { pattern: FLOAT, read: readFloat },
  { pattern: INTEGER, read: readInteger },
  { pattern: TIMESTAMP, read: (text) => ({ kind: 'timestamp', text }) },
];

function readBoolean(text: string): Scalar {
  return { kind: 'boolean', value: /^(yes|true|on)$/i.test(text) };
}

function readFloat(text: string): Scalar {
  const plain = text.replaceAll('_', '').toLowerCase();
  const negative = plain.startsWith('-');
  const digits = plain.replace(/^[-+]/, '');
  const size = digits === '.inf' ? Infinity : digits === '.nan' ? NaN : base60(digits.split(':').map(Number));
  return { kind: 'float', value: negative ? -size : size };
}

function base60(parts: readonly number[]): number {
  return parts.reduce((total, part) => total * 60 + part, 0);
}

function readInteger(text: string): Scalar {
  const plain = text.replaceAll('_', '').toLowerCase();
  const negative = plain.startsWith('-');
  const size = magnitude(plain.replace(/^[-+]/, ''));
  return { kind: 'integer', value: negative ? -size : size };
}

function magnitude(digits: string): bigint {
  if (digits === '0') return 0n;
  if (digits.includes(':')) return digits.split(':').reduce((total, part) => total * 60n + BigInt(part), 0n);
  if (digits.startsWith('0b') || digits.startsWith('0x')) return BigInt(digits);
  return digits.startsWith('0') ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
}
