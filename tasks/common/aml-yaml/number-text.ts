import type { Json } from '../domain/json.ts';
import { isDeferred, type Template } from './plan.ts';
import { pythonFloat } from './python-literals.ts';
import type { FloatNode, IntegerNode } from './yaml-node.ts';

/**
 * A number by its Python text, where a JavaScript number would lose what Python's hash sees: `1.0` is not `1`, and whole
 * numbers have any size. It stands in a hashed template only; what is sent has plain numbers.
 */
export interface NumberText {
  readonly $number: string;
}

export function isNumberText(value: unknown): value is NumberText {
  return typeof value === 'object' && value !== null && '$number' in value;
}

/** The number as JSON where nothing is lost, else by its text. */
export function numberTemplate(node: IntegerNode | FloatNode): Json {
  if (node.kind === 'integer') {
    const number = Number(node.value);
    return Number.isSafeInteger(number) ? number : { $number: node.value.toString() };
  }
  return Number.isInteger(node.value) ? { $number: pythonFloat(node.value) } : node.value;
}

/** The same template with every number text turned into a plain number, as it is sent. */
export function withPlainNumbers(template: Template): Template {
  if (isNumberText(template)) return Number(template.$number);
  if (Array.isArray(template)) return (template as readonly Template[]).map(withPlainNumbers);
  if (typeof template !== 'object' || template === null || isDeferred(template)) return template;
  return Object.fromEntries(
    Object.entries(template as Record<string, Template>).map(([key, value]) => [key, withPlainNumbers(value)]),
  );
}

/** True where a number text stands anywhere in the template. */
export function hasNumberText(template: Template): boolean {
  if (isNumberText(template)) return true;
  if (typeof template !== 'object' || template === null) return false;
  return Object.values(template as Record<string, Template>).some(hasNumberText);
}
