/** Waits for jobs that are already submitted: what `AmlAwaitJob` does. */
import { readJobNames, readTags, selectionProblems, type JobSelection } from '../domain/job-selection.ts';
import { jobState } from '../domain/job-states.ts';
import { worstStatus } from '../domain/job-counts.ts';
import { TimedOutError, UserError } from '../errors.ts';
import { awaitJob } from './await-job.ts';
import { awaitManyJobs, type AwaitManyOptions } from './await-many-jobs.ts';
import { disownJob } from './cancel-job.ts';
import { ownJobs } from './cancel-many-jobs.ts';
import { finishJob, type FinishRequest } from './finish-job.ts';
import { jobsFailure, type FailedJob } from './jobs-failure.ts';
import { jobsSummary, resultsJson } from './jobs-summary.ts';
import { RequestPace } from './request-pace.ts';
import { listFilter, selectJobs } from './select-jobs.ts';
import type { Context, Publish } from './task-context.ts';
import { JobWatch, watchedJob, type WatchedJob } from './watch-jobs.ts';

export interface AwaitJobsRequest extends AwaitManyOptions, FinishRequest {
  readonly jobNames: readonly string[];
  readonly tags: readonly string[];
  readonly onlyThisRun: boolean;
  readonly expectedCount: number;
  readonly streamLogs: boolean;
}

export interface AwaitJobsOutputs {
  readonly jobName?: string | undefined;
  readonly jobNames?: string | undefined;
  readonly jobStatus: string;
  readonly jobStatuses?: string | undefined;
  readonly jobCount: string;
  readonly completedCount: string;
  readonly failedCount: string;
  readonly canceledCount: string;
  readonly resultsFile: string;
  readonly jobUrl?: string | undefined;
  readonly metrics?: string | undefined;
  readonly outputs?: string | undefined;
  readonly failureKind?: string | undefined;
}

/**
 * Requests a minute that may be sent to Resource Manager. It allows a subscription's callers about 200 reads a minute in the
 * long run, and other steps want some of them.
 */
const REQUESTS_A_MINUTE = 90;
/** An output becomes an environment variable of later steps, and those have limits (32,767 characters on Windows). */
const LONGEST_OUTPUT = 30_000;

/**
 * Waits for one or many jobs. The step succeeds only when all of them are `Completed`.
 * Throws UserError for a selection that names or finds nothing, ServiceError when a job did not complete, TimedOutError and
 * CancelledError; the outputs are published before.
 */
export async function awaitJobs(
  context: Context,
  request: AwaitJobsRequest,
  publish: Publish<AwaitJobsOutputs>,
): Promise<AwaitJobsOutputs> {
  const { agent } = context;
  const selection = readSelection(context, request);
  const pace = new RequestPace(agent, REQUESTS_A_MINUTE);
  const jobs = await selectJobs(context, selection, request.expectedCount, pace);
  const [only, ...others] = jobs;
  checkDownload(request, jobs);
  if (request.onCancel === 'cancelJob') {
    await ownJobs(
      agent,
      jobs.map(({ name }) => name),
    );
  }
  try {
    if (only !== undefined && others.length === 0) return await awaitOne(context, only.name, request, publish);
    return await awaitMany(context, new JobWatch(context, pace, jobs, listFilter(selection)), request, publish);
  } catch (error) {
    // A wait that fails for another reason is none to cancel jobs for that others have started.
    const isToCancel = agent.signal.aborted || (error instanceof TimedOutError && request.onTimeout === 'cancelJob');
    if (!isToCancel) disownJob(agent.memory);
    throw error;
  }
}

function readSelection({ agent }: Context, request: AwaitJobsRequest): JobSelection {
  const selection: JobSelection = {
    ...readJobNames(request.jobNames),
    tags: readTags(request.tags),
    runId: request.onlyThisRun ? agent.run.buildId : undefined,
  };
  const problems = [...selectionProblems(selection)];
  if (request.timeoutMinutes < 0) problems.push("Input 'timeoutMinutes' must be 0 (no limit) or more.");
  if (request.expectedCount < 0) problems.push("Input 'expectedCount' must be 0 (at least one) or more.");
  if (problems.length > 0) throw new UserError(problems.map((message) => ({ message })));
  return selection;
}

function checkDownload(request: AwaitJobsRequest, jobs: readonly WatchedJob[]): void {
  if (request.downloadOutputs.length === 0 || jobs.length === 1) return;
  throw new UserError(
    `Input 'downloadOutputs' is for a single job, and these are ${jobs.length}: await them one by one.`,
  );
}

/** One job: with its logs, steps, metrics and outputs, as the task that submits has them. */
async function awaitOne(
  context: Context,
  name: string,
  request: AwaitJobsRequest,
  publish: Publish<AwaitJobsOutputs>,
): Promise<AwaitJobsOutputs> {
  publish({ jobName: name });
  const ended = await awaitJob(context, name, request);
  disownJob(context.agent.memory);
  const job = watchedJob(ended.job);
  const outputs = { ...(await publishable(context, [job], [])), jobName: name, jobUrl: job.url };
  publish(outputs);
  return { ...outputs, ...(await finishJob(context, ended, request, publish)) };
}

async function awaitMany(
  context: Context,
  watch: JobWatch,
  request: AwaitJobsRequest,
  publish: Publish<AwaitJobsOutputs>,
): Promise<AwaitJobsOutputs> {
  const { agent } = context;
  const started = agent.clock.now();
  agent.log.info(`Waiting for ${watch.jobs.length} jobs.`);
  try {
    await awaitManyJobs(context, watch, request);
  } catch (error) {
    // What has become of them so far, for whoever comes next.
    publish(await publishable(context, watch.jobs, []));
    agent.addSummary(jobsSummary(watch.jobs, [], agent.clock.now() - started));
    throw error;
  }
  disownJob(agent.memory);
  const failures = await jobsFailure(context, watch.jobs.filter(isBroken), watch.jobs.length);
  const outputs = await publishable(context, watch.jobs, failures.failed);
  publish(outputs);
  agent.addSummary(jobsSummary(watch.jobs, failures.failed, agent.clock.now() - started));
  if (failures.error !== undefined) throw failures.error;
  return outputs;
}

function isBroken({ status }: WatchedJob): boolean {
  const state = jobState(status);
  return state.phase === 'ended' && !state.succeeded;
}

async function publishable(
  { agent }: Context,
  jobs: readonly WatchedJob[],
  failed: readonly FailedJob[],
): Promise<AwaitJobsOutputs> {
  const statuses = jobs.map(({ status }) => status);
  const count = (status: string): string => String(statuses.filter((found) => found === status).length);
  return {
    jobNames: notTooLong(JSON.stringify(jobs.map(({ name }) => name))),
    jobStatus: worstStatus(statuses),
    jobStatuses: notTooLong(JSON.stringify(Object.fromEntries(jobs.map(({ name, status }) => [name, status])))),
    jobCount: String(jobs.length),
    completedCount: count('Completed'),
    failedCount: count('Failed'),
    canceledCount: count('Canceled'),
    resultsFile: await agent.writeTemporaryFile('jobs.json', resultsJson(jobs, failed)),
    failureKind: failed.find(({ kind }) => kind !== undefined)?.kind,
  };
}

function notTooLong(text: string): string | undefined {
  return text.length > LONGEST_OUTPUT ? undefined : text;
}
