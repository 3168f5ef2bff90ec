/** One step within its job: condition, cancellation, what is read once it has ended, its record (agent source: StepsRunner.cs). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOut } from './checkout.ts';
import { virtualNow, type ClockSettings } from './clock.ts';
import { evaluateCondition } from './conditions.ts';
import type { NodeBinaries } from './handler.ts';
import { StepLog } from './job-log.ts';
import type { PlannedStep } from './job-plan.ts';
import type { CheckoutStep, JobRequest } from './job-request.ts';
import type { Attachment, StepRecord } from './records.ts';
import type { Restrictions } from './restrictions.ts';
import { runTask, type TaskOutcome } from './step-runner.ts';
import { StepState, type JobState } from './step-state.ts';
import { completeDetails } from './timeline-details.ts';

export interface JobContext {
  readonly request: JobRequest;
  readonly job: JobState;
  readonly binaries: NodeBinaries;
  readonly agentEnvironment: Readonly<Record<string, string>>;
  readonly clock: ClockSettings;
  readonly kill: AbortSignal;
}

const NOTHING_RAN: TaskOutcome = {
  exitCode: undefined,
  endedBy: undefined,
  signals: [],
  attempts: 0,
  nodePath: undefined,
};

/** Runs a step if its condition holds; what went wrong is in the record. */
export async function runPlannedStep(
  planned: PlannedStep,
  context: JobContext,
): Promise<{ record: StepRecord; logFile: string | undefined }> {
  const log = createLog(planned, context);
  const state = createState(planned, context, log);
  const startedAt = virtualNow(context.clock);
  for (const warning of context.job.variables.expand()) state.warning(warning);
  state.debug(`Evaluating condition for step: '${planned.displayName}'`);
  let outcome = NOTHING_RAN;
  const condition = conditionHolds(planned, context, state);
  if (condition === true) outcome = await runToEnd(planned, context, state);
  else state.result = condition;
  const attachments = await readAttachments(state);
  return {
    logFile: log.file,
    record: {
      ...outcome,
      id: planned.id,
      name: planned.name,
      displayName: planned.displayName,
      phase: planned.phase,
      result: state.result ?? 'Succeeded',
      issues: state.issues,
      errorCount: state.counts.error,
      warningCount: state.counts.warning,
      outputs: Object.fromEntries(state.outputs),
      attachments,
      artifacts: state.artifacts,
      testResults: state.testResults,
      details: completeDetails(state.details.values()),
      progress: condition === true ? 100 : state.progress,
      currentOperation: state.currentOperation,
      log: log.lines,
      startedAt,
      finishedAt: virtualNow(context.clock),
    },
  };
}

function createLog(planned: PlannedStep, { request, job, clock }: JobContext): StepLog {
  return new StepLog(
    {
      masker: job.masker,
      now: () => virtualNow(clock),
      folder: request.folders.logs,
      onLine: (text) => request.onLine?.({ step: planned.displayName, phase: planned.phase, text }),
    },
    `${planned.number}-${planned.displayName}`,
  );
}

function createState(planned: PlannedStep, { job }: JobContext, log: StepLog): StepState {
  const ofStep = planned.request.kind === 'task' ? planned.request.target : undefined;
  const restrictions = [planned.definition?.restrictions, ofStep].filter(
    (each): each is Restrictions => each !== undefined,
  );
  return new StepState(job, {
    name: planned.name,
    log,
    debug: job.variables.isTrue('System.Debug'),
    taskVariables: planned.taskVariables,
    outputNames: planned.definition?.outputVariables ?? [],
    restrictions,
  });
}

/** True, or the result of a step that does not run. */
function conditionHolds(planned: PlannedStep, { job }: JobContext, state: StepState): true | 'Skipped' | 'Failed' {
  try {
    if (evaluateCondition(planned.condition, job.status, job.variables)) return true;
    state.output('Skipping step due to condition evaluation.');
    return 'Skipped';
  } catch (error) {
    state.error(error instanceof Error ? error.message : String(error));
    return 'Failed';
  }
}

