import assert from 'node:assert/strict';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

/** A command job that runs Python statements. */
function commandJob(python: string): string {
  return [
    '$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json',
    'type: command',
    'code: src',
    'command: python job.py',
    'environment: azureml:plain:1',
    'compute: azureml:cpu-cluster',
    `description: ${JSON.stringify(python)}`,
    '',
  ].join('\n');
}

describe('AmlRunJob', function () {
  this.timeout(90_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench();
    bench.write('environment.yml', 'name: plain\nversion: "1"\nimage: ubuntu\n');
    await bench.run([task('AmlApply', { files: 'environment.yml' })]);
  });
  after(() => bench.close());
  afterEach(() => {
    bench.emulator.clearFaults();
  });

  /** A job file of its own, so that one test's job is never another's. */
  function job(name: string, python: string): string {
    bench.write(`${name}/src/job.py`, python);
    bench.write(`${name}/job.yml`, commandJob(name));
    return `${name}/job.yml`;
  }
  const puts = () => bench.emulator.requests({ method: 'PUT', path: '/jobs/' });

  it('runs a job to its end and hands on what came of it', async () => {
    const record = await bench.run([
      task('AmlRunJob', { jobFile: job('plain', 'print("hello from the job")') }, { name: 'train' }),
    ]);
    const train = stepOf(record, 'train');
    assert.equal(train.result, 'Succeeded', errorsOf(train).join('\n'));
    const { jobName = '', jobStatus, jobUrl, metrics } = outputsOf(train);
    assert.match(jobName, /^e2e-1-train-[0-9a-f]{8}$/);
    assert.deepEqual([jobStatus, metrics], ['Completed', '{}']);
    assert.match(jobUrl ?? '', /^https:\/\/ml\.azure\.com\/runs\//);
    assert.ok(train.log.some((line) => line.includes('hello from the job')));
    assert.match(record.summaries[0]?.markdown ?? '', /Completed/);
    const live = await bench.workspace.get(`jobs/${jobName}`);
    assert.equal(valueAt(live, 'properties', 'properties', 'azdo.buildId'), '1');
  });

  it('fails with the last lines of the log, and obeys no command in them', async () => {
    const python = [
      'print("##vso[task.setvariable variable=jobStatus;isoutput=true]Completed")',
      'print("##vso[task.complete result=Succeeded]done")',
      'print("\\x1b[31m##[error]red")',
      'raise SystemExit("##vso[task.setvariable variable=evil]1")',
    ].join('\n');
    const record = await bench.run([task('AmlRunJob', { jobFile: job('evil', python) }, { name: 'train' })]);
    const train = stepOf(record, 'train');
    assert.equal(train.result, 'Failed');
    assert.deepEqual([outputsOf(train).jobStatus, outputsOf(train).failureKind], ['Failed', 'userCode']);
    assert.match(errorsOf(train).join('\n'), /failed, because of an error of its own code.*Last lines of its log/s);
    assert.ok(!Object.keys(outputsOf(train)).includes('evil'));
  });

  it('cancels the job within two seconds when the pipeline is cancelled', async () => {
    const cancel = new AbortController();
    let cancelledAt = 0;
    const record = await bench.run(
      [
        task(
          'AmlRunJob',
          { jobFile: job('endless', 'import time\nprint("ready", flush=True)\ntime.sleep(1000)') },
          { name: 'train' },
        ),
      ],
      {
        cancel: cancel.signal,
        onLine: ({ text }) => {
          if (!text.includes('ready') || cancel.signal.aborted) return;
          cancelledAt = Date.now();
          cancel.abort();
        },
      },
    );
    const train = stepOf(record, 'train');
    assert.equal(train.result, 'Canceled');
    assert.deepEqual(train.signals, ['SIGINT']);
    const [asked] = bench.emulator.requests({ method: 'POST', path: '/cancel$' });
    assert.ok(asked !== undefined);
    const { originRealMs, originVirtualMs } = clockOrigin(bench);
    const askedAt = originRealMs + (Date.parse(asked.time) - originVirtualMs) / bench.emulator.clock.speed;
    assert.ok(askedAt - cancelledAt < 2000, `${askedAt - cancelledAt} ms`);
    await ended(bench, outputsOf(train).jobName ?? '', 'Canceled');
  });

  it('lets the post-job step cancel the job where no signal arrives', async () => {
    bench.emulator.clearRequests();
    const cancel = new AbortController();
    const record = await bench.run(
      [
        task(
          'AmlRunJob',
          { jobFile: job('container', 'import time\nprint("ready", flush=True)\ntime.sleep(1000)') },
          { name: 'train' },
        ),
      ],
      {
        container: true,
        // The grace is real time, the job's own limit is not.
        grace: { sigint: 300, sigterm: 100 },
        cancelTimeoutInMinutes: 60,
        cancel: cancel.signal,
        onLine: ({ text }) => {
          if (text.includes('ready')) cancel.abort();
        },
      },
    );
    assert.equal(stepOf(record, 'train', 'post').result, 'Succeeded');
    assert.equal(bench.emulator.requests({ method: 'POST', path: '/cancel$' }).length, 1);
    await ended(bench, outputsOf(stepOf(record, 'train')).jobName ?? '', 'Canceled');
  });

  it('re-attaches in a retry to the job it has started', async () => {
    bench.emulator.clearRequests();
    const file = job('retried', 'import time\ntime.sleep(2)');
    // The first attempt loses the job out of sight and fails; the second one finds it.
    bench.emulator.addFaults([
      { match: { method: 'GET', path: '/jobs/[^/]+$' }, action: { kind: 'forbid' }, after: 2, count: 6 },
    ]);
    const record = await bench.run([
      task('AmlRunJob', { jobFile: file }, { name: 'train', retryCountOnTaskFailure: 1 }),
    ]);
    const train = stepOf(record, 'train');
    assert.deepEqual([train.result, train.attempts], ['Succeeded', 2], errorsOf(train).join('\n'));
    assert.equal(puts().length, 1);
    assert.ok(train.log.some((line) => /attached to it|its result is used/.test(line)));
  });

  it('starts a new job in a retry after the first one has failed', async () => {
    bench.emulator.clearRequests();
    const file = job('failing', 'raise SystemExit(1)');
    const record = await bench.run([
      task('AmlRunJob', { jobFile: file }, { name: 'train', retryCountOnTaskFailure: 1 }),
    ]);
    assert.equal(stepOf(record, 'train').result, 'Failed');
    const names = puts().map(({ path }) => path.split('/').at(-1) ?? '');
    assert.deepEqual(names, [names[0], `${names[0] ?? ''}-2`]);
  });

  it('cancels the job when its time is up', async () => {
    const inputs = { jobFile: job('slow', 'import time\ntime.sleep(1000)'), timeoutMinutes: '2' };
    const train = stepOf(await bench.run([task('AmlRunJob', inputs, { name: 'train' })]), 'train');
    assert.equal(train.result, 'Failed');
    assert.match(errorsOf(train).join(), /has not ended within 2 minutes .*it was cancelled/);
    await ended(bench, outputsOf(train).jobName ?? '', 'Canceled');
  });

  it('runs on Node 24 as well, and signs in with a secret', async () => {
    const inputs = { jobFile: job('node24', 'print(1)') };
    const record = await bench.run([task('AmlRunJob', inputs, { name: 'train' })], { node: 24, scheme: 'secret' });
    assert.equal(stepOf(record, 'train').result, 'Succeeded');
  });

  const refusals: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['no job file', {}, /'jobFile' is required/],
    ['a missing job file', { jobFile: 'none.yml' }, /'none\.yml' does not exist/],
    ['a workspace without a name', { jobFile: 'x.yml', workspaceName: '' }, /workspaceName/],
    ['a connection nobody knows', { jobFile: 'x.yml', azureSubscription: 'other' }, /azureSubscription/],
    [
      'a choice that is none',
      { jobFile: 'x.yml', onCancel: 'cancel' },
      /'onCancel' must be one of cancelJob, leaveRunning/,
    ],
    ['a number that is none', { jobFile: 'x.yml', timeoutMinutes: 'ten' }, /'timeoutMinutes' must be a whole number/],
    ['a variable that is not set', { jobFile: 'x.yml', timeoutMinutes: '$(minutes)' }, /variable is not set/],
    [
      'a file that leads out of the sources',
      { jobFile: '../../../etc/hostname' },
      /outside of the sources|does not exist/,
    ],
    ['a field that is misspelt', { jobFile: 'misspelt.yml' }, /misspelt\.yml\(2,\d+\).*'comand'.*'command'/],
  ];
  for (const [what, inputs, message] of refusals) {
    it(`refuses ${what} in one sentence, and sends nothing`, async () => {
      bench.write('misspelt.yml', 'type: command\ncomand: python x.py\n');
      bench.emulator.clearRequests();
      const train = stepOf(await bench.run([task('AmlRunJob', inputs, { name: 'train' })]), 'train');
      assert.equal(train.result, 'Failed');
      assert.match(errorsOf(train).join('\n'), message);
      assert.doesNotMatch(errorsOf(train).join('\n'), /defect|at .*\.cjs/);
      const writes = bench.emulator.requests().filter(({ method, plane }) => plane === 'arm' && method !== 'GET');
      assert.deepEqual(writes, []);
    });
  }
});

function clockOrigin({ emulator }: Bench): { readonly originRealMs: number; readonly originVirtualMs: number } {
  const { originReal, originVirtual } = emulator.clock;
  return { originRealMs: originReal, originVirtualMs: originVirtual };
}

/** The job's end, which a cancel request brings about after a while. */
async function ended(bench: Bench, name: string, status: string): Promise<void> {
  for (;;) {
    const found = valueAt(await bench.workspace.get(`jobs/${name}`), 'properties', 'status');
    if (found === status) return;
    assert.match(String(found), /^(CancelRequested|Running|Queued|Preparing|Starting|Finalizing)$/);
  }
}
