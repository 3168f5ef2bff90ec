/** Takes a sweep to its end: trials run as processes, so many at a time, and the best one's outputs are the sweep's. */
import { runLifecycle } from './command-lifecycle.ts';
import type { LifecycleParts } from './command-lifecycle.ts';
import { isTerminated } from './early-termination.ts';
import type { Series } from './early-termination.ts';
import { defaultReference } from './output-assets.ts';
import type { MetricPoint, RunRecord } from './records.ts';
import { isTerminal } from './records.ts';
import { CLOSING } from './run-control.ts';
import type { RunControl } from './run-control.ts';
import { openRunLog } from './run-log.ts';
import { drawTrial, gridPoint, randomNumbers } from './search-space.ts';
import type { TrialValues } from './search-space.ts';
import { trialPlan } from './sweep-plan.ts';
import type { SweepPlan } from './sweep-plan.ts';
import { bestTrialProperties, trialTag, trialTags } from './sweep-properties.ts';

export interface SweepParts extends LifecycleParts {
  readonly control: RunControl;
}

const SWEEP_LOG = 'azureml-logs/hyperdrive.txt';
/** How often the policy looks at the trials that run, in virtual milliseconds. */
const POLICY_CHECK = 1000;

/** Runs to the end and returns the run as it then is. Never rejects: what goes wrong is the run's failure. */
export async function runSweep(
  parts: SweepParts,
  run: RunRecord,
  plan: SweepPlan,
  signal: AbortSignal,
): Promise<RunRecord> {
  const { context, store } = parts;
  const log = openRunLog(context, parts.workspace, run.id, SWEEP_LOG);
  const note = (text: string): void => {
    log.write(`[${context.clock.isoZ()}][GENERATOR][INFO]${text}\n`);
  };
  store.change(run, { status: 'Running' });
  const limit = new AbortController();
  const callOff =
    plan.timeoutMs === undefined
      ? undefined
      : context.clock.after(plan.timeoutMs, () => {
          note('The time limit of the sweep has passed.');
          limit.abort();
        });
  try {
    const trials = await runTrials(parts, run, plan, AbortSignal.any([signal, limit.signal]), note);
    return await finish(parts, run, plan, trials, signal);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return store.change(run, { status: 'Failed', error: { code: 'ServiceError', message } });
  } finally {
    callOff?.();
    await log.flushed();
  }
}

async function runTrials(
  parts: SweepParts,
  run: RunRecord,
  plan: SweepPlan,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<readonly RunRecord[]> {
  const random = randomNumbers(plan.seed ?? seedOf(run.id));
  const ended: RunRecord[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < plan.maxTotalTrials && !signal.aborted) {
      const index = next++;
      // A Bayesian sweep draws as a random one does: what is asked of the emulator is trials, not luck.
      const values = plan.sampling === 'grid' ? gridPoint(plan.space, index) : drawTrial(plan.space, random);
      note(`Trying to sample '1' jobs from the hyperparameter space: ${JSON.stringify(values)}`);
      ended.push(await runTrial(parts, run, plan, index, values, signal));
      note(`${run.id}_${index} ended as ${ended.at(-1)?.status ?? ''}.`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(plan.maxConcurrentTrials, plan.maxTotalTrials) }, worker));
  parts.store.change(run, (now) => ({ tags: { ...now.tags, _aml_system_all_jobs_generated: 'true' } }));
  return ended;
}

