/** One figure with a budget. */
export interface Measurement {
  readonly what: string;
  readonly value: number;
  readonly budget: number;
  /** `most`: the value may not be above the budget; `least`: not below. */
  readonly bound: 'most' | 'least';
  readonly format: (value: number) => string;
  /** What it was compared with, or what a user would otherwise run. */
  readonly beside?: string;
}

/** What measures something; each in a file of its own. */
export type Benchmark = () => Promise<readonly Measurement[]>;

export const times = (value: number): string => `${value.toFixed(2)} ×`;
export const megabytes = (value: number): string => `${(value / 1e6).toFixed(2)} MB`;
export const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
export const count = (value: number): string => String(value);

export function isWithin({ value, budget, bound }: Measurement): boolean {
  return bound === 'most' ? value <= budget : value >= budget;
}

/**
 * The milliseconds of several ways to do a thing, in turn, round after round: whatever else the machine does hits all of them alike.
 * Yields the least of each, because disturbances only ever add.
 */
export async function inTurn(rounds: number, ...ways: readonly (() => unknown)[]): Promise<readonly number[]> {
  const least = ways.map(() => Infinity);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, way] of ways.entries()) {
      const started = performance.now();
      await way();
      least[index] = Math.min(least[index] ?? Infinity, performance.now() - started);
    }
  }
  return least;
}
