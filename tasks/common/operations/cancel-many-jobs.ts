/** Cancels many jobs in the time an agent leaves, and remembers what the post-job step still has to do. */
import { ServiceError } from '../errors.ts';
import type { Files } from '../ports.ts';
import { cancelJob } from './cancel-job.ts';
import type { Context, OperationAgent } from './task-context.ts';

const AT_A_TIME = 20;
/** Task variables of the step: a file with the names of the jobs it answers for, and that it no longer does. */
const JOBS_FILE = 'jobsFile';
const DONE = 'done';

/** Notes jobs that the post-job step is to cancel when this process is killed. In a file: there may be too many for a variable. */
export async function ownJobs(agent: OperationAgent, names: readonly string[]): Promise<void> {
  agent.memory.set(JOBS_FILE, await agent.writeTemporaryFile('jobs-to-cancel.json', JSON.stringify(names)));
  if (agent.memory.get(DONE) === 'true') agent.memory.set(DONE, 'false');
}

/** The jobs this step answers for and did not see to their end. */
export async function ownedJobs(
  agent: Pick<OperationAgent, 'memory'> & { readonly files: Pick<Files, 'readText'> },
): Promise<readonly string[]> {
  const file = agent.memory.get(DONE) === 'true' ? undefined : agent.memory.get(JOBS_FILE);
  const text = file === undefined ? undefined : await agent.files.readText(file);
  return text === undefined ? [] : (JSON.parse(text) as readonly string[]);
}

/**
 * Asks the service to cancel each job; those that have ended count as done. Never under the step's own signal.
 *
 * @param limit when to stop waiting for answers; without one, each job's end is waited for
 * @returns the jobs that may still go on
 */
export async function cancelJobs(
  context: Context,
  names: readonly string[],
  limit?: AbortSignal,
): Promise<readonly string[]> {
  const left: string[] = [];
  const queue = names.values();
  const worker = async (): Promise<void> => {
    for (const name of queue) {
      if (limit?.aborted === true || !(await isCancelled(context, name, limit))) left.push(name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, names.length) }, worker));
  return left;
}

async function isCancelled(context: Context, name: string, limit: AbortSignal | undefined): Promise<boolean> {
  try {
    return (await cancelJob(context, name, limit)) !== 'unanswered';
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    context.agent.log.warning(`The job ${name} could not be cancelled (${error.message}).`);
    return false;
  }
}

/** The post-job step: cancels what the step was to cancel, where the step itself could not. */
export async function cancelOwnedJobs(context: Context): Promise<void> {
  const { agent } = context;
  const names = await ownedJobs(agent);
  if (names.length === 0) return;
  const left = await cancelJobs(context, names);
  if (left.length > 0) {
    throw new ServiceError({ status: 200, code: 'CancelFailed', message: `Jobs that go on: ${left.join(', ')}.` });
  }
  agent.log.info(`${names.length} jobs were left behind; those that had not ended are cancelled.`);
}
