/** Runs a job from submission to its results: what `AmlRunJob` does. */
import { elapsedText, durationText } from '../domain/elapsed-time.ts';
import type { FailureKind } from '../domain/failure-classification.ts';
import { textAt } from '../domain/json.ts';
import { escapeMarkdown, markdownLink, markdownTable } from '../domain/markdown.ts';
import { pipelineSteps, stepsBefore } from '../domain/pipeline-graph.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Resource, Run } from '../ports.ts';
import { awaitJob, type AwaitOptions, type EndedJob } from './await-job.ts';
import { disownJob } from './cancel-job.ts';
import { collectJobResults, type JobResults } from './collect-job-results.ts';
import { checkOutputs, downloadOutputs } from './download-outputs.ts';
import { jobFailure } from './job-failure.ts';
import { metricsJson } from './job-metrics.ts';
import { isReused } from './job-progress.ts';
import { submitJob, type Submission, type SubmitRequest } from './submit-job.ts';
import type { Context, Publish } from './task-context.ts';

export interface RunJobRequest extends Omit<SubmitRequest, 'cancelsWithStep'>, AwaitOptions {
  readonly waitForCompletion: boolean;
  readonly downloadOutputs: readonly string[];
  /** Absolute path. */
  readonly downloadFolder: string;
}

export interface RunJobOutputs {
  readonly jobName: string;
  readonly jobStatus: string;
  readonly jobUrl: string;
  readonly metrics?: string | undefined;
  readonly outputs?: string | undefined;
  readonly failureKind?: string | undefined;
}

/**
 * Submits a job and, if asked, waits for it. Only `Completed` is success.
 * Throws ServiceError for a job that failed or was cancelled, with its own error and the last lines of its log.
 */
export async function runJob(
  context: Context,
  request: RunJobRequest,
  publish: Publish<RunJobOutputs>,
): Promise<RunJobOutputs> {
  const { agent } = context;
  checkRequest(request);
  const cancelsWithStep = request.onCancel === 'cancelJob';
  const submission = await agent.log.group('Submit', () => submitJob(context, { ...request, cancelsWithStep }));
  const started = { jobName: submission.name, jobUrl: studioUrl(submission.job), jobStatus: status(submission.job) };
  publish(started);
  announce(context, submission);
  if (!request.waitForCompletion) {
    disownJob(agent.memory);
    agent.addSummary(jobSummary(submission.name, submission.job, [], undefined, undefined));
    return started;
  }
  const ended = await awaitJob(context, submission.name, request);
  disownJob(agent.memory);
  const outcome = { ...started, jobUrl: studioUrl(ended.job) || started.jobUrl, jobStatus: ended.status };
  publish(outcome);
  if (ended.status !== 'Completed') throw await notCompleted(context, ended, publish);
  return { ...outcome, ...(await results(context, request, ended)) };
}

function checkRequest(request: RunJobRequest): void {
  if (request.timeoutMinutes < 0) throw new UserError("Input 'timeoutMinutes' must be 0 (no limit) or more.");
}

function announce({ agent }: Context, { name, how, job }: Submission): void {
  const url = studioUrl(job);
  const what = {
    submitted: `Submitted the job ${name}.`,
    attached: `An earlier attempt of this step has submitted the job ${name}: attached to it.`,
    reused: `An earlier attempt of this step has submitted the job ${name}, and it has completed: its result is used.`,
  }[how];
  agent.log.info(url === '' ? what : `${what}\n${url}`);
}

async function results(
  context: Context,
  request: RunJobRequest,
  ended: EndedJob,
): Promise<Pick<RunJobOutputs, 'metrics' | 'outputs'>> {
  const { agent } = context;
  const found = await collectJobResults(context, ended.name, ended.job, ended.steps);
  agent.addSummary(jobSummary(ended.name, ended.job, ended.steps, ended.waitedMs, found));
  agent.log.info(`The job ${ended.name} has completed after ${elapsedText(ended.waitedMs)}.`);
  const wanted = request.downloadOutputs;
  if (wanted.length > 0) {
    checkOutputs(ended.name, ended.job, wanted);
    await agent.log.group('Download outputs', () =>
      downloadOutputs(context, ended.name, ended.job, ended.steps, wanted, request.downloadFolder),
    );
  }
  return { metrics: metricsJson(found.metrics), outputs: JSON.stringify(found.outputs) };
}

async function notCompleted(context: Context, ended: EndedJob, publish: Publish<RunJobOutputs>): Promise<ServiceError> {
  const { agent } = context;
  if (ended.status !== 'Failed') {
    agent.addSummary(jobSummary(ended.name, ended.job, ended.steps, ended.waitedMs, undefined));
    return new ServiceError({
      status: 200,
      code: 'JobCanceled',
      message: `The job ${ended.name} did not complete: somebody cancelled it (${ended.status}).`,
    });
  }
  const { kind, error } = await jobFailure(context, ended.name, ended.steps, ended.logs);
  publish({ failureKind: kind });
  agent.addSummary(jobSummary(ended.name, ended.job, ended.steps, ended.waitedMs, undefined, { kind, error }));
  return error;
}

function jobSummary(
  name: string,
  job: Resource,
  steps: readonly Run[],
  waitedMs: number | undefined,
  results: JobResults | undefined,
  failure?: { readonly kind: FailureKind; readonly error: ServiceError },
): string {
  const after = waitedMs === undefined ? '' : ` after ${elapsedText(waitedMs)}`;
  const reason = failure === undefined ? '' : `\n\n${escapeMarkdown(failure.error.message.split('\n', 1)[0] ?? '')}`;
  return [
    `### Job ${markdownLink(name, studioUrl(job))}: ${escapeMarkdown(status(job))}${after}${reason}`,
    stepTable(job, steps),
    metricTable(results),
    outputTable(results),
  ]
    .filter((section) => section !== '')
    .join('\n\n');
}

/** The steps in the order of the definition, with what each waits for: the job's graph as a table. */
function stepTable(job: Resource, steps: readonly Run[]): string {
  const order = pipelineSteps(job);
  const rank = (step: Run): number =>
    order.includes(step.displayName) ? order.indexOf(step.displayName) : order.length;
  const rows = steps
    .toSorted((a, b) => rank(a) - rank(b))
    .map((step) => [
      escapeMarkdown(step.displayName),
      escapeMarkdown(stepsBefore(job, step.displayName).join(', ')),
      escapeMarkdown(step.status) + (isReused(step) ? ' (reused)' : ''),
      durationText(step.startTime, step.endTime),
    ]);
  return markdownTable(['Step', 'After', 'State', 'Duration'], rows);
}

function metricTable(results: JobResults | undefined): string {
  const rows = Object.entries(results?.metrics ?? {}).map(([name, value]) => [
    escapeMarkdown(name),
    String(Number(value.toPrecision(6))),
  ]);
  return markdownTable(['Metric', 'Value'], rows);
}

function outputTable(results: JobResults | undefined): string {
  const rows = Object.entries(results?.outputs ?? {}).map(([name, uri]) => [escapeMarkdown(name), escapeMarkdown(uri)]);
  return markdownTable(['Output', 'URI'], rows);
}

function studioUrl(job: Resource): string {
  return textAt(job, 'properties', 'services', 'Studio', 'endpoint') ?? '';
}

function status(job: Resource): string {
  return textAt(job, 'properties', 'status') ?? 'Unknown';
}
