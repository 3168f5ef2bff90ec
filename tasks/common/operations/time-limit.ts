/** Work that may take so long and no longer. */
import { TimedOutError } from '../errors.ts';
import type { Context } from './task-context.ts';

/**
 * Runs the work with a signal that also aborts after the limit. Throws TimedOutError then.
 *
 * @param minutes 0 for no limit
 * @param what the subject of the error's sentence
 */
export async function withTimeLimit<T>(
  context: Context,
  minutes: number,
  what: string,
  work: (limited: Context) => Promise<T>,
): Promise<T> {
  if (minutes <= 0) return work(context);
  const { agent } = context;
  const [limit, finished] = [new AbortController(), new AbortController()];
  const timer = agent.clock.sleep(minutes * 60_000, finished.signal).then(
    () => {
      limit.abort(
        new TimedOutError(`${what} was not done within ${minutes} minutes. Raise timeoutMinutes to allow more.`),
      );
    },
    () => undefined,
  );
  const signal = AbortSignal.any([agent.signal, limit.signal]);
  const { log, clock, memory, run, files } = agent;
  const limited = {
    log,
    clock,
    signal,
    memory,
    run,
    files,
    addSummary: agent.addSummary,
    maskSecret: agent.maskSecret,
    redact: agent.redact,
    writeTemporaryFile: agent.writeTemporaryFile,
    runCommand: agent.runCommand,
  };
  try {
    return await work({ agent: limited, workspace: context.workspace });
  } finally {
    finished.abort();
    await timer;
  }
}
