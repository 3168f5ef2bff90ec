/** What it takes to run one command: the same for a command job and for a step of a pipeline. */
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { parseDuration } from './durations.ts';
import { plainText } from './pipeline-graph.ts';
import type { JobRecord } from './records.ts';

export type PlannedInput =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'data'; readonly type: string; readonly uri: string; readonly mode: string };

export interface PlannedOutput {
  /** `uri_folder`, `uri_file`, `mltable`, `custom_model`, `mlflow_model`, `triton_model` */
  readonly type: string;
  /** Where it shall lie; undefined for the service's own choice. */
  readonly uri: string | undefined;
  readonly mode: string;
  readonly assetName: string | undefined;
  readonly assetVersion: string | undefined;
}

export interface CommandPlan {
  readonly command: string;
  /** ARM id of the code asset, or undefined. */
  readonly codeId: string | undefined;
  readonly inputs: Readonly<Record<string, PlannedInput>>;
  readonly outputs: Readonly<Record<string, PlannedOutput>>;
  readonly environmentVariables: Readonly<Record<string, string>>;
  /** Virtual milliseconds the command may run. */
  readonly timeoutMs: number | undefined;
}

/** The plan of a command job as it was put. */
export function planOfJob(job: JobRecord): CommandPlan {
  const { body } = job;
  return {
    command: textAt(body, 'command') ?? '',
    codeId: textAt(body, 'codeId'),
    inputs: mapDefined(asObject(body.inputs), (input) => plannedInput(asObject(input), 'jobInputType')),
    outputs: mapDefined(asObject(body.outputs), (output, name) =>
      name === 'default' ? undefined : plannedOutput(asObject(output)),
    ),
    environmentVariables: textMembers(body.environmentVariables),
    timeoutMs: parseDuration(textAt(body, 'limits', 'timeout') ?? ''),
  };
}

/** An input as a body has it; `typeKey` is `jobInputType` in jobs and `job_input_type` in nodes. Undefined when empty. */
export function plannedInput(input: JsonObject, typeKey: string): PlannedInput | undefined {
  const type = textAt(input, typeKey) ?? 'literal';
  const uri = plainText(input.uri);
  if (type === 'literal' || uri === undefined) {
    const value = plainText(input.value);
    return value === undefined ? undefined : { kind: 'literal', value };
  }
  return { kind: 'data', type, uri, mode: textAt(input, 'mode') ?? 'ReadOnlyMount' };
}

/** An output as a job's body has it. */
export function plannedOutput(output: JsonObject): PlannedOutput {
  return {
    type: textAt(output, 'jobOutputType') ?? 'uri_folder',
    uri: textAt(output, 'uri'),
    mode: textAt(output, 'mode') ?? 'ReadWriteMount',
    assetName: textAt(output, 'assetName'),
    assetVersion: textAt(output, 'assetVersion'),
  };
}

/** The members that are text, numbers or booleans, as text; a null is left out. */
export function textMembers(members: Json | undefined): Readonly<Record<string, string>> {
  if (!isJsonObject(members)) return {};
  return mapDefined(members, (value) => plainText(value));
}

/** Maps the members and drops those that come out undefined. */
export function mapDefined<V, R>(
  members: Readonly<Record<string, V>>,
  change: (value: V, name: string) => R | undefined,
): Record<string, R> {
  const mapped: Record<string, R> = {};
  for (const [name, value] of Object.entries(members)) {
    const changed = change(value, name);
    if (changed !== undefined) mapped[name] = changed;
  }
  return mapped;
}
