import assert from 'node:assert/strict';
import type { JobRequest } from '../../local/agent/job-request.ts';
import type { JobRecord } from '../../local/agent/records.ts';
import { INSTANT_TIMINGS } from '../../local/emulator/timings.ts';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const CANCEL = { plane: 'arm', method: 'POST', path: '/cancel$' };
const SUBMIT = { plane: 'arm', method: 'PUT', path: '/jobs/' };
const DEADLINE = 45_000;
/** SIGKILL follows at once: the step has no time for anything. */
const NO_GRACE = { sigint: 1, sigterm: 1 };

function commandJob(command: string): string {
  return `${SCHEMA}commandJob.schema.json\ncommand: ${command}\nenvironment: azureml:plain:1\ncompute: azureml:cpu-cluster\n`;
}

// In real time: what is promised here is promised in seconds of the agent.
describe('a job that a step has started', function () {
  this.timeout(60_000);
  let bench: Bench;
  let runs = 0;

  before(async () => {
    bench = await openBench(undefined, { speed: 1, timings: INSTANT_TIMINGS });
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('endless.yml', commandJob('sleep 1000'));
    bench.write('short.yml', commandJob('echo short'));
    bench.write('failing.yml', commandJob('exit 3'));
    const applied = await bench.run([task('AmlApply', { files: 'plain.yml' }, { name: 'apply' })]);
    assert.equal(stepOf(applied, 'apply').result, 'Succeeded');
  });
  after(() => bench.close());
  beforeEach(() => {
    bench.emulator.clearRequests();
    runs += 1;
  });
  afterEach(() => {
    bench.emulator.clearFaults();
  });

  const asked = (filter: object) => bench.emulator.requests(filter);

  function train(inputs: Readonly<Record<string, string>>, request: Partial<JobRequest> = {}, retries = 0) {
    const step = task('AmlRunJob', inputs, { name: 'train', retryCountOnTaskFailure: retries });
    return bench.run([step], {
      variables: { 'Build.BuildId': { value: String(runs) } },
      ...request,
      // A wait that goes wrong ends with its test.
      cancel: AbortSignal.any([
        AbortSignal.timeout(DEADLINE),
        ...(request.cancel === undefined ? [] : [request.cancel]),
      ]),
    });
  }

  /** Runs the endless job and cancels the pipeline job as soon as the step waits. */
  async function cancelled(inputs: Readonly<Record<string, string>>, request: Partial<JobRequest> = {}) {
    const cancel = new AbortController();
    let at = 0;
    const record = await train(
      { jobFile: 'endless.yml', ...inputs },
      {
        ...request,
        cancel: cancel.signal,
        onLine: ({ text }) => {
          if (cancel.signal.aborted || !/\] \S+: Running$/.test(text)) return;
          at = Date.now();
          cancel.abort();
        },
      },
    );
    return { record, at, name: outputsOf(stepOf(record, 'train')).jobName ?? '' };
  }

  async function status(name: string): Promise<unknown> {
    return valueAt(await bench.workspace.get(`jobs/${name}`), 'properties', 'status');
  }

  /** Waits for the state a job comes to; the test's own time-out is the deadline. */
  async function comesTo(name: string, wanted: string): Promise<void> {
    for (let now = await status(name); now !== wanted; now = await status(name)) {
      assert.match(String(now), /^(CancelRequested|Running)$/);
    }
  }

  const post = (record: JobRecord) => stepOf(record, 'train', 'post');

  it('is cancelled within five seconds of the agent’s signal', async () => {
    const { record, at, name } = await cancelled({});
    assert.equal(stepOf(record, 'train').result, 'Canceled');
    assert.deepEqual(stepOf(record, 'train').signals, ['SIGINT']);
    const [request, ...more] = asked(CANCEL);
    assert.deepEqual(more, []);
    assert.ok(Date.parse(request?.time ?? '') - at < 5000, `${Date.parse(request?.time ?? '') - at} ms`);
    await comesTo(name, 'Canceled');
  });

  it('is cancelled by the post-job step when the agent kills the step', async () => {
    const { record, name } = await cancelled({}, { grace: NO_GRACE });
    assert.equal(stepOf(record, 'train').endedBy, 'SIGKILL');
    assert.equal(post(record).result, 'Succeeded', errorsOf(post(record)).join('\n'));
    assert.equal(asked(CANCEL).length, 1);
    await comesTo(name, 'Canceled');
  });

  it('is cancelled by the post-job step when the service does not take the cancellation in time', async () => {
    bench.emulator.addFaults([
      { match: CANCEL, action: { kind: 'delay', ms: 12_000 }, count: 1 },
      { match: CANCEL, action: { kind: 'respond', status: 500 }, count: 1 },
    ]);
    const { record, name } = await cancelled({});
    assert.equal(stepOf(record, 'train').result, 'Canceled');
    assert.equal(asked({ ...CANCEL, status: 202 }).length, 1);
    await comesTo(name, 'Canceled');
  });

  it('goes on where onCancel says so, also when the step is killed', async () => {
    for (const grace of [{}, NO_GRACE]) {
      runs += 1;
      const { record, name } = await cancelled({ onCancel: 'leaveRunning' }, { grace });
      assert.equal(stepOf(record, 'train').result, 'Canceled');
      assert.deepEqual(asked(CANCEL), []);
      assert.equal(await status(name), 'Running');
    }
  });

  it('goes on where the step does not wait for it', async () => {
    const record = await train({ jobFile: 'endless.yml', waitForCompletion: 'false' });
    assert.equal(record.result, 'Succeeded');
    assert.equal(post(record).result, 'Succeeded');
    assert.deepEqual(asked(CANCEL), []);
    const { jobName = '', metrics } = outputsOf(stepOf(record, 'train'));
    assert.equal(metrics, undefined);
    assert.equal(await status(jobName), 'Running');
  });

  it('fails the step when somebody else cancels it', async () => {
    const over = new AbortController();
    const running = train({ jobFile: 'endless.yml' });
    void running.finally(() => {
      over.abort();
    });
    const [submitted] = await bench.emulator.waitForRequest({ ...SUBMIT, status: 201 }, over.signal);
    const name = submitted?.path.split('/').at(-1) ?? '';
    await bench.post(`jobs/${name}/cancel`);
    const step = stepOf(await running, 'train');
    assert.equal(step.result, 'Failed');
    assert.match(errorsOf(step).join('\n'), /^\[JobCanceled\] The job \S+ did not complete: somebody cancelled it/);
    assert.equal(outputsOf(step).jobStatus, 'Canceled');
  });

  it('is used again when the same step runs twice', async () => {
    const first = await train({ jobFile: 'short.yml' });
    const second = await train({ jobFile: 'short.yml' });
    assert.deepEqual([first.result, second.result], ['Succeeded', 'Succeeded']);
    assert.equal(asked(SUBMIT).length, 1);
    assert.deepEqual(outputsOf(stepOf(second, 'train')), outputsOf(stepOf(first, 'train')));
  });

  it('is one job when the answer to its submission is lost', async () => {
    bench.emulator.addFaults([{ match: SUBMIT, action: { kind: 'drop', when: 'after' }, count: 4 }]);
    const record = await train({ jobFile: 'short.yml' }, {}, 2);
    const step = stepOf(record, 'train');
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.equal(new Set(asked(SUBMIT).map(({ path }) => path)).size, 1);
    const jobs = (await bench.workspace.list('jobs')).map(({ name }) => String(name));
    assert.deepEqual(
      jobs.filter((name) => name.startsWith(`e2e-${runs}-`)),
      [outputsOf(step).jobName],
    );
  });

  it('is followed by another one after it has failed', async () => {
    const record = await train({ jobFile: 'failing.yml' });
    assert.equal(record.result, 'Failed');
    const again = await train({ jobFile: 'failing.yml' });
    const [first, second] = [record, again].map((run) => outputsOf(stepOf(run, 'train')).jobName ?? '');
    assert.equal(second, `${first ?? ''}-2`);
  });

  it('is not overwritten by other content while it runs', async () => {
    const first = await train({ jobFile: 'endless.yml', waitForCompletion: 'false' });
    const { jobName = '' } = outputsOf(stepOf(first, 'train'));
    const second = await train({ jobFile: 'endless.yml', overrides: 'command=sleep 900' });
    assert.match(
      errorsOf(stepOf(second, 'train')).join('\n'),
      new RegExp(`^endless\\.yml: The job ${jobName}.* still runs`),
    );
    assert.equal(asked(SUBMIT).length, 1);
    assert.equal(await status(jobName), 'Running');
  });
});
