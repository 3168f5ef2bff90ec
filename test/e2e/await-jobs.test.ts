import assert from 'node:assert/strict';
import { INSTANT_TIMINGS } from '../../local/emulator/timings.ts';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const CANCEL = { plane: 'arm', method: 'POST', path: '/cancel$' };

function commandJob(command: string, more = ''): string {
  return `${SCHEMA}commandJob.schema.json\ncommand: ${command}\nenvironment: azureml:plain:1\ncompute: azureml:cpu-cluster\n${more}`;
}

describe('jobs that somebody else has submitted', function () {
  this.timeout(60_000);
  let bench: Bench;
  let runs = 0;

  before(async () => {
    bench = await openBench(undefined, { speed: 1, timings: INSTANT_TIMINGS });
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('short.yml', commandJob('echo short'));
    bench.write('endless.yml', commandJob('sleep 1000'));
    bench.write('failing.yml', commandJob('exit 3', "tags: { note: '##vso[task.setvariable variable=pwned]1' }\n"));
    bench.write(
      'component.yml',
      `${SCHEMA}commandComponent.schema.json\nname: greet\nversion: '1'\ntype: command\ninputs: { who: { type: string } }\n` +
        'environment: azureml:plain:1\ncommand: echo hello ${{inputs.who}}\n',
    );
    const applied = await bench.run([task('AmlApply', { files: 'plain.yml\ncomponent.yml' }, { name: 'apply' })]);
    assert.equal(stepOf(applied, 'apply').result, 'Succeeded', errorsOf(stepOf(applied, 'apply')).join('\n'));
  });
  after(() => bench.close());
  beforeEach(() => {
    runs += 1;
    bench.emulator.clearRequests();
  });

  const variables = () => ({ 'Build.BuildId': { value: `fan-in-${runs}` } });
  const submit = (name: string, jobFile: string) =>
    task('AmlRunJob', { jobFile, waitForCompletion: 'false' }, { name });

  it('are waited for together, all that the run has started, and the failed one says why', async () => {
    const wait = task('AmlAwaitJob', { onlyThisRun: 'true', expectedCount: '3' }, { name: 'wait' });
    const steps = [submit('one', 'short.yml'), submit('two', 'failing.yml'), submit('three', 'short.yml'), wait];
    const record = await bench.run(steps, { variables: variables() });
    const step = stepOf(record, 'wait');
    const [one, two, three] = ['one', 'two', 'three'].map((name) => outputsOf(stepOf(record, name)).jobName ?? '');
    assert.equal(step.result, 'Failed');
    assert.match(
      errorsOf(step).join('\n'),
      new RegExp(`^\\[JobsNotCompleted\\] 1 of 3 jobs did not complete:\n  The job ${two ?? ''} failed`),
    );
    const outputs = outputsOf(step);
    assert.deepEqual(
      [outputs.jobStatus, outputs.jobCount, outputs.completedCount, outputs.failedCount, outputs.failureKind],
      ['Failed', '3', '2', '1', 'userCode'],
    );
    assert.deepEqual(JSON.parse(outputs.jobStatuses ?? '{}'), {
      [one ?? '']: 'Completed',
      [two ?? '']: 'Failed',
      [three ?? '']: 'Completed',
    });
    assert.match(
      record.summaries.map(({ markdown }) => markdown).join(),
      new RegExp(`\\[${two ?? ''}\\]\\(https://[^)]+\\) \\| Failed`),
    );
    assert.deepEqual(bench.emulator.requests(CANCEL), []);
  });

  it('are waited for by the name an earlier step has given, as if this step had submitted it', async () => {
    const wait = task('AmlAwaitJob', { jobNames: '$(one.jobName)' }, { name: 'wait' });
    const record = await bench.run([submit('one', 'short.yml'), wait], { variables: variables() });
    const step = stepOf(record, 'wait');
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.equal(outputsOf(step).jobName, outputsOf(stepOf(record, 'one')).jobName);
    assert.deepEqual([outputsOf(step).jobStatus, outputsOf(step).metrics], ['Completed', '{}']);
    assert.ok(
      step.log.some((line) => line.endsWith('short')),
      'its log is shown',
    );
  });

  /** Waits for two endless jobs and cancels the pipeline job as soon as the step waits. */
  async function cancelled(inputs: Readonly<Record<string, string>>, grace: object) {
    const cancel = new AbortController();
    const wait = task('AmlAwaitJob', { onlyThisRun: 'true', expectedCount: '2', ...inputs }, { name: 'wait' });
    const record = await bench.run([submit('one', 'endless.yml'), submit('two', 'endless.yml'), wait], {
      variables: variables(),
      cancel: AbortSignal.any([cancel.signal, AbortSignal.timeout(45_000)]),
      grace,
      onLine: ({ text }) => {
        if (text.includes('] 2 jobs: 2 Running')) cancel.abort();
      },
    });
    const names = ['one', 'two'].map((name) => outputsOf(stepOf(record, name)).jobName ?? '');
    return { record, names, requests: bench.emulator.requests(CANCEL).map(({ path }) => path.split('/').at(-2)) };
  }

  it('go on when the step that waits for them is cancelled', async () => {
    const { record, names, requests } = await cancelled({}, {});
    assert.equal(stepOf(record, 'wait').result, 'Canceled');
    assert.deepEqual(requests, []);
    const job = await bench.workspace.get(`jobs/${names[0] ?? ''}`);
    assert.equal(valueAt(job, 'properties', 'status'), 'Running');
  });

  it('are cancelled with it where that is asked for, also when it is killed', async () => {
    const killed = { sigint: 1, sigterm: 1 };
    const { names, requests } = await cancelled({ onCancel: 'cancelJob' }, killed);
    assert.deepEqual([...requests].sort(), [...names].sort());
  });

  it('are told apart from what does not exist, without a wait for what is misspelt in form', async () => {
    const wait = task('AmlAwaitJob', { jobNames: 'a b' }, { name: 'wait' });
    const step = stepOf(await bench.run([wait], { variables: variables() }), 'wait');
    assert.match(errorsOf(step).join('\n'), /'a b' is not a name for a job/);
    assert.deepEqual(bench.emulator.requests({ plane: 'arm' }), []);
  });

  it('may come from a registered component, with its inputs as YAML', async () => {
    const component = {
      jobSource: 'component',
      component: 'azureml:greet:1',
      jobInputs: 'who: world',
      compute: 'cpu-cluster',
    };
    const record = await bench.run([task('AmlRunJob', component, { name: 'greet' })], { variables: variables() });
    const step = stepOf(record, 'greet');
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.ok(
      step.log.some((line) => line.endsWith('greet | hello world')),
      step.log.join('\n'),
    );
    const wrong = task('AmlRunJob', { ...component, jobInputs: 'whom: world' }, { name: 'wrong' });
    const refused = stepOf(await bench.run([wrong], { variables: variables() }), 'wrong');
    assert.match(errorsOf(refused).join('\n'), /no input 'whom'/);
  });
});
