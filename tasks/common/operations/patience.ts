/** How long a wait puts up with a workspace that does not answer, or refuses. */
import { ServiceError } from '../errors.ts';
import { isTransient } from './tolerant.ts';
import type { OperationAgent } from './task-context.ts';

/** A new job is not visible everywhere at once. */
export const INVISIBLE_MS = 5 * 60_000;
/** How long the workspace may be out of reach. */
const UNREACHABLE_MS = 4 * 3_600_000;
/** Refusals in a row (401, 403, …) before they are taken as final: networks and roles change under long waits. */
const REFUSALS_ALLOWED = 5;

/** Tells what passes from what stays, for one wait; says once that something is wrong, and once that it is over. */
export class Patience {
  readonly #agent: Pick<OperationAgent, 'clock' | 'log'>;
  /** What cannot be read, in the warning's sentence. */
  readonly #what: string;
  #lastAnswer: number;
  #refusals = 0;
  #isUnreachable = false;

  constructor(agent: Pick<OperationAgent, 'clock' | 'log'>, what: string) {
    this.#agent = agent;
    this.#what = what;
    this.#lastAnswer = agent.clock.now();
  }

  /** Milliseconds since the service last answered with what was asked for. */
  get silentMs(): number {
    return this.#agent.clock.now() - this.#lastAnswer;
  }

  /** The service has answered, be it that it knows nothing: that ends an outage, but is not what was asked for. */
  answered(isFound: boolean, say: (text: string) => void): void {
    if (this.#isUnreachable) say('The workspace answers again.');
    this.#isUnreachable = false;
    this.#refusals = 0;
    if (isFound) this.#lastAnswer = this.#agent.clock.now();
  }

  /** Returns for an error that is waited through. Throws it when it is none, is final, or has lasted too long. */
  tolerate(error: unknown): void {
    if (!(error instanceof ServiceError)) throw error;
    const transient = isTransient(error);
    if (!transient && (error.status === 404 || ++this.#refusals > REFUSALS_ALLOWED)) throw error;
    if (transient && this.silentMs > UNREACHABLE_MS) throw error;
    if (!this.#isUnreachable) {
      this.#agent.log.warning(`${this.#what} cannot be read at the moment (${error.message}); waiting goes on.`);
    }
    this.#isUnreachable = true;
  }
}
