import type { Json } from '../domain/json.ts';
import { UserError } from '../errors.ts';
import { loadYaml } from './load-yaml.ts';
import { withPlainNumbers } from './number-text.ts';
import { passThrough } from './templates.ts';

/** YAML (or JSON, which is YAML) as plain data; undefined when the text is neither. */
export function yamlData(text: string): Json | undefined {
  try {
    return withPlainNumbers(passThrough(loadYaml(text, ''))) as Json;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
