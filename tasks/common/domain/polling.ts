/** How often to ask for the state of something. */

const SHORTEST_MS = 2000;
const LONGEST_MS = 30_000;

/**
 * The wait before the next question, in milliseconds: a tenth of the time since something last changed, between two and thirty
 * seconds. What moves is watched closely, what takes hours costs two requests a minute.
 */
export function pollInterval(sinceLastChangeMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.round(sinceLastChangeMs / 10)));
}
