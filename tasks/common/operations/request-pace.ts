/** Keeps a long wait within so many requests a minute, however much there is to ask. */
import type { OperationAgent } from './task-context.ts';

const MINUTE_MS = 60_000;

export class RequestPace {
  readonly #agent: Pick<OperationAgent, 'clock' | 'signal'>;
  readonly #perMinute: number;
  /** When the requests of the last minute were let through. */
  readonly #times: number[] = [];

  constructor(agent: Pick<OperationAgent, 'clock' | 'signal'>, perMinute: number) {
    this.#agent = agent;
    this.#perMinute = perMinute;
  }

  /** Resolves when one more request fits into the minute that ends with it; rejects when the step is cancelled. */
  async next(): Promise<void> {
    const { clock, signal } = this.#agent;
    signal.throwIfAborted();
    for (;;) {
      const now = clock.now();
      while ((this.#times[0] ?? Infinity) <= now - MINUTE_MS) this.#times.shift();
      const oldest = this.#times[0];
      if (oldest === undefined || this.#times.length < this.#perMinute) break;
      await clock.sleep(oldest + MINUTE_MS - now, signal);
    }
    this.#times.push(clock.now());
  }
}
