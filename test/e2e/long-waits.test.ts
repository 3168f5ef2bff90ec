import assert from 'node:assert/strict';
import type { FaultRule } from '../../local/emulator/faults.ts';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

/** Virtual seconds in a real one: an hour of waiting takes two seconds. */
const SPEED = 1800;

const JOB = [
  '$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json',
  'command: echo the end',
  'environment: azureml:plain:1',
  'compute: azureml:cpu-cluster',
  '',
].join('\n');

describe('a job that takes hours', function () {
  this.timeout(90_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench(undefined, { speed: SPEED });
    bench.write(
      'plain.yml',
      `$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`,
    );
    bench.write('job.yml', JOB);
    const applied = await bench.run([task('AmlApply', { files: 'plain.yml' }, { name: 'apply' })]);
    assert.equal(stepOf(applied, 'apply').result, 'Succeeded');
  });
  after(() => bench.close());
  afterEach(() => {
    bench.emulator.clearFaults();
    bench.emulator.clearRequests();
  });

  /** Runs the job, which stays in the queue until its state has been asked for after so many virtual hours. */
  async function runFor(hours: number, buildId: string, faults: readonly FaultRule[]) {
    const { emulator } = bench;
    emulator.addFaults([{ switch: 'jobQueued' }]);
    const over = new AbortController();
    const record = bench.run([task('AmlRunJob', { jobFile: 'job.yml' }, { name: 'train' })], {
      variables: { 'Build.BuildId': { value: buildId } },
    });
    void record.finally(() => {
      over.abort();
    });
    const [submitted] = await emulator.waitForRequest({ plane: 'arm', method: 'PUT', path: '/jobs/' }, over.signal);
    emulator.addFaults(faults);
    await askedAfter(submitted?.time ?? '', hours * 3_600_000, over.signal);
    emulator.clearFaults();
    return stepOf(await record, 'train');
  }

  async function askedAfter(start: string, ms: number, signal: AbortSignal): Promise<void> {
    for (let after = 0; !signal.aborted;) {
      const asked = await bench.emulator.waitForRequest({ plane: 'arm', path: '/jobs/', after }, signal);
      const last = asked.at(-1);
      if (last !== undefined && Date.parse(last.time) - Date.parse(start) > ms) return;
      after = last?.number ?? after;
    }
  }

  it('outlives its tokens: each new one is asked of the pipeline and of Entra', async () => {
    const step = await runFor(5, '1', []);
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.ok(step.finishedAt - step.startedAt > 5 * 3_600_000);
    const { emulator } = bench;
    const pipelineTokens = emulator.requests({ plane: 'pipelines', method: 'POST' });
    const armTokens = emulator.requests({ plane: 'login', method: 'POST' });
    assert.ok(pipelineTokens.length >= 5, `${pipelineTokens.length} tokens of the pipeline`);
    assert.ok(armTokens.length >= 5, `${armTokens.length} tokens of Entra`);
    assert.deepEqual(emulator.requests({ status: 401 }), [], 'no request carried an expired token');
  });

  it('does not mind throttling, errors of the service and dropped connections', async () => {
    const state = { plane: 'arm', method: 'GET', path: '/jobs/[^/]+$' };
    const step = await runFor(2, '2', [
      { match: state, action: { kind: 'throttle', retryAfterSeconds: 30 }, count: 5 },
      { match: state, action: { kind: 'respond', status: 503 }, after: 10, count: 12 },
      { match: state, action: { kind: 'drop', when: 'before' }, after: 30, count: 6 },
      { match: state, action: { kind: 'drop', when: 'after' }, after: 40, count: 6 },
      { match: state, action: { kind: 'truncate', bytes: 20 }, after: 50, count: 3 },
      { match: { plane: 'regional' }, action: { kind: 'respond', status: 500 }, after: 5, count: 5 },
    ]);
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.deepEqual(errorsOf(step), []);
    const refused = bench.emulator.requests(state).filter(({ status }) => status !== 200);
    assert.ok(refused.length >= 20, `${refused.length} requests were disturbed`);
    assert.equal(bench.emulator.requests({ plane: 'arm', method: 'PUT', path: '/jobs/' }).length, 1);
  });

  it('waits as long as a state is one it does not know, with a warning', async () => {
    const unknown = { properties: { status: 'Hibernating', jobType: 'Command', tags: {}, properties: {} } };
    const step = await runFor(1, '3', [
      {
        match: { plane: 'arm', method: 'GET', path: '/jobs/[^/]+$' },
        action: { kind: 'respond', status: 200, body: unknown },
        count: 8,
      },
    ]);
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    const warnings = step.issues.filter(({ type }) => type === 'warning').map(({ message }) => message);
    assert.match(warnings.join('\n'), /'Hibernating' is not known to this task; waiting goes on/);
    const job = await bench.workspace.get(`jobs/${outputsOf(step).jobName ?? ''}`);
    assert.equal(valueAt(job, 'properties', 'status'), 'Completed');
  });
});
