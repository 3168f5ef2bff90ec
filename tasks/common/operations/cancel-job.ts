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
}

/** Notes that the job needs no one to cancel it any more. */
export function disownJob(memory: TaskMemory): void {
  memory.set(DONE, 'true');
}

/** The job this step started and did not see to its end. */
export function ownedJob(memory: TaskMemory): string | undefined {
  return memory.get(DONE) === 'true' ? undefined : memory.get(JOB_NAME);
}

/** How long a cancelled step waits for the service to take the cancellation, in milliseconds; the agent kills after ten seconds. */
const CANCEL_WAIT_MS = 4500;

/**
 * Asks the service to cancel a job and waits for its answer, but not for the job's end.
 * False when the job had ended already or does not exist.
 */
export async function cancelJob({ workspace, agent }: Context, name: string): Promise<boolean> {
  try {
    // Not the step's own signal: it has aborted when this matters most.
    await Promise.race([workspace.post(`jobs/${name}/cancel`), agent.clock.sleep(CANCEL_WAIT_MS)]);
    return true;
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status >= 500 || error.status === 0) throw error;
    const status = textAt(await workspace.get(`jobs/${name}`), 'properties', 'status');
    if (status === undefined || hasEnded(status)) return false;
    throw error;
  }
}

/** The post-job step: cancels what the step started, where the step itself could not. */
export async function cancelOwnedJob(context: Context): Promise<void> {
  const { agent } = context;
  const name = ownedJob(agent.memory);
  if (name === undefined) return;
  const cancelled = await cancelJob(context, name);
  agent.log.info(cancelled ? `The job ${name} was left behind; it is being cancelled.` : `The job ${name} has ended.`);
  disownJob(agent.memory);
}
