/**
 * Runs a task's work under the agent and reports how it ended: the only place that sets a result.
 * The exit code is always 0, because the agent keeps a failed state over retries otherwise; the result tells.
 */
import { CancelledError } from '../errors.ts';
import { createAgent, type TaskAgent } from './agent.ts';
import { readEnvironment } from './environment.ts';
import { setOutputs } from './outputs.ts';
import { reportOf, writeReport } from './report.ts';
import { stopSignals } from './stop-signals.ts';
import { guardStreams } from './stream-guard.ts';

export type { TaskAgent } from './agent.ts';
export { readApprovals } from './approvals.ts';

/**
 * Runs a task. What the work resolves with becomes output variables, member by member; undefined ones stay unset.
 * What it throws becomes the result: see `errors.ts`. The process ends with it.
 * With `publish` the work sets outputs as soon as they are known, so that later steps have them also when this one fails.
 */
export function runTask<Outputs extends object>(
  taskName: string,
  work: (agent: TaskAgent, publish: (outputs: Partial<Outputs>) => void) => Promise<Outputs>,
): Promise<void> {
  return runHandler(taskName, work);
}

/** Runs a task's post-job handler: the same manners, and no outputs. */
export function runPostJob(taskName: string, work: (agent: TaskAgent) => Promise<void>): Promise<void> {
  return runHandler(taskName, async (agent) => {
    await work(agent);
    return {};
  });
}

type Work = (agent: TaskAgent, publish: (outputs: object) => void) => Promise<object>;

async function runHandler(taskName: string, work: Work): Promise<void> {
  const { write, flush } = guardStreams(process.stdout, process.stderr);
  const stop = stopSignals((name) => {
    agent.log.info(`The agent asks to stop (${name}).`);
  });
  const { agent, page } = createAgent(taskName, readEnvironment(process.env), write, stop.signal);
  routeWarnings(agent);
  const publish = (outputs: object): void => {
    setOutputs(write, outputs);
  };
  let report;
  try {
    publish(await Promise.race([startWork(work, agent, publish), stop.deadline, defects(agent)]));
    report = { result: 'Succeeded', issues: [], details: '' } as const;
  } catch (error) {
    report = reportOf(taskName, error, stop.signal.aborted);
  }
  try {
    page.publish();
  } catch (error) {
    agent.log.warning(`The summary could not be written: ${String(error)}`);
  }
  writeReport(write, report, () => agent.run.sourcesDirectory);
  await flush();
  process.exit(0);
}

/** A task's own function may throw before it returns a promise. */
async function startWork(work: Work, agent: TaskAgent, publish: (outputs: object) => void): Promise<object> {
  return work(agent, publish);
}

/** Rejects with what nobody caught, or when the process has nothing left to wait for while the work is not done. */
function defects(agent: TaskAgent): Promise<never> {
  return new Promise((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', (reason) => {
      if (agent.signal.aborted && reason instanceof CancelledError)
        agent.log.debug('A cancelled wait was not awaited.');
      else reject(reason instanceof Error ? reason : new Error(String(reason)));
    });
    process.on('beforeExit', () => {
      reject(new Error('The work neither ended nor had anything left to wait for.'));
    });
  });
}

/** Node's own warnings (deprecations in libraries) are for developers. */
function routeWarnings(agent: TaskAgent): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    agent.log.debug(warning.stack ?? warning.message);
  });
}
