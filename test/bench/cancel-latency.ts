/** How long it takes from the agent's SIGINT to the cancel request at the service, with a built task that waits for a job. */
import { INSTANT_TIMINGS } from '../../local/emulator/timings.ts';
import { openBench, task } from '../e2e/pipeline-job.ts';
import { milliseconds, type Benchmark } from './measurement.ts';

const BUDGET_MS = 2000;
const ROUNDS = 3;
const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const JOB = `${SCHEMA}commandJob.schema.json\ncommand: sleep 1000\nenvironment: azureml:plain:1\ncompute: azureml:cpu-cluster\n`;

export const measureCancelLatency: Benchmark = async () => {
  const bench = await openBench(undefined, { speed: 1, timings: INSTANT_TIMINGS });
  try {
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('job.yml', JOB);
    await bench.run([task('AmlApply', { files: 'plain.yml' })]);
    let worst = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      bench.emulator.clearRequests();
      const cancel = new AbortController();
      let signalled = 0;
      await bench.run([task('AmlRunJob', { jobFile: 'job.yml' })], {
        variables: { 'Build.BuildId': { value: String(round) } },
        cancel: cancel.signal,
        onLine: ({ text }) => {
          if (cancel.signal.aborted || !/\] \S+: Running$/.test(text)) return;
          signalled = Date.now();
          cancel.abort();
        },
      });
      const [request] = bench.emulator.requests({ plane: 'arm', method: 'POST', path: '/cancel$' });
      worst = Math.max(worst, request === undefined ? Infinity : Date.parse(request.time) - signalled);
    }
    return [
      {
        what: 'SIGINT to the cancel request at the service',
        value: worst,
        budget: BUDGET_MS,
        bound: 'most',
        format: milliseconds,
        beside: `the slowest of ${ROUNDS}; az ml job stream sends none`,
      },
    ];
  } finally {
    await bench.close();
  }
};
