/** What a built task asks and needs while it waits for a thousand jobs: requests a minute, and memory. */
import { readdirSync, readFileSync } from 'node:fs';
import type { JournalEntry } from '../../local/emulator/journal.ts';
import type { RunRecord } from '../../local/emulator/jobs/records.ts';
import { openRunStore } from '../../local/emulator/jobs/run-store.ts';
import { INSTANT_TIMINGS } from '../../local/emulator/timings.ts';
import { openBench, stepOf, task, type Bench } from '../e2e/pipeline-job.ts';
import { count, megabytes, type Benchmark } from './measurement.ts';

const JOBS = 1000;
const REQUESTS_A_MINUTE = 100;
const MEMORY = 200e6;
/** Virtual seconds in a real one: ten minutes of waiting take a quarter of one. */
const SPEED = 40;
const MINUTES = 10;
const MINUTE_MS = 60_000;

export const measureManyJobs: Benchmark = async () => {
  const bench = await openBench(undefined, { speed: SPEED, timings: INSTANT_TIMINGS });
  try {
    const finishAll = seedJobs(bench);
    const memory = watchMemory('AmlAwaitJob');
    const { clock } = bench.emulator.context;
    const callOff = clock.after(MINUTES * MINUTE_MS, finishAll);
    const wait = task('AmlAwaitJob', { jobNames: 'job-*', expectedCount: String(JOBS) }, { name: 'wait' });
    const record = await bench.run([wait]);
    callOff();
    const peak = memory();
    const step = stepOf(record, 'wait');
    if (step.result !== 'Succeeded') throw new Error(`The wait ended as ${step.result}: ${step.log.join('\n')}`);
    const beside = `${JOBS} jobs for ${MINUTES} minutes; a GET a job would be ${2 * JOBS}`;
    return [
      {
        what: 'requests to Resource Manager in the busiest minute',
        value: busiestMinute(bench.emulator.requests({ plane: 'arm' })),
        budget: REQUESTS_A_MINUTE,
        bound: 'most',
        format: count,
        beside,
      },
      ...(peak === 0
        ? []
        : [{ what: 'memory of that task', value: peak, budget: MEMORY, bound: 'most', format: megabytes } as const]),
    ];
  } finally {
    await bench.close();
  }
};

/** Jobs that run without a process; the answer completes them all. */
function seedJobs({ emulator }: Bench): () => void {
  const { context, settings } = emulator;
  const workspace = `/subscriptions/${settings.subscriptionId}/resourceGroups/${settings.resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${settings.workspace}`;
  const store = openRunStore(context);
  const experimentId = store.experiment(workspace, 'bench').id;
  const runs: RunRecord[] = [];
  for (let index = 0; index < JOBS; index += 1) {
    const name = `job-${index}`;
    const body = { jobType: 'Command', command: 'true', environmentId: 'azureml:plain:1', experimentName: 'bench' };
    store.putJob(workspace, { name, jobType: 'Command', body, createdBy: 'bench', createdByType: 'Application' });
    const head = { workspace, id: name, kind: 'command', experimentId, displayName: name, createdBy: 'bench' } as const;
    runs.push(store.create({ ...head, status: 'Running', target: null }));
  }
  return () => {
    for (const run of runs) store.change(run, { status: 'Completed' });
  };
}

function busiestMinute(requests: readonly JournalEntry[]): number {
  const times = requests.map(({ time }) => Date.parse(time)).toSorted((a, b) => a - b);
  let [first, most] = [0, 0];
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - MINUTE_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Follows the peak of a task's resident memory where the system tells it (Linux). Returns what ends that: bytes, 0 for none. */
function watchMemory(taskName: string): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    for (const id of processes()) peak = Math.max(peak, peakOf(id, taskName));
  }, 200);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function peakOf(id: string, taskName: string): number {
  try {
    const command = readFileSync(`/proc/${id}/cmdline`, 'utf8');
    if (!command.includes(taskName) || !command.includes('index.cjs')) return 0;
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    // The process has ended meanwhile.
    return 0;
  }
}
