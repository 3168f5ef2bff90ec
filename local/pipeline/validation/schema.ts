/** The published schema of Azure Pipelines YAML, with our tasks in it and narrowed to what a file is used for. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { TaskDefinition } from '../../agent/task-definition.ts';
import type { FileKind } from '../template/expand-file.ts';

type Json = null | boolean | number | string | Json[] | JsonObject;
interface JsonObject {
  [key: string]: Json;
}

export interface PipelineSchema {
  readonly document: JsonObject;
  /** `Name@Major` of every task it knows. */
  readonly tasks: readonly string[];
}

const DEFINITIONS: Readonly<Record<FileKind, string>> = {
  pipeline: 'pipeline',
  extends: 'extendsTemplate',
  stages: 'stagesTemplate',
  jobs: 'jobsTemplate',
  steps: 'stepsTemplate',
  variables: 'variablesTemplate',
};

const published = (): JsonObject =>
  asObject(JSON.parse(gunzipSync(readFileSync(new URL('service-schema.json.gz', import.meta.url))).toString('utf8')));

/**
 * The schema for a kind of file. `tasks` get their inputs checked; `others` (`Name@Major`) are let through with any
 * inputs, as tasks of other extensions.
 */
export function pipelineSchema(
  kind: FileKind,
  tasks: readonly TaskDefinition[],
  others: readonly string[] = [],
): PipelineSchema {
  const document = published();
  const [, ...alternatives] = asList(document.oneOf);
  document.oneOf = [{ $ref: `#/definitions/${DEFINITIONS[kind]}` }, ...alternatives];
  const task = asObject(asObject(document.definitions).task);
  const reference = asObject(asObject(task.properties).task);
  const names = asList(reference.anyOf);
  const forms = asList(task.anyOf);
  const known = names.flatMap((each) => asList(asObject(each).enum ?? []).filter(isText));
  for (const definition of tasks) {
    names.push({ ignoreCase: 'value', enum: [referenceOf(definition)] });
    forms.push(formOf(definition));
  }
  for (const name of others) {
    names.push({ ignoreCase: 'value', enum: [name] });
    forms.push({ firstProperty: ['task'], required: ['task'], properties: { task: exactly(name) } });
  }
  return { document, tasks: [...known, ...tasks.map(referenceOf)] };
}

function referenceOf({ name, version }: TaskDefinition): string {
  return `${name}@${version.split('.')[0] ?? ''}`;
}

function exactly(name: string): JsonObject {
  return { pattern: `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`, ignoreCase: 'value' };
}

/** A step with the task: its inputs by name and alias, and those required that nothing else decides about. */
function formOf(definition: TaskDefinition): JsonObject {
  const properties: JsonObject = {};
  for (const { name, aliases } of definition.inputs) {
    // Texts, so that macros and expressions pass.
    for (const each of [name, ...aliases]) properties[each] = { type: 'string', ignoreCase: 'key' };
  }
  const required = definition.inputs.filter(
    (input) => input.required && input.visibleRule === undefined && input.defaultValue === undefined,
  );
  const inputs: JsonObject = {
    type: 'object',
    properties,
    additionalProperties: false,
    required: required.filter(({ aliases }) => aliases.length === 0).map(({ name }) => name),
    allOf: required
      .filter(({ aliases }) => aliases.length > 0)
      .map(({ name, aliases }) => ({ anyOf: [name, ...aliases].map((each) => ({ required: [each] })) })),
  };
  return {
    firstProperty: ['task'],
    required: required.length > 0 ? ['task', 'inputs'] : ['task'],
    properties: { task: exactly(referenceOf(definition)), inputs },
  };
}

function isText(value: Json): value is string {
  return typeof value === 'string';
}

function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('The schema is damaged.');
  return value as JsonObject;
}

function asList(value: unknown): Json[] {
  if (!Array.isArray(value)) throw new Error('The schema is damaged.');
  return value as Json[];
}
