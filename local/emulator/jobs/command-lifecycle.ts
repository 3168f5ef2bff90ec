/** Takes a run with a command through the states of the service, from Starting to the end. */
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import type { CommandPlan } from './command-plan.ts';
import { takeFailure, waitInQueue } from './job-faults.ts';
import type { InjectedFailure } from './job-faults.ts';
import { outputReferences } from './output-assets.ts';
import type { RunError, RunRecord } from './records.ts';
import { runCommand } from './run-command.ts';
import type { CommandOutcome } from './run-command.ts';
import { CLOSING } from './run-control.ts';
import { openRunLog } from './run-log.ts';
import type { RunStore } from './run-store.ts';
import type { Slots } from './slots.ts';

export interface LifecycleParts {
  readonly context: EmulatorContext;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
  readonly experimentName: string;
  /** Places on the compute. */
  readonly slots: Slots;
}

const CLUSTER_TAG = '{"AllocationState":"steady","PreparingNodeCount":0,"RunningNodeCount":0,"CurrentNodeCount":0}';

/** Runs to the end and returns the run as it then is. Never rejects: what goes wrong is the run's failure. */
export async function runLifecycle(
  parts: LifecycleParts,
  run: RunRecord,
  plan: CommandPlan,
  signal: AbortSignal,
): Promise<RunRecord> {
  const { context, store } = parts;
  let outcome: CommandOutcome;
  try {
    outcome = await runToOutcome(parts, run, plan, signal);
  } catch (error) {
    outcome = signal.aborted ? { kind: 'canceled' } : { kind: 'failed', error: internalError(error) };
  }
  if (signal.reason === CLOSING) return run;
  const { clock, timings } = context;
  switch (outcome.kind) {
    case 'canceled':
      await clock.sleep(timings.jobCancel);
      return store.change(run, { status: 'Canceled' });
    case 'timedOut':
      store.change(run, { status: 'CancelRequested', cancelReason: 'The job reached its time limit.' });
      await clock.sleep(timings.jobCancel);
      return store.change(run, { status: 'Canceled' });
    case 'failed':
      return store.change(run, { status: 'Failed', error: outcome.error });
    case 'completed': {
      store.change(run, { status: 'Finalizing' });
      await clock.sleep(timings.jobFinalizing);
      const outputs = outputReferences(parts, run, outcome.outputs);
      return store.change(run, { status: 'Completed', outputs });
    }
  }
}

async function runToOutcome(
  parts: LifecycleParts,
  run: RunRecord,
  plan: CommandPlan,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const { context, store, slots } = parts;
  const { clock, timings } = context;
  const failure = takeFailure(context.faults, run);
  await clock.sleep(timings.jobStarting, signal);
  store.change(run, { status: 'Preparing' });
  await clock.sleep(timings.jobPreparing, signal);
  if (failure?.at === 'image') return await failImage(parts, run, failure.error);
  store.change(run, queued);
  await clock.sleep(timings.jobQueued, signal);
  await waitInQueue(context, run, signal);
  if (failure?.at === 'quota') return { kind: 'failed', error: failure.error };
  return await slots.use(() => runOnNode(parts, run, plan, signal, failure), signal);
}

/** Runs the command; a rule may take its node away meanwhile. */
async function runOnNode(
  parts: LifecycleParts,
  run: RunRecord,
  plan: CommandPlan,
  signal: AbortSignal,
  failure: InjectedFailure | undefined,
): Promise<CommandOutcome> {
  const preemption = new AbortController();
  const outcome = await runCommand({
    ...parts,
    run,
    plan,
    signal: AbortSignal.any([signal, preemption.signal]),
    onStart: () => {
      parts.store.change(run, { status: 'Running' });
      if (failure?.at === 'preemption') {
        parts.context.clock.after(failure.afterMs, () => {
          preemption.abort();
        });
      }
    },
  });
  const isPreempted = preemption.signal.aborted && !signal.aborted;
  return isPreempted && failure !== undefined ? { kind: 'failed', error: failure.error } : outcome;
}

async function failImage(
  { context, workspace }: LifecycleParts,
  run: RunRecord,
  error: RunError,
): Promise<CommandOutcome> {
  const log = openRunLog(context, workspace, run.id, 'azureml-logs/20_image_build_log.txt');
  log.write(`${error.message}\n`);
  await log.flushed();
  return { kind: 'failed', error };
}

/** What the service adds when the job reaches the compute. */
function queued(run: RunRecord): Partial<RunRecord> {
  return {
    status: 'Queued',
    tags: { ...run.tags, _aml_system_ComputeTargetStatus: CLUSTER_TAG },
    properties: {
      ...run.properties,
      ProcessInfoFile: 'azureml-logs/process_info.json',
      ProcessStatusFile: 'azureml-logs/process_status.json',
    },
  };
}

function internalError(error: unknown): RunError {
  return { code: 'ServiceError', message: error instanceof Error ? error.message : String(error) };
}
