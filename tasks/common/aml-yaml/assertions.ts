import type { Json } from '../domain/json.ts';
import { parseJsonPath } from '../domain/json-path.ts';
import { schemaProblems } from '../domain/json-schema.ts';
import type { ResponseAssertion } from '../domain/response-assertions.ts';
import { loadYaml } from './load-yaml.ts';
import { withPlainNumbers } from './number-text.ts';
import { ProblemList } from './problems.ts';
import { anything, boolean, integer, listOf, number, record, refuse, text, type At, type Reader } from './readers.ts';
import { passThrough } from './templates.ts';
import type { Place, YamlNode } from './yaml-node.ts';

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
  schema: anything,
});

/** An assertion as it is written: a schema may stand in a file of its own. */
export type WrittenAssertion =
  ResponseAssertion | { readonly kind: 'schemaFile'; readonly path: string; readonly place: Place };

const assertion: Reader<WrittenAssertion> = (node, at) => {
  const values = fields(node, at);
  if (values === undefined) return undefined;
  const { status, p95Milliseconds, path, equals, schema, ...limits } = values;
  const subjects = [status, p95Milliseconds, path, schema].filter((subject) => subject !== undefined);
  if (subjects.length !== 1 && node.kind === 'map') {
    at.problems.add(node.place, `'${at.path}' must have exactly one of status, p95Milliseconds, schema and path.`);
  }
  if (status !== undefined) return { kind: 'status', status };
  if (p95Milliseconds !== undefined) return { kind: 'p95', milliseconds: p95Milliseconds };
  if (schema !== undefined) return schemaAssertion(schema, at);
  if (path === undefined) return undefined;
  const value = equals === undefined ? {} : { equals: withPlainNumbers(passThrough(equals)) as Json };
  return { kind: 'value', path, ...value, ...limits };
};

function schemaAssertion(node: YamlNode, at: At): WrittenAssertion | undefined {
  if (node.kind === 'string') return { kind: 'schemaFile', path: node.value, place: node.place };
  const schema = withPlainNumbers(passThrough(node)) as Json;
  const problems = schemaProblems(schema);
  for (const problem of problems) at.problems.add(node.place, `'${at.path}.schema': ${problem}`);
  return problems.length === 0 ? { kind: 'schema', schema } : undefined;
}

/**
 * Reads a list of assertions on an endpoint's answer. An empty text has none.
 *
 * @throws UserError with every problem and its place
 */
export function readAssertions(lines: string, file: string): readonly WrittenAssertion[] {
  if (lines.trim() === '') return [];
  const problems = new ProblemList();
  const values = listOf(assertion)(loadYaml(lines, file), { problems, path: 'assertions' });
  problems.throwIfAny();
  return values ?? [];
}
