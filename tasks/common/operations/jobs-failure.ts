/** Why some of many jobs did not complete, as one error. */
import type { FailureKind } from '../domain/failure-classification.ts';
import { ServiceError } from '../errors.ts';
import { LogFollower } from './follow-logs.ts';
import { jobFailure } from './job-failure.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';
import type { WatchedJob } from './watch-jobs.ts';

/** Of so many jobs the own error is read; the rest are named. */
const EXPLAINED = 10;

export interface FailedJob {
  readonly name: string;
  readonly status: string;
  /** Only of the first ones that failed. */
  readonly kind: FailureKind | undefined;
  readonly message: string;
}

/** Reads the errors of jobs that have failed; no error when there is none. */
export async function jobsFailure(
  context: Context,
  broken: readonly WatchedJob[],
  total: number,
): Promise<{ readonly failed: readonly FailedJob[]; readonly error: ServiceError | undefined }> {
  const failed: FailedJob[] = [];
  for (const job of broken) failed.push(await explain(context, job, failed.length < EXPLAINED));
  if (failed.length === 0) return { failed, error: undefined };
  const lines = failed.slice(0, EXPLAINED).map(({ message }) => `  ${message}`);
  const more = failed.length > EXPLAINED ? [`  … and ${failed.length - EXPLAINED} more, see the summary.`] : [];
  const message = [`${failed.length} of ${total} jobs did not complete:`, ...lines, ...more].join('\n');
  return { failed, error: new ServiceError({ status: 200, code: 'JobsNotCompleted', message }) };
}

async function explain(context: Context, { name, status, jobType }: WatchedJob, inDetail: boolean): Promise<FailedJob> {
  if (status !== 'Failed') return { name, status, kind: undefined, message: `The job ${name} was cancelled.` };
  if (!inDetail) return { name, status, kind: undefined, message: `The job ${name} failed.` };
  const { workspace, agent } = context;
  const steps =
    jobType !== 'Pipeline'
      ? []
      : await tolerant(agent.log, `the steps of ${name}`, () =>
          workspace.runs.children(name, { signal: agent.signal }),
        );
  const { kind, error } = await jobFailure(context, name, steps ?? [], new LogFollower(context, false));
  return { name, status, kind, message: error.message.split('\n', 1)[0] ?? '' };
}
