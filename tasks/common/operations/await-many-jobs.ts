/** Waits for many jobs at once. What counts is the state Resource Manager reports for each of them. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { hasEnded, jobState } from '../domain/job-states.ts';
import { countsText } from '../domain/job-counts.ts';
import { pollInterval } from '../domain/polling.ts';
import { CancelledError, TimedOutError } from '../errors.ts';
import type { WhatToDo } from './await-job.ts';
import { disownJob } from './cancel-job.ts';
import { cancelJobs } from './cancel-many-jobs.ts';
import { Patience } from './patience.ts';
import type { Context } from './task-context.ts';
import type { JobWatch, WatchedJob } from './watch-jobs.ts';

export interface AwaitManyOptions {
  /** 0: no limit. */
  readonly timeoutMinutes: number;
  readonly onTimeout: WhatToDo;
  readonly onCancel: WhatToDo;
  readonly onFailure: 'waitForAll' | 'failFast' | 'cancelOthers';
}

/** Of more jobs than these, a line tells the counts and not each state. */
const SHOWN_ONE_BY_ONE = 20;

/**
 * Waits until all jobs have ended, or with `failFast` and `cancelOthers` until one has not completed. What has become of them is
 * in the watch, whatever happens.
 * Throws TimedOutError after `timeoutMinutes` and CancelledError when the step is cancelled, both after cancelling the jobs
 * where that is asked for.
 */
export async function awaitManyJobs(context: Context, watch: JobWatch, options: AwaitManyOptions): Promise<void> {
  const { agent } = context;
  try {
    await new ManyWait(context, watch, options).toEnd();
  } catch (error) {
    if (agent.signal.aborted) await onCancelled(context, watch, options);
    throw error;
  }
  const pending = watch.pending;
  if (options.onFailure === 'cancelOthers' && pending.length > 0) {
    agent.log.info(`Cancelling the other ${pending.length} jobs.`);
    await cancelJobs(
      context,
      pending.map(({ name }) => name),
    );
  }
}

async function onCancelled(context: Context, watch: JobWatch, { onCancel }: AwaitManyOptions): Promise<never> {
  const pending = watch.pending.map(({ name }) => name);
  if (onCancel === 'leaveRunning') throw new CancelledError(`The step was cancelled; ${pending.length} jobs go on.`);
  context.agent.log.info(`Cancelling ${pending.length} jobs.`);
  // Real time, because the agent's patience is: it kills ten seconds after its first signal.
  const left = await cancelJobs(context, pending, AbortSignal.timeout(4500));
  if (left.length === 0) {
    disownJob(context.agent.memory);
    throw new CancelledError(`The step was cancelled, and ${pending.length} jobs with it.`);
  }
  context.agent.log.warning(`${left.length} jobs could not be cancelled yet; the post-job step tries again.`);
  throw new CancelledError();
}

class ManyWait {
  readonly #context: Context;
  readonly #watch: JobWatch;
  readonly #options: AwaitManyOptions;
  readonly #started: number;
  readonly #patience: Patience;
  readonly #total: number;
  readonly #noted = new Set<string>();
  #lastChange: number;

  constructor(context: Context, watch: JobWatch, options: AwaitManyOptions) {
    this.#context = context;
    this.#watch = watch;
    this.#options = options;
    this.#total = watch.jobs.length;
    this.#started = context.agent.clock.now();
    this.#lastChange = this.#started;
    this.#patience = new Patience(context.agent, 'The states of the jobs');
  }

  async toEnd(): Promise<void> {
    this.#show(this.#watch.jobs.filter(({ status }) => status !== ''));
    while (!this.#isOver()) {
      await this.#look();
      if (!this.#isOver()) await this.#pause();
    }
  }

  async #look(): Promise<void> {
    try {
      const changed = await this.#watch.look();
      this.#patience.answered(true, (text) => {
        this.#say(text);
      });
      this.#show(changed);
    } catch (error) {
      this.#patience.tolerate(error);
    }
  }

  #isOver(): boolean {
    const { jobs } = this.#watch;
    const isBroken = jobs.some(({ status }) => hasEnded(status) && !jobState(status).succeeded);
    if (isBroken && this.#options.onFailure !== 'waitForAll') return true;
    return jobs.every(({ status }) => hasEnded(status));
  }

  #show(changed: readonly WatchedJob[]): void {
    if (changed.length === 0) return;
    this.#lastChange = this.#now();
    for (const { name, status } of changed) {
      const isBad = hasEnded(status) && !jobState(status).succeeded;
      if (isBad || this.#total <= SHOWN_ONE_BY_ONE) this.#say(`${name}: ${status}`);
      this.#warn(status);
    }
    const { jobs } = this.#watch;
    const done = jobs.filter(({ status }) => hasEnded(status)).length;
    const counts = countsText(jobs.map(({ status }) => status));
    this.#say(`${this.#total} jobs: ${counts}`);
    this.#context.agent.log.progress((100 * done) / this.#total, counts);
  }

  /** What a state means for the wait, once. */
  #warn(status: string): void {
    const { note } = jobState(status);
    if (note === undefined || this.#noted.has(status)) return;
    this.#noted.add(status);
    this.#context.agent.log.warning(note);
  }

  async #pause(): Promise<void> {
    const { clock, signal } = this.#context.agent;
    const left = this.#timeLeft();
    if (left <= 0) await this.#timeOut();
    await clock.sleep(Math.min(pollInterval(this.#now() - this.#lastChange), left), signal);
  }

  #timeLeft(): number {
    const { timeoutMinutes } = this.#options;
    return timeoutMinutes <= 0 ? Infinity : this.#started + timeoutMinutes * 60_000 - this.#now();
  }

  async #timeOut(): Promise<never> {
    const { onTimeout, timeoutMinutes } = this.#options;
    const pending = this.#watch.pending.map(({ name }) => name);
    const shown = pending.slice(0, 10).join(', ') + (pending.length > 10 ? ', …' : '');
    const sentence = `${pending.length} of ${this.#total} jobs have not ended within ${timeoutMinutes} minutes (${shown})`;
    if (onTimeout === 'leaveRunning') {
      throw new TimedOutError(`${sentence}; they go on. Raise timeoutMinutes to wait longer.`);
    }
    const left = await cancelJobs(this.#context, pending);
    const what = left.length === 0 ? 'they were cancelled' : `${left.length} of them could not be cancelled`;
    throw new TimedOutError(`${sentence}; ${what}. Raise timeoutMinutes to wait longer.`);
  }

  #now(): number {
    return this.#context.agent.clock.now();
  }

  #say(text: string): void {
    this.#context.agent.log.info(`[${elapsedText(this.#now() - this.#started)}] ${text}`);
  }
}
