/** Doing many things at once, but not too many. */

export interface Limiter {
  /** Runs the work as soon as there is room. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Room for `limit` pieces of work at a time; the others wait in order. */
export function createLimiter(limit: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await work();
      } finally {
        // Room is handed on, not given back, so that nobody overtakes.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}

/**
 * Does the work for each item, `limit` at a time. The first failure aborts the work that is under way and is thrown
 * when all of it has ended.
 */
export async function forEachParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  const iterator = items.values();
  const worker = async () => {
    for (const item of iterator) {
      if (both.aborted) return;
      try {
        await work(item, both);
      } catch (error) {
        failures.push(error);
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
