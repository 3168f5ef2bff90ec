/** A job on the run's summary page: its state, its graph, its metrics and its outputs. */
import { durationText, elapsedText } from '../domain/elapsed-time.ts';
import { textAt } from '../domain/json.ts';
import { escapeMarkdown, markdownLink, markdownTable } from '../domain/markdown.ts';
import { pipelineSteps, stepsBefore } from '../domain/pipeline-graph.ts';
import type { ServiceError } from '../errors.ts';
import type { Resource, Run } from '../ports.ts';
import type { JobResults } from './collect-job-results.ts';
import { isReused } from './job-progress.ts';

/** A summary is a page for people: of a large sweep it shows the first trials. */
const ROWS = 100;

/** What a summary shows beside the job itself; whatever is missing is left out. */
export interface JobFacts {
  readonly steps?: readonly Run[];
  readonly waitedMs?: number;
  readonly results?: JobResults;
  readonly error?: ServiceError;
}

/** The section of one job. */
export function jobSummary(
  name: string,
  job: Resource,
  { steps = [], waitedMs, results, error }: JobFacts = {},
): string {
  const after = waitedMs === undefined ? '' : ` after ${elapsedText(waitedMs)}`;
  const reason = error === undefined ? '' : `\n\n${escapeMarkdown(error.message.split('\n', 1)[0] ?? '')}`;
  return [
    `### Job ${markdownLink(name, studioUrl(job))}: ${escapeMarkdown(jobStatus(job))}${after}${reason}`,
    stepTable(job, steps),
    metricTable(results),
    outputTable(results),
  ]
    .filter((section) => section !== '')
    .join('\n\n');
}

/** The steps in the order of the definition, with what each waits for: the job's graph as a table. */
function stepTable(job: Resource, steps: readonly Run[]): string {
  const order = pipelineSteps(job);
  const rank = (step: Run): number =>
    order.includes(step.displayName) ? order.indexOf(step.displayName) : order.length;
  const rows = steps
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, ROWS)
    .map((step) => [
      escapeMarkdown(step.displayName),
      escapeMarkdown(stepsBefore(job, step.displayName).join(', ')),
      escapeMarkdown(step.status) + (isReused(step) ? ' (reused)' : ''),
      durationText(step.startTime, step.endTime),
    ]);
  const rest = steps.length > ROWS ? `\n\n… and ${steps.length - ROWS} more.` : '';
  return `${markdownTable(['Step', 'After', 'State', 'Duration'], rows)}${rest}`;
}

function metricTable(results: JobResults | undefined): string {
  const rows = Object.entries(results?.metrics ?? {}).map(([name, value]) => [
    escapeMarkdown(name),
    String(Number(value.toPrecision(6))),
  ]);
  return markdownTable(['Metric', 'Value'], rows);
}

function outputTable(results: JobResults | undefined): string {
  const rows = Object.entries(results?.outputs ?? {}).map(([name, uri]) => [escapeMarkdown(name), escapeMarkdown(uri)]);
  return markdownTable(['Output', 'URI'], rows);
}

/** The address of a job in studio; '' where the service names none. */
export function studioUrl(job: Resource): string {
  return textAt(job, 'properties', 'services', 'Studio', 'endpoint') ?? '';
}

/** The state of a job as the service last reported it. */
export function jobStatus(job: Resource): string {
  return textAt(job, 'properties', 'status') ?? 'Unknown';
}
