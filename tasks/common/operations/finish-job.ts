/** What comes after a job's end: its metrics and outputs, or the reason why it has none. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { ServiceError } from '../errors.ts';
import type { EndedJob } from './await-job.ts';
import { collectJobResults } from './collect-job-results.ts';
import { checkOutputs, downloadOutputs } from './download-outputs.ts';
import { jobFailure } from './job-failure.ts';
import { metricsJson } from './job-metrics.ts';
import { jobSummary } from './job-summary.ts';
import type { Context, Publish } from './task-context.ts';

export interface FinishRequest {
  /** Names of outputs. */
  readonly downloadOutputs: readonly string[];
  /** Absolute path. */
  readonly downloadFolder: string;
}

/** Both as JSON. */
export interface FinishedJob {
  readonly metrics: string;
  readonly outputs: string;
}

/**
 * The results of a job that has ended, in the summary too. Only `Completed` is success.
 * Throws ServiceError for a job that failed or was cancelled, with its own error and the last lines of its log.
 */
export async function finishJob(
  context: Context,
  ended: EndedJob,
  request: FinishRequest,
  publish: Publish<{ readonly failureKind?: string | undefined }>,
): Promise<FinishedJob> {
  if (ended.status !== 'Completed') throw await notCompleted(context, ended, publish);
  const { agent } = context;
  const { name, job, steps, waitedMs } = ended;
  const results = await collectJobResults(context, name, job, steps);
  agent.addSummary(jobSummary(name, job, { steps, waitedMs, results }));
  agent.log.info(`The job ${name} has completed after ${elapsedText(waitedMs)}.`);
  const wanted = request.downloadOutputs;
  if (wanted.length > 0) {
    checkOutputs(name, job, wanted);
    await agent.log.group('Download outputs', () =>
      downloadOutputs(context, name, job, steps, wanted, request.downloadFolder),
    );
  }
  return { metrics: metricsJson(results.metrics), outputs: JSON.stringify(results.outputs) };
}

async function notCompleted(
  context: Context,
  { name, status, job, steps, waitedMs, logs }: EndedJob,
  publish: Publish<{ readonly failureKind?: string | undefined }>,
): Promise<ServiceError> {
  const { agent } = context;
  if (status !== 'Failed') {
    agent.addSummary(jobSummary(name, job, { steps, waitedMs }));
    return new ServiceError({
      status: 200,
      code: 'JobCanceled',
      message: `The job ${name} did not complete: somebody cancelled it (${status}).`,
    });
  }
  const { kind, error } = await jobFailure(context, name, steps, logs);
  publish({ failureKind: kind });
  agent.addSummary(jobSummary(name, job, { steps, waitedMs, error }));
  return error;
}
