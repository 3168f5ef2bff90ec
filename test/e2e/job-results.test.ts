import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';

describe('what a job leaves', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    // The sample's own way to log metrics.
    bench = await openBench('templates/sample');
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write(
      'src/measure.py',
      'import sys, tracking\ntracking.log_metrics({"auc": 0.5}, 0)\ntracking.log_metrics({"auc": 0.75}, 1)\n' +
        'open(sys.argv[1] + "/model.txt", "w").write("the model")\n',
    );
    bench.write(
      'measure.yml',
      [
        `${SCHEMA}commandJob.schema.json`,
        'code: src',
        'command: python3 measure.py ${{outputs.model}}',
        'outputs: { model: { type: custom_model } }',
        'environment: azureml:plain:1',
        'compute: azureml:cpu-cluster',
        '',
      ].join('\n'),
    );
    const applied = await bench.run([task('AmlApply', { files: 'plain.yml' }, { name: 'apply' })]);
    assert.equal(stepOf(applied, 'apply').result, 'Succeeded');
  });
  after(() => bench.close());
  afterEach(() => {
    bench.emulator.clearFaults();
  });

  async function train(buildId: string, inputs: Readonly<Record<string, string>> = {}) {
    const step = task('AmlRunJob', { jobFile: 'measure.yml', ...inputs }, { name: 'train' });
    return stepOf(await bench.run([step], { variables: { 'Build.BuildId': { value: buildId } } }), 'train');
  }

  it('is handed on: the last value of each metric, the URI of each output, and its files where asked for', async () => {
    const step = await train('1', { downloadOutputs: 'model' });
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    const { metrics, outputs, jobName = '' } = outputsOf(step);
    assert.equal(metrics, '{"auc":0.75}');
    assert.match(outputs ?? '', new RegExp(`^{"model":"azureml://.*${jobName}.*"}$`));
    assert.equal(readFileSync(join(bench.sources, 'aml-outputs/model/model.txt'), 'utf8'), 'the model');
  });

  for (const [at, kind] of [
    ['image', 'imageBuild'],
    ['quota', 'quota'],
    ['preemption', 'preemption'],
  ] as const) {
    it(`is told apart when it fails: ${kind}`, async () => {
      bench.emulator.addFaults([{ switch: 'failJob', parameters: { at } }]);
      const step = await train(at);
      assert.equal(step.result, 'Failed');
      assert.equal(errorsOf(step).length, 1, errorsOf(step).join('\n'));
      const { failureKind, jobStatus, metrics, outputs } = outputsOf(step);
      assert.deepEqual([failureKind, jobStatus, metrics, outputs], [kind, 'Failed', undefined, undefined]);
    });
  }
});
