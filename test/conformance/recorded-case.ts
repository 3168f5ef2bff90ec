import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../tasks/common/domain/json.ts';
import type { Override } from '../../tasks/common/aml-yaml/overrides.ts';

/** One exchange of a case: what was asked and what the recording service answered. */
export interface RecordedRequest {
  readonly method: string;
  readonly host?: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  readonly status?: number;
  readonly response?: Json;
}

/** A file and the requests that are expected of it, or the error that is. */
export interface RecordedCase {
  readonly name: string;
  readonly kind: string;
  readonly yaml: string;
  readonly cwd?: string;
  readonly overrides?: readonly Override[];
  readonly requests?: readonly RecordedRequest[];
  readonly main?: RecordedRequest;
  readonly error?: string;
  readonly sdkDefect?: boolean;
  /** The case's JSON as it is in its file: the comparer needs `1.0` to be `1.0`. */
  readonly text: string;
}

/** Every case of a folder: `cases/*.json`, `errors/*.json` and the entries of `set-overrides.json`. */
export function loadCases(folder: string): readonly RecordedCase[] {
  const files = ['cases', 'errors'].flatMap((name) => jsonFiles(join(folder, name)));
  const single = files.map((file) => {
    const text = readFileSync(file, 'utf8');
    return { ...(JSON.parse(text) as Omit<RecordedCase, 'text'>), text };
  });
  return [...single, ...overrideCases(join(folder, 'set-overrides.json'))];
}

function jsonFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
}

function overrideCases(file: string): readonly RecordedCase[] {
  if (!existsSync(file)) return [];
  const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly Omit<RecordedCase, 'text'>[];
  return cases.map((entry) => ({ ...entry, text: JSON.stringify(entry) }));
}
