/** Runs one node of a pipeline: a command, the shared result of an earlier run, or a pipeline inside. */
import { randomUUID } from 'node:crypto';
import { runLifecycle } from './command-lifecycle.ts';
import type { LifecycleParts } from './command-lifecycle.ts';
import type { CommandPlan } from './command-plan.ts';
import { defaultReference } from './output-assets.ts';
import { lastSegment } from './pipeline-plan.ts';
import type { PipelinePlan, PlannedNode } from './pipeline-plan.ts';
import { reuseProperties, stepProperties, stepTags } from './pipeline-properties.ts';
import { parallelPlan } from './parallel-plan.ts';
import type { RunRecord } from './records.ts';
import type { RunControl } from './run-control.ts';
import { missingInputs, planNodeInputs, planNodeOutputs, planOfNode } from './step-plan.ts';
import type { BindingValues } from './step-plan.ts';
import { runSweep } from './sweep-lifecycle.ts';
import { planSweepNode } from './sweep-plan.ts';
import { findReusable, reuseKey } from './step-reuse.ts';
import { asObject, textAt } from '../json.ts';

export interface PipelineParts extends LifecycleParts {
  readonly control: RunControl;
  /** Runs the graph of a node that is itself a pipeline; given from outside, as the two call each other. */
  readonly runInner: (
    parts: PipelineParts,
    run: RunRecord,
    plan: PipelinePlan,
    signal: AbortSignal,
  ) => Promise<RunRecord>;
}

export interface Step {
  readonly name: string;
  readonly planned: PlannedNode;
  readonly values: BindingValues;
}

/** Runs the step to its end as a child of `parent` and returns its run. */
export async function runStep(
  parts: PipelineParts,
  parent: RunRecord,
  pipeline: PipelinePlan,
  step: Step,
  signal: AbortSignal,
): Promise<RunRecord> {
  const run = createStepRun(parts, parent, pipeline, step);
  return await parts.control.during(run, signal, async (own) => {
    const { type, node, component, inner } = step.planned;
    const searched = type === 'sweep' ? asObject(node.search_space) : {};
    const missing = missingInputs(
      { ...planNodeInputs(node, component.spec, step.values), ...searched },
      component.spec,
    );
    if (missing.length > 0) {
      const message = `Required input ${missing.map((name) => `'${name}'`).join(', ')} for component '${component.name}' not provided.`;
      return parts.store.change(run, { status: 'Failed', error: { code: 'UserError', message } });
    }
    if (inner !== undefined) {
      return await parts.runInner(parts, run, { ...pipeline, ...innerPlan(step), graph: inner }, own);
    }
    const plan = planOfNode(node, component.spec, step.values);
    if (type === 'sweep') return await runSweep(parts, run, planSweepNode(node, plan), own);
    const command = type === 'parallel' ? parallelPlan(node, component.spec, plan) : plan;
    return await runOrReuse(parts, run, command, pipeline.forceRerun, step, own);
  });
}

function createStepRun(
  { store }: PipelineParts,
  parent: RunRecord,
  pipeline: PipelinePlan,
  { name, planned }: Step,
): RunRecord {
  const compute = textAt(planned.node, 'computeId');
  return store.create({
    workspace: parent.workspace,
    id: randomUUID(),
    kind: planned.inner === undefined ? 'step' : 'stepPipeline',
    parent,
    experimentId: parent.experimentId,
    displayName: textAt(planned.node, 'display_name') ?? name,
    name: planned.component.name,
    status: 'NotStarted',
    createdBy: parent.createdBy,
    tags: stepTags(parent, name),
    properties: stepProperties(parent, name, planned.component),
    target: compute === undefined ? (pipeline.defaultCompute ?? 'serverless') : lastSegment(compute),
  });
}

function innerPlan({ planned, values }: Step): Pick<PipelinePlan, 'inputs' | 'outputs'> {
  const { node, component } = planned;
  return {
    inputs: planNodeInputs(node, component.spec, values),
    outputs: planNodeOutputs(node, component.spec, values),
  };
}

async function runOrReuse(
  parts: PipelineParts,
  run: RunRecord,
  plan: CommandPlan,
  forceRerun: boolean,
  { planned }: Step,
  signal: AbortSignal,
): Promise<RunRecord> {
  const { store } = parts;
  const key = await reuseKey(parts, planned.component.spec, plan);
  const original = key === undefined || forceRerun ? undefined : findReusable(parts, key);
  if (original !== undefined && !signal.aborted) {
    const shared = store.change(run, (now) => ({
      properties: { ...reuseProperties(original), ...now.properties },
      containerOf: original.containerOf,
      startedAt: now.createdAt,
    }));
    const outputs = { ...original.outputs, default: defaultReference(parts, shared) };
    return store.change(run, { status: 'Completed', outputs });
  }
  const ended = await runLifecycle(parts, run, plan, signal);
  if (key !== undefined && ended.status === 'Completed') store.rememberReusable(key, ended.id);
  return ended;
}
