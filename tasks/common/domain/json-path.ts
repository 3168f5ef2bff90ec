/** A small JSON path: `$.predictions[0].label`, `$['odd name']`, negative indices from the end. */
import { isJsonObject, type Json } from './json.ts';

export type JsonPath = readonly (string | number)[];

const STEP = /^(?:\.([A-Za-z_][\w-]*)|\[(-?\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\])/;

/** The steps of a path; undefined when it is not one. `$` alone is the whole document. */
export function parseJsonPath(text: string): JsonPath | undefined {
  let rest = text.trim();
  if (!rest.startsWith('$')) return undefined;
  rest = rest.slice(1);
  const steps: (string | number)[] = [];
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const [whole, name, index, single, double] = match;
    const quoted = single ?? double;
    steps.push(index !== undefined ? Number(index) : (name ?? (quoted ?? '').replace(/\\(.)/g, '$1')));
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** What lies at a path; undefined where any step of it is missing. */
export function jsonAt(document: Json, path: JsonPath): Json | undefined {
  let current: Json | undefined = document;
  for (const step of path) {
    if (typeof step === 'number') current = Array.isArray(current) ? (current as readonly Json[]).at(step) : undefined;
    else current = isJsonObject(current) && Object.hasOwn(current, step) ? current[step] : undefined;
    if (current === undefined) return undefined;
  }
  return current;
}
