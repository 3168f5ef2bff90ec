/** Results of steps and jobs, worst last, and how several merge into one (agent source: TaskResultUtil). */

const RESULTS = ['Succeeded', 'SucceededWithIssues', 'Failed', 'Canceled', 'Skipped', 'Abandoned'] as const;

export type TaskResult = (typeof RESULTS)[number];

/** The worse of two results; once a result is worse than Failed, nothing changes it any more. */
export function mergeResults(current: TaskResult | undefined, coming: TaskResult): TaskResult {
  if (current === undefined) return coming;
  const rank = RESULTS.indexOf(current);
  if (rank > RESULTS.indexOf('Failed')) return current;
  return RESULTS.indexOf(coming) >= rank ? coming : current;
}

/** A result as a logging command names it: the exact name or its number; undefined for anything else. */
export function parseResult(text: string): TaskResult | undefined {
  const byName = RESULTS.find((result) => result === text.trim());
  return byName ?? (/^\s*\d+\s*$/.test(text) ? RESULTS[Number(text)] : undefined);
}
