/** Runs one step of a task: inputs, environment, process, retries, timeout (agent source: TaskRunner.cs, RetryHelper.cs). */
import { join } from 'node:path';
import { virtualDelay, type ClockSettings } from './clock.ts';
import { processLine } from './command-dispatch.ts';
import { buildEnvironment, type SecureFile } from './environment.ts';
import { chooseHandler, type ChosenHandler, type NodeBinaries } from './handler.ts';
import { resolveInputs } from './inputs.ts';
import { AGENT_GRACE, type GraceTimes, type TaskStep } from './job-request.ts';
import { runProcess, type ProcessOutcome } from './step-process.ts';
import type { StepState } from './step-state.ts';
import type { Phase, TaskDefinition } from './task-definition.ts';
import type { Variables } from './variables.ts';

export interface TaskRun {
  readonly step: TaskStep;
  readonly phase: Phase;
  readonly definition: TaskDefinition;
  readonly state: StepState;
  readonly binaries: NodeBinaries;
  readonly agentEnvironment: Readonly<Record<string, string>>;
  readonly secureFiles: readonly SecureFile[];
  readonly clock: ClockSettings;
  readonly grace: Partial<GraceTimes>;
  readonly container: boolean;
  /** Aborts when the job is cancelled and the step's condition no longer holds. */
  readonly cancel: AbortSignal;
  /** Aborts when nothing more is waited for. */
  readonly kill: AbortSignal;
}

export interface TaskOutcome {
  readonly exitCode: number | undefined;
  readonly endedBy: string | undefined;
  readonly signals: readonly string[];
  readonly attempts: number;
  readonly nodePath: string | undefined;
}

const MAX_RETRIES = 10;
const MINUTE = 60_000;

/** What ended an attempt, beside a result the task reported itself. */
class AttemptFailed extends Error {}

/** Runs the handler of one phase to its end; the state then holds what the task reported. Never rejects. */
export async function runTask(run: TaskRun): Promise<TaskOutcome> {
  const { state, cancel, kill } = run;
  const timeout = new AbortController();
  const timer = startTimeout(run, timeout);
  const stop = AbortSignal.any([cancel, timeout.signal]);
  const attempts = { count: 0, last: undefined as ProcessOutcome | undefined, signals: [] as string[] };
  let handler: ChosenHandler | undefined;
  try {
    printBanner(run);
    handler = chooseHandler(run.definition.handlers[run.phase] ?? {}, state.job.variables, run.binaries);
    await runAttempts(run, handler, stop, attempts);
  } catch (error) {
    if (!stop.aborted && !kill.aborted) {
      state.error(error instanceof Error ? error.message : String(error));
      state.result = 'Failed';
    }
  } finally {
    timer.abort();
  }
  if (cancel.aborted || kill.aborted) state.result = 'Canceled';
  else if (timeout.signal.aborted) {
    state.error('The task has timed out.');
    state.result = 'Failed';
  }
  return {
    exitCode: attempts.last?.exitCode,
    endedBy: attempts.last?.endedBy,
    signals: attempts.signals,
    attempts: attempts.count,
    nodePath: handler?.nodePath,
  };
}

function startTimeout(run: TaskRun, timeout: AbortController): AbortController {
  const timer = new AbortController();
  const minutes = run.step.timeoutInMinutes ?? 0;
  if (minutes > 0) {
    virtualDelay(run.clock, minutes * MINUTE, timer.signal).then(
      () => {
        timeout.abort();
      },
      () => undefined,
    );
  }
  return timer;
}

function printBanner({ definition, state }: TaskRun): void {
  const rule = '='.repeat(78);
  state.output(rule);
  state.output(`Task         : ${definition.friendlyName}`);
  state.output(`Description  : ${definition.description}`);
  state.output(`Version      : ${definition.version}`);
  state.output(`Author       : ${definition.author}`);
  state.output(`Help         : ${definition.helpMarkDown}`);
  state.output(rule);
}

