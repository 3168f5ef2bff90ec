/** Cancels jobs, and only those this step answers for. */
import { hasEnded } from '../domain/job-states.ts';
import { textAt } from '../domain/json.ts';
import { ServiceError } from '../errors.ts';
import type { TaskMemory } from '../ports.ts';
import type { Context } from './task-context.ts';

/** Task variables of the step: the job it answers for, and that it no longer does. */
const JOB_NAME = 'jobName';
const DONE = 'done';

/** Notes a job before it is submitted, so that the post-job step can cancel it when this process is killed. */
export function ownJob(memory: TaskMemory, name: string): void {
  memory.set(JOB_NAME, name);
  // An earlier attempt of the step may have been done with its own job.
  if (memory.get(DONE) === 'true') memory.set(DONE, 'false');
}

/** Notes that the job needs no one to cancel it any more. */
export function disownJob(memory: TaskMemory): void {
  memory.set(DONE, 'true');
}

/** The job this step started and did not see to its end. */
export function ownedJob(memory: TaskMemory): string | undefined {
  return memory.get(DONE) === 'true' ? undefined : memory.get(JOB_NAME);
}

/** `ended`: there is nothing to cancel any more. `unanswered`: the limit passed first, and nobody knows. */
export type CancelAnswer = 'accepted' | 'ended' | 'unanswered';

/**
 * Asks the service to cancel a job. Never under the step's own signal, which has aborted when this matters most.
 *
 * @param limit when to stop waiting for the service's answer; without one, the job's end is waited for
 */
export async function cancelJob({ workspace }: Context, name: string, limit?: AbortSignal): Promise<CancelAnswer> {
  const answer = { isAccepted: false };
  try {
    await workspace.post(`jobs/${name}/cancel`, undefined, {
      signal: limit,
      onProgress: () => {
        answer.isAccepted = true;
      },
    });
    return 'accepted';
  } catch (error) {
    if (answer.isAccepted) return 'accepted';
    if (limit?.aborted === true) return 'unanswered';
    if (!(error instanceof ServiceError) || error.status >= 500 || error.status === 0) throw error;
    const status = textAt(await workspace.get(`jobs/${name}`), 'properties', 'status');
    if (status === undefined || hasEnded(status)) return 'ended';
    if (status === 'CancelRequested') return 'accepted';
    throw error;
  }
}

/** The post-job step: cancels what the step started, where the step itself could not. */
export async function cancelOwnedJob(context: Context): Promise<void> {
  const { agent } = context;
  const name = ownedJob(agent.memory);
  if (name === undefined) return;
  const answer = await cancelJob(context, name);
  agent.log.info(
    answer === 'ended' ? `The job ${name} has ended.` : `The job ${name} was left behind; it is cancelled.`,
  );
  disownJob(agent.memory);
}
