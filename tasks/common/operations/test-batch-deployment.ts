/** Runs a test batch on a new deployment before it becomes the default. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { ServiceError, TimedOutError } from '../errors.ts';
import { awaitJob } from './await-job.ts';
import { disownJob } from './cancel-job.ts';
import { finishJob } from './finish-job.ts';
import { invokeBatchEndpoint } from './invoke-batch-endpoint.ts';
import { TEST_INPUTS, type BatchRolloutFiles, type BatchRolloutPlan } from './plan-batch-rollout.ts';
import type { StepNotes } from './step-notes.ts';
import type { Context, Publish } from './task-context.ts';

export interface BatchTest {
  /** Without the time limit of the whole: the wait for the job has its own, because it must cancel the job when it passes. */
  readonly context: Context;
  readonly request: BatchRolloutFiles & { readonly timeoutMinutes: number };
  readonly plan: BatchRolloutPlan;
  readonly notes: StepNotes;
}

/**
 * Has the new deployment alone run the test inputs, where there are any; yields the job's name. A job that still runs when the
 * step is cancelled or the time is over is cancelled. Throws ServiceError when it ends as anything but Completed.
 */
export async function testBatchDeployment(
  { context, request, plan, notes }: BatchTest,
  publish: Publish<{ readonly testJobName?: string | undefined }>,
): Promise<string | undefined> {
  if (request.testInputs === undefined) return undefined;
  const { agent } = context;
  const job = await invokeBatchEndpoint(context, {
    endpointName: plan.endpointName,
    deploymentName: plan.next,
    inputs: { name: TEST_INPUTS, text: request.testInputs },
    outputs: { name: '', text: '' },
    allowPathsOutsideSources: request.allowPathsOutsideSources,
    cancelsWithStep: true,
  });
  publish({ testJobName: job.name });
  notes.add(`Test job ${job.name} started on ${plan.next}.`);
  const ended = await awaitJob(context, job.name, {
    timeoutMinutes: minutesLeft(request.timeoutMinutes, notes.elapsedMs, plan.endpointName),
    onTimeout: 'cancelJob',
    onCancel: 'cancelJob',
    streamLogs: true,
  });
  disownJob(agent.memory);
  try {
    await finishJob(context, ended, { downloadOutputs: [], downloadFolder: '' }, () => undefined);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    notes.add(`Test of ${plan.next} failed.`);
    throw new ServiceError({
      status: error.status,
      code: 'TestBatchFailed',
      message: `${plan.next} did not pass its test, and the default stays ${plan.previous ?? 'none'}: ${error.message}`,
      requestId: error.requestId,
      hint: error.hint,
      cause: error,
    });
  }
  notes.add(`Test of ${plan.next} passed in ${elapsedText(ended.waitedMs)}.`);
  return job.name;
}

/** What is left of the limit, in whole minutes; 0 where there is none. */
function minutesLeft(limit: number, elapsedMs: number, endpoint: string): number {
  if (limit === 0) return 0;
  const left = limit - elapsedMs / 60_000;
  if (left > 0) return Math.ceil(left);
  throw new TimedOutError(`The deployment to ${endpoint} was not done within ${limit} minutes.`);
}
