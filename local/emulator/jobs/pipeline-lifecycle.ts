/** Takes a pipeline through its graph: what is ready runs, in parallel where the bindings allow it. */
import { dependenciesOf } from './pipeline-graph.ts';
import type { PipelineGraph, PipelinePlan } from './pipeline-plan.ts';
import { pipelineStages } from './pipeline-properties.ts';
import { defaultReference } from './output-assets.ts';
import type { AssetReference, RunError, RunRecord } from './records.ts';
import { CLOSING } from './run-control.ts';
import { openRunLog } from './run-log.ts';
import type { RunLog } from './run-log.ts';
import { runStep } from './run-step.ts';
import type { PipelineParts, Step } from './run-step.ts';

const EXECUTION_LOG = 'logs/azureml/executionlogs.txt';

/** Runs the pipeline to its end and returns its run; `added` are properties it gets when it starts. Never rejects. */
export async function runPipeline(
  parts: PipelineParts,
  run: RunRecord,
  plan: PipelinePlan,
  signal: AbortSignal,
  added: Readonly<Record<string, string>> = {},
): Promise<RunRecord> {
  const { context, store } = parts;
  const log = openRunLog(context, parts.workspace, run.id, EXECUTION_LOG);
  try {
    await context.clock.sleep(context.timings.pipelineNotStarted, signal);
    store.change(run, (now) => ({ status: 'Running', properties: { ...now.properties, ...added } }));
    const ended = await runGraph(parts, run, plan, log, signal);
    log.write(logLine(parts, 'Finishing experiment: no runs left and nothing to schedule.'));
    await log.flushed();
    return await finish(parts, run, plan.graph, ended, signal);
  } catch (error) {
    if (signal.aborted) return await cancelled(parts, run, signal);
    const message = error instanceof Error ? error.message : String(error);
    return store.change(run, { status: 'Failed', error: { code: 'ServiceError', message } });
  }
}

/** Runs of the nodes that were started, by node. */
type Ended = ReadonlyMap<string, RunRecord>;

async function runGraph(
  parts: PipelineParts,
  run: RunRecord,
  plan: PipelinePlan,
  log: RunLog,
  signal: AbortSignal,
): Promise<Ended> {
  const { nodes } = plan.graph;
  const ended = new Map<string, RunRecord>();
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const all = AbortSignal.any([signal, stop.signal]);

  const isReady = (name: string): boolean =>
    !ended.has(name) &&
    !running.has(name) &&
    [...dependenciesOf(nodes[name]?.node ?? {})].every((need) => ended.get(need)?.status === 'Completed');
  const start = (step: Step): void => {
    log.write(logLine(parts, `Submitting 1 runs, first five are: ${step.name}`));
    const work = runStep(parts, run, plan, step, all).then((child) => {
      log.write(logLine(parts, `Completing processing run id ${child.id}: ${child.status}.`));
      ended.set(step.name, child);
      running.delete(step.name);
      if (child.status !== 'Completed' && !plan.continueOnStepFailure) stop.abort();
    });
    running.set(step.name, work);
  };

  for (;;) {
    for (const [name, planned] of Object.entries(nodes)) {
      if (all.aborted || !isReady(name)) continue;
      start({ name, planned, values: bindingValues(parts, plan, ended) });
    }
    if (running.size === 0) return ended;
    await Promise.race(running.values());
  }
}

function bindingValues(parts: PipelineParts, plan: PipelinePlan, ended: Ended): Step['values'] {
  const outputs = [...ended].map(([name, child]) => [name, outputUris(parts, child)] as const);
  return { inputs: plan.inputs, outputs: Object.fromEntries(outputs), pipelineOutputs: plan.outputs };
}

function outputUris({ store }: PipelineParts, run: RunRecord): Record<string, string> {
  return Object.fromEntries(
    Object.entries(run.outputs).flatMap(([name, { assetId }]) => {
      const uri = store.outputAsset(assetId)?.uri;
      return uri === undefined ? [] : [[name, uri]];
    }),
  );
}

async function finish(
  parts: PipelineParts,
  run: RunRecord,
  graph: PipelineGraph,
  ended: Ended,
  signal: AbortSignal,
): Promise<RunRecord> {
  if (signal.aborted) return await cancelled(parts, run, signal);
  const { store, context } = parts;
  const failed = [...ended].filter(([, child]) => child.status !== 'Completed').map(([name]) => name);
  const now = store.find(run.workspace, run.id) ?? run;
  const stages = pipelineStages(
    context.clock.iso(now.startedAt ?? now.createdAt),
    context.clock.iso(),
    failed.length === 0,
  );
  return store.change(run, (latest) => ({
    status: failed.length === 0 ? 'Completed' : 'Failed',
    properties: { ...latest.properties, 'azureml.pipelines.stages': stages },
    outputs: pipelineOutputs(parts, run, graph, ended),
    error: failed.length === 0 ? null : failedChildren(failed),
  }));
}

async function cancelled({ store, context }: PipelineParts, run: RunRecord, signal: AbortSignal): Promise<RunRecord> {
  if (signal.reason === CLOSING) return run;
  await context.clock.sleep(context.timings.jobCancel);
  return store.change(run, { status: 'Canceled' });
}

/** A pipeline's outputs are those of the nodes that feed them. */
function pipelineOutputs(
  parts: PipelineParts,
  run: RunRecord,
  graph: PipelineGraph,
  ended: Ended,
): Record<string, AssetReference> {
  const references: Record<string, AssetReference> = { default: defaultReference(parts, run) };
  for (const [name, source] of Object.entries(graph.outputSources)) {
    const reference = ended.get(source.node)?.outputs[source.output];
    if (reference !== undefined) references[name] = reference;
  }
  return references;
}

function failedChildren(names: readonly string[]): RunError {
  const nodes = names.map((name) => `/${name}`).join(', ');
  return {
    code: 'UserError',
    message: `Pipeline has failed child jobs. Failed nodes: ${nodes}. For more details and logs, please go to the job detail page and check the child jobs.`,
  };
}

function logLine({ context }: PipelineParts, text: string): string {
  return `[${context.clock.isoZ().slice(0, 19).replace('T', ' ')}Z] ${text}\n`;
}
