import type { YamlNode } from './yaml-node.ts';

/**
 * Python's `str()` of a float: the shortest digits that read back to the same number, positional between 1e-4 and 1e16 with
 * at least one fraction digit, else with an exponent of at least two digits.
 */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = ''] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const digits = Math.abs(exponent).toString().padStart(2, '0');
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  const positional = positionalDigits(mantissa, exponent);
  return positional.includes('.') ? positional : `${positional}.0`;
}

/** JavaScript switches to exponents below 1e-6, Python below 1e-4 only; above, both are positional up to 1e16. */
function positionalDigits(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** Python's `str()` of a scalar (`True`, `3`, `1e-05`, `None`); undefined for lists, mappings and dates. */
export function pythonText(node: YamlNode): string | undefined {
  switch (node.kind) {
    case 'string':
      return node.value;
    case 'integer':
      return node.value.toString();
    case 'float':
      return pythonFloat(node.value);
    case 'boolean':
      return node.value ? 'True' : 'False';
    case 'null':
      return 'None';
    default:
      return undefined;
  }
}

/** Compares two texts by code points, as Python does; JavaScript's own order goes by UTF-16 units. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return inCodePointOrder(a) - inCodePointOrder(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for characters above all others, though their own numbers lie below 0xE000. */
function inCodePointOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
