/** What the answer of an endpoint must be. */
import type { Json } from './json.ts';
import { jsonAt, parseJsonPath } from './json-path.ts';
import { schemaFailures } from './json-schema.ts';

export interface ValueAssertion {
  readonly kind: 'value';
  /** A JSON path, as `parseJsonPath` takes it. */
  readonly path: string;
  readonly equals?: Json;
  /** How far a number may be from `equals`. */
  readonly tolerance?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exists?: boolean;
}

export type ResponseAssertion =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'p95'; readonly milliseconds: number }
  /** The whole answer fits a JSON schema. */
  | { readonly kind: 'schema'; readonly schema: Json }
  | ValueAssertion;

/** The statuses and bodies to judge; the body is undefined when it is no JSON. */
export interface JudgedResponse {
  readonly status: number;
  readonly json: Json | undefined;
}

/** What is wrong with one answer, a sentence each; without an assertion on the status it must be 200. */
export function responseFailures(
  assertions: readonly ResponseAssertion[],
  response: JudgedResponse,
): readonly string[] {
  const statuses = assertions.flatMap((assertion) => (assertion.kind === 'status' ? [assertion.status] : []));
  const expected = statuses.length === 0 ? [200] : statuses;
  const failures = expected
    .filter((status) => status !== response.status)
    .map((status) => `The status is ${response.status}, not ${status}.`);
  // The body of a refused request is an error text; checking values in it would only repeat that.
  if (failures.length > 0) return failures;
  return assertions.flatMap((assertion) => {
    if (assertion.kind === 'value') return valueFailures(assertion, response.json);
    return assertion.kind === 'schema' ? schemaFailuresOf(assertion.schema, response.json) : [];
  });
}

function schemaFailuresOf(schema: Json, json: Json | undefined): readonly string[] {
  if (json === undefined) return ['The answer is no JSON, so it fits no schema.'];
  return schemaFailures(schema, json).map((failure) => `The answer does not fit its schema: ${failure}`);
}

/** What is wrong with the latency of all answers. */
export function latencyFailures(assertions: readonly ResponseAssertion[], p95Milliseconds: number): readonly string[] {
  return assertions.flatMap((assertion) =>
    assertion.kind === 'p95' && p95Milliseconds > assertion.milliseconds
      ? [`The 95th percentile of the latency is ${Math.round(p95Milliseconds)} ms, above ${assertion.milliseconds} ms.`]
      : [],
  );
}

function valueFailures(assertion: ValueAssertion, json: Json | undefined): readonly string[] {
  if (json === undefined) return [`${assertion.path} cannot be read: the answer is no JSON.`];
  const found = jsonAt(json, parseJsonPath(assertion.path) ?? []);
  if (assertion.exists === false) return found === undefined ? [] : [`${assertion.path} is there: ${shorten(found)}.`];
  if (found === undefined) return [`${assertion.path} is missing from the answer.`];
  const failures: string[] = [];
  const { equals, minimum, maximum, tolerance = 0 } = assertion;
  if (equals !== undefined && !isEqual(found, equals, tolerance)) {
    const within = tolerance > 0 ? ` within ${tolerance}` : '';
    failures.push(`${assertion.path} is ${shorten(found)}, not ${shorten(equals)}${within}.`);
  }
  if (minimum !== undefined && !(typeof found === 'number' && found >= minimum)) {
    failures.push(`${assertion.path} is ${shorten(found)}, not ${minimum} or more.`);
  }
  if (maximum !== undefined && !(typeof found === 'number' && found <= maximum)) {
    failures.push(`${assertion.path} is ${shorten(found)}, not ${maximum} or less.`);
  }
  return failures;
}

/** Deep equality; numbers, at any depth, may differ by the tolerance. */
function isEqual(left: Json | undefined, right: Json | undefined, tolerance: number): boolean {
  if (typeof left === 'number' && typeof right === 'number') return Math.abs(left - right) <= tolerance;
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [left as Readonly<Record<string, Json>>, right as Readonly<Record<string, Json>>];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isEqual(a[key], b[key], tolerance));
}

function shorten(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
