/** What the steps of a plan have yielded, and the bodies that refer to it. */
import { isDeferred, type Deferred, type Template } from '../aml-yaml/plan.ts';
import type { Json, JsonObject } from '../domain/json.ts';

/** What a step yields; see the steps' own comments in `plan.ts`. */
export type StepResult = Partial<Record<Deferred['$field'], string>>;

export type PlanResults = Map<string, StepResult>;

/** The template with everything that was open filled in. */
export function resolveTemplate(template: Template, results: ReadonlyMap<string, StepResult>): Json {
  if (isDeferred(template)) return resolveDeferred(template, results);
  if (Array.isArray(template)) return (template as readonly Template[]).map((item) => resolveTemplate(item, results));
  if (typeof template !== 'object' || template === null) return template;
  return resolveMembers(template as Readonly<Record<string, Template>>, results);
}

/** The same for a body. */
export function resolveMembers(
  members: Readonly<Record<string, Template>>,
  results: ReadonlyMap<string, StepResult>,
): JsonObject {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, resolveTemplate(value, results)]));
}

function resolveDeferred({ $step, $field, $prefix }: Deferred, results: ReadonlyMap<string, StepResult>): string {
  const value = results.get($step)?.[$field];
  if (value === undefined)
    throw new Error(`The plan asks for '${$field}' of its step '${$step}', which has not yielded it.`);
  // The URIs of registries carry their scheme themselves.
  return value.startsWith('azureml://') ? value : `${$prefix ?? ''}${value}`;
}
