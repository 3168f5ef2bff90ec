/** The states of many jobs with few requests: pages of the workspace's list, and single reads where those are fewer. */
import { hasEnded } from '../domain/job-states.ts';
import { textAt } from '../domain/json.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { jobStatus, studioUrl } from './job-summary.ts';
import { INVISIBLE_MS } from './patience.ts';
import type { RequestPace } from './request-pace.ts';
import type { Context } from './task-context.ts';

/** What is kept of a job; never the whole of it, because there may be thousands. */
export interface WatchedJob {
  readonly name: string;
  /** '' until the service has shown the job. */
  readonly status: string;
  readonly jobType: string;
  readonly url: string;
  /** ISO 8601, '' where the service does not say. */
  readonly createdAt: string;
}

/** The list's filters that the search itself began with; each job is found without them too, only with more pages. */
export type ListFilter = Readonly<Record<string, string>>;

export class JobWatch {
  readonly #context: Context;
  readonly #pace: RequestPace;
  readonly #filter: ListFilter;
  readonly #jobs: Map<string, WatchedJob>;
  readonly #started: number;
  /** Pages it took to see all jobs the last time; undefined before the first time. */
  #pages: number | undefined;

  constructor(context: Context, pace: RequestPace, jobs: readonly WatchedJob[], filter: ListFilter) {
    this.#context = context;
    this.#pace = pace;
    this.#filter = filter;
    this.#started = context.agent.clock.now();
    this.#jobs = new Map(jobs.map((job) => [job.name, job]));
  }

  get jobs(): readonly WatchedJob[] {
    return [...this.#jobs.values()];
  }

  get pending(): readonly WatchedJob[] {
    return this.jobs.filter(({ status }) => !hasEnded(status));
  }

  #note(job: Resource): void {
    const name = textAt(job, 'name') ?? '';
    const before = this.#jobs.get(name);
    // An end is final; a list that lags behind does not take it back.
    if (before !== undefined && !hasEnded(before.status)) this.#jobs.set(name, watchedJob(job));
  }

  /**
   * Asks for the state of every job that has not ended, in as few requests as there are ways.
   * Throws ServiceError for a job the workspace does not know after it had time to appear.
   *
   * @returns the jobs whose state has changed
   */
  async look(): Promise<readonly WatchedJob[]> {
    const before = new Map(this.pending.map((job) => [job.name, job.status]));
    const unseen = before.size <= Math.max(1, this.#pages ?? 3) ? new Set(before.keys()) : await this.#list(before);
    const missing: WatchedJob[] = [];
    for (const name of unseen) {
      if (!(await this.#read(name))) missing.push(this.#jobs.get(name) ?? unseenJob(name));
    }
    this.#checkMissing(missing);
    return this.jobs.filter(({ name, status }) => before.has(name) && before.get(name) !== status);
  }

  /** Pages, newest jobs first, until all that are waited for have been seen. Returns those the list does not hold. */
  async #list(wanted: ReadonlyMap<string, string>): Promise<Set<string>> {
    const { workspace, agent } = this.#context;
    const unseen = new Set(wanted.keys());
    let pages = 0;
    const beforePage = async (): Promise<void> => {
      await this.#pace.next();
      pages += 1;
    };
    const query = { listViewType: 'All', ...this.#filter };
    for await (const job of workspace.list('jobs', { query, signal: agent.signal, beforePage })) {
      this.#note(job);
      unseen.delete(textAt(job, 'name') ?? '');
      if (unseen.size === 0) break;
    }
    this.#pages = pages;
    return unseen;
  }

  /** False for a job the workspace does not know. */
  async #read(name: string): Promise<boolean> {
    const { workspace, agent } = this.#context;
    await this.#pace.next();
    const job = await workspace.get(`jobs/${name}`, { signal: agent.signal });
    if (job !== undefined) this.#note(job);
    return job !== undefined;
  }

  #checkMissing(missing: readonly WatchedJob[]): void {
    const isNew = this.#context.agent.clock.now() - this.#started < INVISIBLE_MS;
    const gone = missing.filter(({ status }) => status !== '' || !isNew);
    if (gone.length === 0) return;
    const names = gone.map(({ name, status }) => (status === '' ? name : `${name} (last seen as ${status})`));
    throw new ServiceError({
      status: 404,
      code: 'JobNotFound',
      message: `The workspace does not know the ${gone.length === 1 ? 'job' : 'jobs'} ${names.join(', ')}.`,
      hint: 'Check the names and the workspace; somebody may have deleted what was there.',
    });
  }
}

/** A job that nobody has asked for yet. */
export function unseenJob(name: string): WatchedJob {
  return { name, status: '', jobType: '', url: '', createdAt: '' };
}

/**
 * What is kept of a job that the service has shown.
 * Throws ServiceError for the step of a pipeline: of those Resource Manager knows the name and nothing else.
 */
export function watchedJob(job: Resource): WatchedJob {
  const name = textAt(job, 'name') ?? '';
  if (job.properties === undefined) throw stepHasNoState(name);
  return {
    name,
    status: jobStatus(job),
    jobType: textAt(job, 'properties', 'jobType') ?? '',
    url: studioUrl(job),
    createdAt: textAt(job, 'systemData', 'createdAt') ?? '',
  };
}

/** The error for the step of a pipeline, which Resource Manager answers without properties. */
export function stepHasNoState(name: string): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'JobIsStep',
    message: `${name} is a step of a pipeline job, and the service reports no state for it.`,
    hint: 'Wait for the pipeline job itself.',
  });
}
