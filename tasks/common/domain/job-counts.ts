/** Many jobs as few words: how many are in which state, and the worst of them. */
import { hasEnded } from './job-states.ts';

/** `3 Running, 2 Completed`; states in the order in which jobs go through them, what nobody has seen yet as `not seen`. */
export function countsText(statuses: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([status, count]) => `${count} ${status === '' ? 'not seen' : status}`)
    .join(', ');
}

const ORDER = ['', 'NotStarted', 'Queued', 'Running', 'Finalizing', 'Completed', 'Canceled', 'Failed'];

function rank(status: string): number {
  const place = ORDER.indexOf(status);
  return place >= 0 ? place : ORDER.indexOf('Running') - 0.5;
}

/** The state that says most about all of them: Failed, Canceled, then one that has not ended, and Completed if nothing else is. */
export function worstStatus(statuses: readonly string[]): string {
  const found =
    ['Failed', 'Canceled'].find((status) => statuses.includes(status)) ?? statuses.find((status) => !hasEnded(status));
  return found ?? statuses[0] ?? '';
}
