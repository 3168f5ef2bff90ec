/** Look-ups that a check wants and the connection's identity may not be allowed to make. */
import { ServiceError } from '../errors.ts';
import type { Context } from './task-context.ts';

/** The answer, or undefined after a warning that says what is not checked because of it. */
export async function lookUp<T>({ agent }: Context, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    agent.log.warning(`Not checked beforehand: ${what} (${error.message})`);
    return undefined;
  }
}
