/** The agent's wish to stop: SIGINT, then SIGTERM after 7.5 s, then a kill 2.5 s later. */
import { CancelledError } from '../errors.ts';

/** How long after the first signal the step waits for its own clean-up, below the agent's ten seconds. */
const GRACE_MS = 9000;

export interface StopSignals {
  /** Aborts at the first signal, with a CancelledError. */
  readonly signal: AbortSignal;
  /** Rejects when there is no time left: at a second signal, or when the grace has passed. */
  readonly deadline: Promise<never>;
}

/** Listens for the rest of the process's life. */
export function stopSignals(onFirst: (name: string) => void): StopSignals {
  const controller = new AbortController();
  const deadline = new Promise<never>((_, reject) => {
    const giveUp = (): void => {
      reject(new CancelledError('The run was cancelled; there was no time left to wait for the clean-up.'));
    };
    const stop = (name: string): void => {
      if (controller.signal.aborted) {
        giveUp();
        return;
      }
      // A real-time limit, because the agent's is one too.
      AbortSignal.timeout(GRACE_MS).addEventListener('abort', giveUp);
      onFirst(name);
      controller.abort(new CancelledError());
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const) process.on(name, stop);
  });
  deadline.catch(() => undefined);
  return { signal: controller.signal, deadline };
}
