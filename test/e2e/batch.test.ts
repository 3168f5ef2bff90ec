import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const ENDPOINT = 'batchEndpoints/nightly';

/** Adds the model's number to the number in each file. */
const SCORE = `import os
def init():
    global added
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "number.txt")) as file:
        added = int(file.read())
def run(mini_batch):
    rows = []
    for path in mini_batch:
        with open(path) as file:
            rows.append(f"{os.path.basename(path)} {int(file.read()) + added}")
    return rows
`;

describe('batch endpoints, from deployment to removal', function () {
  this.timeout(120_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench();
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('endpoint.yml', `${SCHEMA}batchEndpoint.schema.json\nname: nightly\nauth_mode: aad_token\n`);
    bench.write('score/score.py', SCORE);
    for (const [file, number] of [
      ['new/a.txt', '1'],
      ['new/b.txt', '2'],
      ['test/ok.txt', '7'],
      ['bad/no.txt', 'seven'],
    ] as const) {
      bench.write(file, number);
    }
    for (const number of ['10', '20']) {
      bench.write(`model-${number}/number.txt`, number);
      bench.write(
        `deployment-${number}.yml`,
        [
          `${SCHEMA}modelBatchDeployment.schema.json`,
          'name: blue',
          'endpoint_name: nightly',
          'type: model',
          `model: { path: model-${number}/number.txt, type: custom_model }`,
          'code_configuration: { code: score, scoring_script: score.py }',
          'environment: azureml:plain:1',
          'compute: azureml:cpu-cluster',
          'settings: { error_threshold: 0, mini_batch_size: 1, retry_settings: { max_retries: 0, timeout: 30 } }',
          '',
        ].join('\n'),
      );
    }
  });
  after(() => bench.close());

  const deploy = (number: string, testFolder: string) =>
    task(
      'AmlDeployBatchEndpoint',
      {
        endpointFile: 'endpoint.yml',
        deploymentFile: `deployment-${number}.yml`,
        testInputs: `data: { type: uri_folder, path: ${testFolder} }`,
      },
      { name: 'deploy' },
    );

  async function currentDefault(): Promise<unknown> {
    return valueAt(await bench.workspace.get(ENDPOINT), 'properties', 'defaults', 'deploymentName');
  }

  it('makes a tested deployment the default, scores a folder of the agent and downloads the predictions', async () => {
    const invoke = {
      endpointType: 'batch',
      endpointName: 'nightly',
      batchInputs: 'data: { type: uri_folder, path: new }',
      downloadOutputs: 'score',
      downloadFolder: 'scored',
    };
    const record = await bench.run([
      task('AmlApply', { files: 'plain.yml' }, { name: 'apply' }),
      deploy('10', 'test'),
      task('AmlInvokeEndpoint', invoke, { name: 'score' }),
    ]);
    const [deployed, scored] = [stepOf(record, 'deploy'), stepOf(record, 'score')];
    assert.equal(deployed.result, 'Succeeded', errorsOf(deployed).join('\n'));
    const { deploymentName, defaultDeployment, testJobName } = outputsOf(deployed);
    assert.deepEqual([deploymentName, defaultDeployment], ['blue', 'blue']);
    assert.match(testJobName ?? '', /^batchjob-/);
    assert.equal(await currentDefault(), 'blue');
    assert.equal(scored.result, 'Succeeded', errorsOf(scored).join('\n'));
    const outputs = outputsOf(scored);
    assert.equal(outputs.jobStatus, 'Completed');
    assert.equal(outputs.outputs, `{"score":"azureml://jobs/${outputs.jobName ?? ''}/outputs/score"}`);
    const file = join(bench.sources, 'scored/score/predictions.csv');
    assert.equal(readFileSync(file, 'utf8'), 'a.txt 11\nb.txt 12\n');
    const again = stepOf(await bench.run([task('AmlInvokeEndpoint', invoke, { name: 'score' })]), 'score');
    assert.equal(outputsOf(again).jobName, outputs.jobName, 'a retried step finds the job it has started');
  });

  it('keeps the default when the new deployment fails its test, and says why', async () => {
    const step = stepOf(await bench.run([deploy('20', 'bad')]), 'deploy');
    assert.equal(step.result, 'Failed');
    assert.match(errorsOf(step).join('\n'), /green did not pass its test, and the default stays blue: .*failed items/s);
    assert.equal(await currentDefault(), 'blue');
  });

  it('switches to a deployment that passes, refuses to remove the default and removes the old one', async () => {
    const remove = (deploymentName: string, name: string, rest = {}) =>
      task(
        'AmlRemoveDeployment',
        { endpointType: 'batch', endpointName: 'nightly', deploymentName },
        { name, ...rest },
      );
    const record = await bench.run([
      deploy('20', 'test'),
      remove('blue', 'old'),
      remove('blue', 'again'),
      remove('green', 'default'),
    ]);
    const deployed = stepOf(record, 'deploy');
    assert.equal(deployed.result, 'Succeeded', errorsOf(deployed).join('\n'));
    assert.equal(outputsOf(deployed).previousDeployment, 'blue');
    assert.equal(await currentDefault(), 'green');
    assert.deepEqual(outputsOf(stepOf(record, 'old')), { removed: '["blue"]', kept: '["green"]' });
    assert.deepEqual(outputsOf(stepOf(record, 'again')), { removed: '[]', kept: '["green"]' });
    assert.deepEqual(errorsOf(stepOf(record, 'default')), [
      'The deployment green of nightly cannot be removed: it is the default deployment. Send its users elsewhere first.',
    ]);
    assert.equal(existsSync(join(bench.sources, 'aml-outputs')), false);
  });
});