async function runAttempts(
  run: TaskRun,
  handler: ChosenHandler,
  stop: AbortSignal,
  attempts: { count: number; last: ProcessOutcome | undefined; signals: string[] },
): Promise<void> {
  const { state } = run;
  const retries = Math.min(run.step.retryCountOnTaskFailure ?? 0, MAX_RETRIES);
  for (let retry = 0; ; retry++) {
    attempts.count++;
    try {
      attempts.last = await runAttempt(run, handler, stop);
      attempts.signals.push(...attempts.last.signals);
      failOnExitCode(run, handler, attempts.last, stop);
      if (state.result !== 'Failed' || retry === retries) return;
      // Only a reported failure is forgotten; after a bad exit code the agent keeps what the task had reported.
      state.result = undefined;
    } catch (error) {
      if (stop.aborted || run.kill.aborted || retry === retries) throw error;
      state.warning(error instanceof Error ? error.message : String(error));
    }
    const seconds = (retry + 1) ** 2;
    state.warning(`The task has failed; attempt ${retry + 2} of ${retries + 1} starts in ${seconds} seconds.`);
    await virtualDelay(run.clock, seconds * 1000, AbortSignal.any([stop, run.kill]));
  }
}

async function runAttempt(run: TaskRun, handler: ChosenHandler, stop: AbortSignal): Promise<ProcessOutcome> {
  const { state, definition, step } = run;
  const { variables } = state.job;
  const workingFolder = handler.workingDirectory?.replaceAll('$(currentdirectory)', definition.folder);
  const { values, endpoints, secureFiles } = resolveInputs(step.inputs ?? {}, {
    definition,
    variables,
    agentEnvironment: run.agentEnvironment,
    defaultRoot: state.job.sourcesFolder,
    endpoints: state.job.endpoints,
    secureFiles: run.secureFiles,
  });
  const environment = buildEnvironment({
    agent: run.agentEnvironment,
    step: step.env ?? {},
    variables,
    inputs: values,
    endpoints,
    secureFiles,
    taskVariables: state.settings.taskVariables,
    prependPath: state.job.prependPath,
  });
  const grace = graceTimes(variables, run.grace);
  const done = new AbortController();
  const doneTimers: NodeJS.Timeout[] = [];
  state.onDone = () =>
    doneTimers.push(
      setTimeout(() => {
        done.abort();
      }, grace.done),
    );
  const outcome = await runProcess({
    nodePath: handler.nodePath,
    script: join(definition.folder, handler.target),
    cwd: workingFolder ?? state.job.sourcesFolder,
    environment,
    onLine: (line) => {
      processLine(line, state);
    },
    grace,
    container: run.container,
    stop,
    kill: run.kill,
    detach: done.signal,
  });
  for (const timer of doneTimers) clearTimeout(timer);
  return outcome;
}

/** A job may set the grace times itself, in milliseconds. */
function graceTimes(variables: Variables, given: Partial<GraceTimes>): GraceTimes {
  const read = (name: string): number | undefined => {
    const value = Number(variables.get(name));
    return value > 0 ? value : undefined;
  };
  return {
    ...AGENT_GRACE,
    ...given,
    sigint: read('PROCESS_SIGINT_TIMEOUT') ?? given.sigint ?? AGENT_GRACE.sigint,
    sigterm: read('PROCESS_SIGTERM_TIMEOUT') ?? given.sigterm ?? AGENT_GRACE.sigterm,
  };
}

function failOnExitCode(run: TaskRun, handler: ChosenHandler, outcome: ProcessOutcome, stop: AbortSignal): void {
  if (stop.aborted || run.kill.aborted || outcome.exitCode === undefined || outcome.exitCode === 0) return;
  const script = join(run.definition.folder, handler.target);
  throw new AttemptFailed(
    `Exit code ${outcome.exitCode} returned from process: file name '${handler.nodePath}', arguments '"${script}"'.`,
  );
}
