import type { Json } from '../domain/json.ts';
import { parseJsonPath } from '../domain/json-path.ts';
import type { ResponseAssertion } from '../domain/response-assertions.ts';
import { loadYaml } from './load-yaml.ts';
import { withPlainNumbers } from './number-text.ts';
import { ProblemList } from './problems.ts';
import { anything, boolean, integer, listOf, number, record, refuse, text, type Reader } from './readers.ts';
import { passThrough } from './templates.ts';

const jsonPath: Reader<string> = (node, at) => {
  const value = text(node, at);
  if (value === undefined || parseJsonPath(value) !== undefined) return value;
  refuse(node, at, 'a JSON path like $.predictions[0].label');
  return undefined;
};

const fields = record({
  status: integer,
  p95Milliseconds: number,
  path: jsonPath,
  equals: anything,
  tolerance: number,
  minimum: number,
  maximum: number,
  exists: boolean,
});

const assertion: Reader<ResponseAssertion> = (node, at) => {
  const values = fields(node, at);
  if (values === undefined) return undefined;
  const { status, p95Milliseconds, path, equals, ...limits } = values;
  const subjects = [status, p95Milliseconds, path].filter((subject) => subject !== undefined);
  if (subjects.length !== 1 && node.kind === 'map') {
    at.problems.add(node.place, `'${at.path}' must have exactly one of status, p95Milliseconds and path.`);
  }
  if (status !== undefined) return { kind: 'status', status };
  if (p95Milliseconds !== undefined) return { kind: 'p95', milliseconds: p95Milliseconds };
  if (path === undefined) return undefined;
  const value = equals === undefined ? {} : { equals: withPlainNumbers(passThrough(equals)) as Json };
  return { kind: 'value', path, ...value, ...limits };
};

/**
 * Reads a list of assertions on an endpoint's answer. An empty text has none.
 *
 * @throws UserError with every problem and its place
 */
export function readAssertions(lines: string, file: string): readonly ResponseAssertion[] {
  if (lines.trim() === '') return [];
  const problems = new ProblemList();
  const values = listOf(assertion)(loadYaml(lines, file), { problems, path: 'assertions' });
  problems.throwIfAny();
  return values ?? [];
}
