/** What may fail without failing the step: extras beside the result. */
import { ServiceError } from '../errors.ts';
import type { Log } from '../ports.ts';

/** The answer, or undefined (and a line under System.Debug) when the service refuses or cannot be reached. */
export async function tolerant<T>(
  log: Pick<Log, 'debug'>,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    log.debug(`Could not read ${what}: ${error.message}`);
    return undefined;
  }
}

/** True for what may pass by itself: no answer, time-outs, throttling and the service's own failures. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof ServiceError &&
    (error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500)
  );
}