async function runTrial(
  parts: SweepParts,
  sweep: RunRecord,
  plan: SweepPlan,
  index: number,
  values: TrialValues,
  signal: AbortSignal,
): Promise<RunRecord> {
  const { store, control, context } = parts;
  store.change(sweep, (now) => ({ tags: { ...now.tags, ...trialTag(sweep, index, values) } }));
  const run = store.create({
    workspace: sweep.workspace,
    id: `${sweep.id}_${index}`,
    kind: 'trial',
    parent: sweep,
    experimentId: sweep.experimentId,
    displayName: `${sweep.displayName ?? sweep.id}_${index}`,
    status: 'NotStarted',
    createdBy: sweep.createdBy,
    tags: trialTags(values),
    properties: { 'azureml.runsource': 'hyperdrive', '_azureml.ComputeTargetType': 'amlctrain' },
    target: sweep.target,
  });
  const judged = new AbortController();
  const stopJudging = judge(parts, sweep, run, plan, judged);
  try {
    const both = AbortSignal.any([signal, judged.signal]);
    return await control.during(run, both, (own) => runLifecycle(parts, run, trialPlan(plan, values), own));
  } finally {
    stopJudging();
    if (judged.signal.aborted) {
      store.change(run, { cancelReason: `Early termination at ${context.clock.isoZ()}.` });
    }
  }
}

/** Watches a trial for the policy's sake. Returns what ends the watch. */
function judge(
  { context, store }: SweepParts,
  sweep: RunRecord,
  run: RunRecord,
  plan: SweepPlan,
  judged: AbortController,
): () => void {
  const { policy } = plan;
  if (policy === undefined) return () => undefined;
  let callOff = context.clock.after(POLICY_CHECK, look);
  let seen = 0;
  function look(): void {
    const others = store.children(sweep).filter(({ id }) => id !== run.id);
    const own = series(store.tracking(run).metrics[plan.primaryMetric]);
    const rivals = others.map((other) => series(store.tracking(other).metrics[plan.primaryMetric]));
    // Every value since the last look that another trial has come to as well, so that none goes unjudged.
    for (; seen < own.length && rivals.some(({ length }) => length > seen); seen += 1) {
      if (policy !== undefined && isTerminated(policy, own.slice(0, seen + 1), rivals, plan.goal)) {
        judged.abort();
        return;
      }
    }
    callOff = context.clock.after(POLICY_CHECK, look);
  }
  return () => {
    callOff();
  };
}

async function finish(
  parts: SweepParts,
  run: RunRecord,
  plan: SweepPlan,
  trials: readonly RunRecord[],
  signal: AbortSignal,
): Promise<RunRecord> {
  const { store, context } = parts;
  if (signal.reason === CLOSING) return run;
  if (signal.aborted) {
    await context.clock.sleep(context.timings.jobCancel);
    return store.change(run, (now) => ({
      status: 'Canceled',
      tags: { ...now.tags, _aml_system_cancellation_requested: 'true' },
    }));
  }
  if (!trials.some(({ status }) => status === 'Completed')) {
    const message = 'Marking the experiment as failed because initial child jobs have failed due to user error';
    return store.change(run, { status: 'Failed', error: { code: 'UserError', message } });
  }
  const best = bestTrial(parts, plan, trials);
  return store.change(run, (now) => ({
    status: 'Completed',
    properties: { ...now.properties, ...(best === undefined ? {} : bestTrialProperties(best.trial, best.score)) },
    outputs: { ...best?.trial.outputs, default: defaultReference(parts, run) },
  }));
}

function bestTrial(
  { store }: SweepParts,
  { primaryMetric, goal }: SweepPlan,
  trials: readonly RunRecord[],
): { readonly trial: RunRecord; readonly score: number } | undefined {
  const sign = goal === 'maximize' ? 1 : -1;
  const scored = trials.flatMap((trial) => {
    const values = series(store.tracking(trial).metrics[primaryMetric]);
    if (!isTerminal(trial.status) || trial.status === 'Failed' || values.length === 0) return [];
    return [{ trial, score: sign * Math.max(...values.map((value) => sign * value)) }];
  });
  return scored.toSorted((a, b) => sign * (b.score - a.score))[0];
}

function series(points: readonly MetricPoint[] | undefined): Series {
  return (points ?? []).flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
}

/** Another sweep draws other values, the same one draws the same again. */
function seedOf(text: string): number {
  return Buffer.from(text).reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, 7);
}
