import type { Json } from '../domain/json.ts';
import { UserError, type Problem } from '../errors.ts';
import type { Override } from './overrides.ts';

/**
 * A task's lines of `path=value` as overrides. A value is JSON where it is written as a list, a mapping or a quoted text, otherwise
 * the text as it stands; typed fields read numbers and booleans from texts.
 *
 * @throws UserError that names every line without a path
 */
export function parseOverrides(lines: readonly string[]): readonly Override[] {
  const problems: Problem[] = [];
  const overrides: Override[] = [];
  for (const line of lines) {
    const equals = line.indexOf('=');
    const path = line.slice(0, Math.max(0, equals)).trim();
    if (path === '')
      problems.push({ message: `Override '${line}' must have the form path=value, e.g. inputs.epochs=30.` });
    else overrides.push({ path, value: overrideValue(line.slice(equals + 1).trim()) });
  }
  if (problems.length > 0) throw new UserError(problems);
  return overrides;
}

function overrideValue(text: string): Json {
  if (!/^(?:\[.*\]|\{.*\}|".*")$/s.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
