/** Whether a step has been run before with the same component and the same inputs, so that its result can be shared. */
import { createHash } from 'node:crypto';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { canonical } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { CommandPlan, PlannedInput } from './command-plan.ts';
import { findData } from './data-access.ts';
import type { RunRecord } from './records.ts';
import type { RunStore } from './run-store.ts';
import { isTrue } from './step-plan.ts';

export interface ReuseParts {
  readonly context: Pick<EmulatorContext, 'blobs' | 'state' | 'settings'>;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
}

/** Members of a component that do not change what it does. */
const DESCRIPTIVE = new Set(['$schema', 'name', 'version', 'display_name', 'description', 'tags', '_source']);

/**
 * The key under which the step's result is shared; undefined when it may not be: the component says it is not
 * deterministic, or an input cannot be read. Data counts by where it lies, what is there and how long it is.
 */
export async function reuseKey(parts: ReuseParts, spec: JsonObject, plan: CommandPlan): Promise<string | undefined> {
  if (spec.is_deterministic !== undefined && !isTrue(spec.is_deterministic)) return undefined;
  const inputs: Record<string, Json> = {};
  try {
    for (const [name, input] of Object.entries(plan.inputs)) inputs[name] = await inputIdentity(parts, input);
  } catch {
    return undefined;
  }
  const component = Object.fromEntries(Object.entries(spec).filter(([name]) => !DESCRIPTIVE.has(name)));
  const outputs = Object.fromEntries(
    Object.entries(plan.outputs).map(([name, output]): [string, JsonObject] => [name, { ...output }]),
  );
  const text = canonical({
    workspace: parts.workspace.id,
    component,
    inputs,
    outputs,
    environmentVariables: { ...plan.environmentVariables },
  });
  return createHash('sha256').update(text).digest('hex');
}

/** The run remembered under the key, if its result is still there. */
export function findReusable({ store, workspace }: ReuseParts, key: string): RunRecord | undefined {
  const id = store.reusable(key);
  const run = id === undefined ? undefined : store.find(workspace.id, id);
  return run?.status === 'Completed' ? run : undefined;
}

async function inputIdentity({ context, store, workspace }: ReuseParts, input: PlannedInput): Promise<Json> {
  if (input.kind === 'literal') return input.value;
  const place = findData(context, store, workspace, input.uri, input.type.endsWith('_model') ? 'models' : 'data');
  const blobs = await context.blobs.list(place.account, place.container, place.path);
  return { place: { ...place }, mode: input.mode, blobs: blobs.map(({ name, size }) => ({ name, size })) };
}
