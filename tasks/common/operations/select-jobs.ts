/** Finds the jobs that a step is to wait for. */
import { isSearch, isSelected, type JobSelection } from '../domain/job-selection.ts';
import { RUN_ID } from '../domain/lineage.ts';
import { textAt } from '../domain/json.ts';
import { UserError } from '../errors.ts';
import { INVISIBLE_MS, Patience } from './patience.ts';
import type { RequestPace } from './request-pace.ts';
import type { Context } from './task-context.ts';
import { unseenJob, watchedJob, type ListFilter, type WatchedJob } from './watch-jobs.ts';

const PAUSE_MS = 10_000;

/**
 * The jobs of a selection: those it names, and those a search finds.
 * Lists lag behind submissions: where fewer are found than expected, they are looked for again for five minutes.
 * Throws UserError when there are still too few.
 */
export async function selectJobs(
  context: Context,
  selection: JobSelection,
  expectedCount: number,
  pace: RequestPace,
): Promise<readonly WatchedJob[]> {
  const { agent } = context;
  const named = selection.names.map(unseenJob);
  if (!isSearch(selection)) return named;
  const patience = new Patience(agent, 'The list of jobs');
  const started = agent.clock.now();
  for (;;) {
    const jobs = merged(named, await search(context, selection, pace, patience));
    if (jobs.length >= Math.max(1, expectedCount)) return jobs;
    if (agent.clock.now() - started >= INVISIBLE_MS) throw tooFew(jobs, expectedCount);
    await agent.clock.sleep(PAUSE_MS, agent.signal);
  }
}

/** Filters of the service's list that leave out what the selection does not want; what is left is filtered here again. */
export function listFilter({ names, tags, runId }: JobSelection): ListFilter {
  if (names.length > 0) return {};
  const [tag] = tags;
  return {
    ...(tag === undefined ? {} : { tag: tag[1] === undefined ? tag[0] : `${tag[0]}=${tag[1]}` }),
    ...(runId === undefined ? {} : { properties: `${RUN_ID}=${runId}` }),
  };
}

async function search(
  { workspace, agent }: Context,
  selection: JobSelection,
  pace: RequestPace,
  patience: Patience,
): Promise<readonly WatchedJob[]> {
  const query = { listViewType: 'All', ...listFilter({ ...selection, names: [] }) };
  const found: WatchedJob[] = [];
  try {
    const options = { query, signal: agent.signal, beforePage: () => pace.next() };
    for await (const job of workspace.list('jobs', options)) {
      if (isSelected(selection, textAt(job, 'name') ?? '', job)) found.push(watchedJob(job));
    }
    patience.answered(true, (text) => {
      agent.log.info(text);
    });
  } catch (error) {
    patience.tolerate(error);
  }
  return found;
}

function merged(named: readonly WatchedJob[], found: readonly WatchedJob[]): readonly WatchedJob[] {
  return [...new Map([...named, ...found].map((job) => [job.name, job])).values()];
}

function tooFew(jobs: readonly WatchedJob[], expectedCount: number): UserError {
  const what = 'that jobNames, tags and onlyThisRun ask for';
  if (jobs.length === 0) return new UserError(`The workspace has no job ${what}.`);
  const names = jobs.map(({ name }) => name).join(', ');
  return new UserError(`The workspace has ${jobs.length} of the ${expectedCount} jobs ${what}: ${names}.`);
}
