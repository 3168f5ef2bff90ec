/** Many jobs on the run's summary page, and in a file for later steps. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { countsText } from '../domain/job-counts.ts';
import { hasEnded } from '../domain/job-states.ts';
import { escapeMarkdown, markdownLink, markdownTable } from '../domain/markdown.ts';
import type { FailedJob } from './jobs-failure.ts';
import type { WatchedJob } from './watch-jobs.ts';

/** A summary is a page for people: what needs attention comes first, and the rest is counted. */
const ROWS = 200;

/** The section of many jobs: failed ones first, then cancelled ones, then those that have not ended. */
export function jobsSummary(jobs: readonly WatchedJob[], failed: readonly FailedJob[], waitedMs: number): string {
  const reasons = new Map(failed.map(({ name, message }) => [name, message]));
  const rows = jobs
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, ROWS)
    .map(({ name, status, url }) => [
      markdownLink(name, url),
      escapeMarkdown(status === '' ? 'not seen' : status),
      escapeMarkdown(reasons.get(name) ?? ''),
    ]);
  const rest = jobs.length > ROWS ? `\n\n… and ${jobs.length - ROWS} more.` : '';
  const counts = escapeMarkdown(countsText(jobs.map(({ status }) => status)));
  return `### ${jobs.length} jobs: ${counts} after ${elapsedText(waitedMs)}\n\n${markdownTable(['Job', 'State', 'Reason'], rows)}${rest}`;
}

function rank({ status }: WatchedJob): number {
  const place = ['Failed', 'Canceled'].indexOf(status);
  if (place >= 0) return place;
  return hasEnded(status) ? 3 : 2;
}

/** The file of results: an array with an object a job. */
export function resultsJson(jobs: readonly WatchedJob[], failed: readonly FailedJob[]): string {
  const reasons = new Map(failed.map((job) => [job.name, job]));
  const results = jobs.map(({ name, status, url, createdAt, jobType }) => ({
    name,
    status,
    jobType,
    url,
    createdAt,
    ...(reasons.has(name) ? { failureKind: reasons.get(name)?.kind, error: reasons.get(name)?.message } : {}),
  }));
  return `${JSON.stringify(results, null, 2)}\n`;
}
