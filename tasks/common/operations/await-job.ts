/** Waits for a job. What counts is the state Resource Manager reports; logs and steps are shown beside it. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { hasEnded, jobState } from '../domain/job-states.ts';
import { textAt } from '../domain/json.ts';
import { pollInterval } from '../domain/polling.ts';
import { CancelledError, ServiceError, TimedOutError } from '../errors.ts';
import type { Resource, Run } from '../ports.ts';
import { cancelJob, disownJob } from './cancel-job.ts';
import { LogFollower } from './follow-logs.ts';
import { JobProgress } from './job-progress.ts';
import { INVISIBLE_MS, Patience } from './patience.ts';
import type { Context } from './task-context.ts';
import { stepHasNoState } from './watch-jobs.ts';

export type WhatToDo = 'cancelJob' | 'leaveRunning';

export interface AwaitOptions {
  /** 0: no limit. */
  readonly timeoutMinutes: number;
  readonly onTimeout: WhatToDo;
  readonly onCancel: WhatToDo;
  readonly streamLogs: boolean;
}

export interface EndedJob {
  readonly name: string;
  /** Completed, Failed or Canceled. */
  readonly status: string;
  readonly job: Resource;
  readonly steps: readonly Run[];
  readonly logs: LogFollower;
  readonly waitedMs: number;
}

/**
 * Waits until the job has ended, whatever it ended as.
 * Throws TimedOutError after `timeoutMinutes` and CancelledError when the step is cancelled, both after cancelling the job
 * where that is asked for; ServiceError when the workspace stays out of reach for hours or the job is deleted.
 */
export async function awaitJob(context: Context, name: string, options: AwaitOptions): Promise<EndedJob> {
  const { agent } = context;
  try {
    return await new Wait(context, name, options).toEnd();
  } catch (error) {
    if (agent.signal.aborted) await onCancelled(context, name, options);
    throw error;
  }
}

async function onCancelled(context: Context, name: string, { onCancel }: AwaitOptions): Promise<never> {
  const { agent } = context;
  if (onCancel === 'leaveRunning') throw new CancelledError(`The step was cancelled; the job ${name} goes on.`);
  agent.log.info(`Cancelling the job ${name}.`);
  try {
    // Real time, because the agent's patience is: it kills ten seconds after its first signal.
    if ((await cancelJob(context, name, AbortSignal.timeout(CANCEL_WAIT_MS))) !== 'unanswered') {
      disownJob(agent.memory);
      throw new CancelledError(`The step was cancelled, and the job ${name} with it.`);
    }
    agent.log.warning(`The service has not answered in time; the post-job step cancels the job ${name} again.`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    agent.log.warning(`The job ${name} could not be cancelled yet (${error.message}); the post-job step tries again.`);
  }
  throw new CancelledError();
}

/** How long a cancelled step waits for the service's answer. */
const CANCEL_WAIT_MS = 4500;

/** One wait and what it has seen so far. */
class Wait {
  readonly #context: Context;
  readonly #name: string;
  readonly #options: AwaitOptions;
  readonly #started: number;
  readonly #logs: LogFollower;
  readonly #progress: JobProgress;
  #status = '';
  #lastChange: number;
  readonly #patience: Patience;

  constructor(context: Context, name: string, options: AwaitOptions) {
    this.#context = context;
    this.#name = name;
    this.#options = options;
    this.#started = context.agent.clock.now();
    this.#lastChange = this.#started;
    this.#patience = new Patience(context.agent, 'The state of the job');
    this.#logs = new LogFollower(context, options.streamLogs);
    this.#progress = new JobProgress(context, name, this.#logs, (text) => {
      this.#say(text);
    });
  }

  async toEnd(): Promise<EndedJob> {
    for (;;) {
      const job = await this.#read();
      if (job !== undefined) {
        if (job.properties === undefined) throw stepHasNoState(this.#name);
        this.#noteState(textAt(job, 'properties', 'status') ?? 'Unknown');
        const ended = hasEnded(this.#status);
        const showLogs = this.#options.streamLogs || (ended && this.#status === 'Failed');
        if (await this.#progress.update(job, ended, showLogs)) this.#lastChange = this.#now();
        if (ended) return this.#end(job);
      }
      await this.#pause();
    }
  }

  #end(job: Resource): EndedJob {
    const waitedMs = this.#now() - this.#started;
    return { name: this.#name, status: this.#status, job, steps: this.#progress.steps, logs: this.#logs, waitedMs };
  }

  /** The job as it stands; undefined when nobody can say at the moment. */
  async #read(): Promise<Resource | undefined> {
    const { workspace, agent } = this.#context;
    try {
      const job = await workspace.get(`jobs/${this.#name}`, { signal: agent.signal });
      this.#patience.answered(job !== undefined, (text) => {
        this.#say(text);
      });
      if (job === undefined) this.#checkMissing();
      return job;
    } catch (error) {
      this.#patience.tolerate(error);
      return undefined;
    }
  }

  #checkMissing(): void {
    if (this.#patience.silentMs < INVISIBLE_MS) return;
    const seen = this.#status === '' ? 'was never seen' : `was last seen as ${this.#status}`;
    throw new ServiceError({
      status: 404,
      code: 'JobNotFound',
      message: `The workspace does not know the job ${this.#name}, which ${seen}.`,
      hint: 'Somebody may have deleted it.',
    });
  }

  #noteState(status: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#lastChange = this.#now();
    this.#say(`${this.#name}: ${status}`);
    const { note } = jobState(status);
    if (note !== undefined) this.#context.agent.log.warning(note);
  }

  async #pause(): Promise<void> {
    const { clock, signal } = this.#context.agent;
    const interval = pollInterval(this.#now() - this.#lastChange);
    const left = this.#timeLeft();
    if (left <= 0) await this.#timeOut();
    await clock.sleep(Math.min(interval, left), signal);
  }

  #timeLeft(): number {
    const { timeoutMinutes } = this.#options;
    return timeoutMinutes <= 0 ? Infinity : this.#started + timeoutMinutes * 60_000 - this.#now();
  }

  async #timeOut(): Promise<never> {
    const { onTimeout, timeoutMinutes } = this.#options;
    const sentence = `The job ${this.#name} has not ended within ${timeoutMinutes} minutes (last state: ${this.#status || 'unknown'})`;
    if (onTimeout === 'leaveRunning') {
      disownJob(this.#context.agent.memory);
      throw new TimedOutError(`${sentence}; it goes on. Raise timeoutMinutes to wait longer.`);
    }
    const answer = await cancelJob(this.#context, this.#name);
    disownJob(this.#context.agent.memory);
    throw new TimedOutError(
      `${sentence}; ${answer === 'ended' ? 'it has just ended' : 'it was cancelled'}. Raise timeoutMinutes to wait longer.`,
    );
  }

  #now(): number {
    return this.#context.agent.clock.now();
  }

  #say(text: string): void {
    this.#context.agent.log.info(`[${elapsedText(this.#now() - this.#started)}] ${text}`);
  }
}
