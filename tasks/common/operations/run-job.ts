/** Runs a job from submission to its results: what `AmlRunJob` does. */
import { UserError } from '../errors.ts';
import { awaitJob, type AwaitOptions } from './await-job.ts';
import { withBatchOutputs } from './batch-job-outputs.ts';
import { disownJob } from './cancel-job.ts';
import { finishJob, type FinishRequest } from './finish-job.ts';
import { invokeBatchEndpoint } from './invoke-batch-endpoint.ts';
import { checkSource, type ComponentPlaces } from './job-source.ts';
import { jobStatus, jobSummary, studioUrl } from './job-summary.ts';
import { submitJob, type Submission, type SubmitRequest } from './submit-job.ts';
import type { Context, Publish } from './task-context.ts';

export interface RunJobRequest extends Omit<SubmitRequest, 'cancelsWithStep'>, AwaitOptions, FinishRequest {
  readonly waitForCompletion: boolean;
  readonly deploymentName?: string | undefined;
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
  context: Context & ComponentPlaces,
  request: RunJobRequest,
  publish: Publish<RunJobOutputs>,
): Promise<RunJobOutputs> {
  const { agent } = context;
  checkRequest(request);
  const cancelsWithStep = request.onCancel === 'cancelJob';
  const submission = await agent.log.group('Submit', () => start(context, { ...request, cancelsWithStep }));
  const started = { jobName: submission.name, jobUrl: studioUrl(submission.job), jobStatus: jobStatus(submission.job) };
  publish(started);
  announce(context, submission);
  if (!request.waitForCompletion) {
    disownJob(agent.memory);
    agent.addSummary(jobSummary(submission.name, submission.job));
    return started;
  }
  const ended = await awaitJob(context, submission.name, request);
  disownJob(agent.memory);
  const outcome = { ...started, jobUrl: studioUrl(ended.job) || started.jobUrl, jobStatus: ended.status };
  publish(outcome);
  const { endpointName = '' } = request;
  const isBatch = request.jobSource === 'batchEndpoint';
  const whole = isBatch ? await withBatchOutputs(context, ended, endpointName, {}) : ended;
  return { ...outcome, ...(await finishJob(context, whole, request, publish)) };
}

function start(context: Context & ComponentPlaces, request: RunJobRequest & SubmitRequest): Promise<Submission> {
  return request.jobSource === 'batchEndpoint' ? invoke(context, request) : submitJob(context, request);
}

/** A batch endpoint names the job it starts; the job itself is visible a moment later. */
async function invoke(context: Context, request: RunJobRequest & SubmitRequest): Promise<Submission> {
  const { endpointName = '', deploymentName, allowPathsOutsideSources, cancelsWithStep } = request;
  const { name, how } = await invokeBatchEndpoint(context, {
    endpointName,
    deploymentName,
    inputs: { name: 'jobInputs', text: request.jobInputs ?? '' },
    outputs: { name: 'outputs', text: '' },
    allowPathsOutsideSources,
    cancelsWithStep,
  });
  const job = await context.workspace.get(`jobs/${name}`, { signal: context.agent.signal });
  return { name, how, job: job ?? { name } };
}

function checkRequest(request: RunJobRequest): void {
  checkSource(request);
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