async function runToEnd(planned: PlannedStep, context: JobContext, state: StepState): Promise<TaskOutcome> {
  state.section(`Starting: ${planned.displayName}`);
  setStepVariables(planned, context.job);
  const cancellation = watchStep(planned, context, state);
  const outcome = await runBody(planned, context, state, cancellation.signal);
  cancellation.stopWatching();
  await runAsyncCommands(state);
  if (state.commandResult !== undefined) state.mergeResult(state.commandResult);
  if (state.result === 'Failed' && planned.request.continueOnError === true) state.result = 'SucceededWithIssues';
  state.section(`Finishing: ${planned.displayName}`);
  return outcome;
}

async function runBody(
  planned: PlannedStep,
  context: JobContext,
  state: StepState,
  cancel: AbortSignal,
): Promise<TaskOutcome> {
  const { request, definition, phase } = planned;
  if (request.kind === 'checkout') {
    await runCheckout(request, state);
    return NOTHING_RAN;
  }
  if (definition === undefined) throw new Error('A task without a definition cannot have been planned.');
  return runTask({
    step: request,
    phase,
    definition,
    state,
    binaries: context.binaries,
    agentEnvironment: context.agentEnvironment,
    secureFiles: context.request.secureFiles ?? [],
    clock: context.clock,
    grace: context.request.grace ?? {},
    container: context.request.container ?? false,
    cancel,
    kill: context.kill,
  });
}

async function runCheckout({ from, to }: CheckoutStep, state: StepState): Promise<void> {
  const { sourcesFolder, variables } = state.job;
  try {
    const folder = to === undefined ? sourcesFolder : join(variables.get('Agent.BuildDirectory') ?? '', to);
    const count = await checkOut(from, folder);
    state.output(`Copied ${count} files from ${from}.`);
  } catch (error) {
    state.error(`The sources could not be copied: ${error instanceof Error ? error.message : String(error)}`);
    state.result = 'Failed';
  }
}

function setStepVariables(planned: PlannedStep, { variables }: JobState): void {
  const values = {
    'System.TaskInstanceId': planned.id,
    'System.TaskInstanceName': planned.name,
    'System.TaskDisplayName': planned.displayName,
    'task.displayname': planned.displayName,
    'task.publishTelemetry': 'True',
  };
  for (const [name, value] of Object.entries(values)) variables.set(name, value, { readOnly: true });
}

/** A cancelled job ends a running step only when its condition no longer holds; `always()` goes on. */
function watchStep(
  planned: PlannedStep,
  { request, job }: JobContext,
  state: StepState,
): { signal: AbortSignal; stopWatching: () => void } {
  const cancelled = new AbortController();
  const onCancel = (): void => {
    // The listener that makes the job's status Canceled was added before this one.
    if (stillHolds(planned, job)) return;
    state.error('The operation was canceled.');
    cancelled.abort();
  };
  if (request.cancel?.aborted !== true) request.cancel?.addEventListener('abort', onCancel, { once: true });
  return {
    signal: cancelled.signal,
    stopWatching: () => request.cancel?.removeEventListener('abort', onCancel),
  };
}

function stillHolds(planned: PlannedStep, job: JobState): boolean {
  try {
    return evaluateCondition(planned.condition, job.status, job.variables);
  } catch {
    return false;
  }
}

/** What commands queued, done inside the step but after its process; a failure fails the step. */
async function runAsyncCommands(state: StepState): Promise<void> {
  for (const command of state.asyncCommands) {
    state.section(`Async Command Start: ${command.name}`);
    try {
      await command.run();
    } catch (error) {
      state.error(error instanceof Error ? error.message : String(error));
      state.mergeCommandResult('Failed');
    }
    state.section(`Async Command End: ${command.name}`);
  }
}

/** Read now, not when they were announced: whoever deletes or rewrites such a file loses it. */
async function readAttachments(state: StepState): Promise<Attachment[]> {
  return Promise.all(
    state.attachments.map(async (attachment) => {
      const content = await readFile(attachment.path).catch(() => undefined);
      const text = content?.toString('utf8') ?? '';
      return { ...attachment, content, holdsSecret: state.job.masker.mask(text) !== text };
    }),
  );
}
