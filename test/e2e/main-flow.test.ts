import assert from 'node:assert/strict';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const ENDPOINT = 'onlineEndpoints/breast-cancer';

/** The steps of the sample from training to the live endpoint. */
function steps(epochs: string, deploy: Readonly<Record<string, string>> = {}) {
  const promoted = "and(succeeded(), eq(variables['gate.outcome'], 'promote'))";
  return [
    task('AmlApply', { files: 'aml/environment.yml\naml/data.yml' }, { name: 'apply' }),
    task('AmlRunJob', { jobFile: 'aml/pipeline.yml', overrides: `inputs.epochs=${epochs}` }, { name: 'train' }),
    task(
      'AmlEvaluateModel',
      {
        candidateJob: '$(train.jobName)',
        candidateStep: 'evaluate',
        rulesFile: 'aml/promotion-rules.yml',
        champion: 'endpoint',
        championEndpoint: 'breast-cancer',
      },
      { name: 'gate' },
    ),
    task(
      'AmlRegisterModel',
      {
        modelName: 'breast-cancer',
        jobName: '$(train.jobName)',
        outputName: 'model',
        metricsStep: 'evaluate',
        evaluation: '$(gate.decision)',
      },
      { name: 'register', condition: promoted },
    ),
    task(
      'AmlDeployOnlineEndpoint',
      {
        endpointFile: 'aml/endpoint.yml',
        deploymentFile: 'aml/deployment.yml',
        model: '$(register.modelId)',
        smokeRequestFile: 'aml/smoke-request.json',
        ...deploy,
      },
      { name: 'deploy', condition: promoted },
    ),
    task(
      'AmlInvokeEndpoint',
      {
        endpointName: '$(deploy.endpointName)',
        requestFile: 'aml/smoke-request.json',
        requests: '5',
        assertions:
          '- path: $.predictions[0].diagnosis\n  equals: malignant\n- path: $.predictions[1].diagnosis\n  equals: benign',
      },
      { name: 'invoke', condition: promoted },
    ),
  ];
}

describe('from training to the live endpoint', function () {
  this.timeout(120_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench('templates/sample');
  });
  after(() => bench.close());

  const build = (id: string) => ({ variables: { 'Build.BuildId': { value: id } } });
  const liveTraffic = async (): Promise<unknown> =>
    valueAt(await bench.workspace.get(ENDPOINT), 'properties', 'traffic');

  it('deploys a first model privately', async () => {
    const record = await bench.run(steps('30'), build('1'));
    for (const step of record.steps)
      assert.equal(step.result, 'Succeeded', `${step.name}: ${errorsOf(step).join('\n')}`);
    assert.equal(outputsOf(stepOf(record, 'gate')).outcome, 'promote');
    assert.deepEqual(outputsOf(stepOf(record, 'deploy')).traffic, '{"blue":100}');
    const endpoint = await bench.workspace.get(ENDPOINT);
    assert.equal(valueAt(endpoint, 'properties', 'publicNetworkAccess'), 'Disabled');
    const model = await bench.workspace.get('models/breast-cancer/versions/1');
    const facts = valueAt(model, 'properties', 'properties');
    assert.equal(valueAt(facts, 'azdo.jobName'), outputsOf(stepOf(record, 'train')).jobName);
    assert.equal(valueAt(facts, 'azdo.buildId'), '1');
    assert.equal(valueAt(model, 'properties', 'tags', 'azdo.evaluation'), 'promote');
    assert.match(String(valueAt(model, 'properties', 'tags', 'metric.roc_auc')), /^0\.9/);
    assert.equal(record.summaries.length, 6);
  });

  it('registers nothing and deploys nothing for a model that is as good', async () => {
    bench.emulator.clearRequests();
    const record = await bench.run(steps('30'), build('2'));
    assert.equal(outputsOf(stepOf(record, 'gate')).outcome, 'keepChampion');
    assert.equal(stepOf(record, 'gate').result, 'Succeeded');
    assert.deepEqual(
      ['register', 'deploy', 'invoke'].map((name) => stepOf(record, name).result),
      ['Skipped', 'Skipped', 'Skipped'],
    );
    assert.equal(outputsOf(stepOf(record, 'apply')).changed, 'false');
    assert.deepEqual(bench.emulator.requests({ plane: 'blob', method: 'PUT', path: 'LocalUpload|\\.py$' }), []);
    assert.deepEqual(await liveTraffic(), { blue: 100 });
  });

  it('leaves the traffic alone when the new deployment cannot be provisioned, and shows why', async () => {
    bench.emulator.addFaults([
      { switch: 'scoringScriptFailure', target: 'green', parameters: { message: 'ImportError: no sklearn' }, count: 1 },
    ]);
    const record = await bench.run(steps('90'), build('3'));
    const deploy = stepOf(record, 'deploy');
    assert.equal(deploy.result, 'Failed');
    assert.match(
      errorsOf(deploy).join('\n'),
      /The deployment green failed.*Last lines of the container's log.*ImportError: no sklearn/s,
    );
    assert.deepEqual(await liveTraffic(), { blue: 100 });
  });

  it('deploys a better model beside the live one, over the failed one, and shifts the traffic', async () => {
    // The same build again, as when its failed stage is run again: everything before is found, nothing is done twice.
    bench.emulator.clearRequests();
    const record = await bench.run(steps('90'), build('3'));
    for (const step of record.steps)
      assert.equal(step.result, 'Succeeded', `${step.name}: ${errorsOf(step).join('\n')}`);
    assert.deepEqual(bench.emulator.requests({ method: 'PUT', path: '/jobs/|/models/' }), []);
    assert.equal(outputsOf(stepOf(record, 'register')).modelVersion, '2');
    const { deploymentName, previousDeployment } = outputsOf(stepOf(record, 'deploy'));
    assert.deepEqual([deploymentName, previousDeployment], ['green', 'blue']);
    assert.deepEqual(await liveTraffic(), { green: 100 });
  });

  it('has nothing to deploy when the same is live', async () => {
    bench.emulator.clearRequests();
    const deploy = task(
      'AmlDeployOnlineEndpoint',
      {
        endpointFile: 'aml/endpoint.yml',
        deploymentFile: 'aml/deployment.yml',
        model: 'breast-cancer:2',
        smokeRequestFile: 'aml/smoke-request.json',
      },
      { name: 'deploy' },
    );
    const record = await bench.run([deploy], build('4'));
    assert.equal(outputsOf(stepOf(record, 'deploy')).deploymentName, 'green');
    assert.deepEqual(bench.emulator.requests({ method: 'PUT', path: 'onlineEndpoints' }), []);
  });

  it('restores the traffic in the post-job step when the run is cancelled in the middle of the shift', async () => {
    const cancel = new AbortController();
    const deploy = task(
      'AmlDeployOnlineEndpoint',
      {
        endpointFile: 'aml/endpoint.yml',
        deploymentFile: 'aml/deployment.yml',
        model: 'breast-cancer:1',
        smokeRequestFile: 'aml/smoke-request.json',
      },
      { name: 'deploy' },
    );
    // The shift takes longer than the agent waits.
    bench.emulator.addFaults([{ switch: 'stuckOperation', target: 'onlineEndpoints/breast-cancer$', parameters: {} }]);
    const shift = bench.emulator.waitForRequest(
      { method: 'PUT', path: 'onlineEndpoints/breast-cancer$', after: bench.emulator.requests().at(-1)?.number ?? 0 },
      AbortSignal.timeout(60_000),
    );
    void shift.then(() => {
      bench.emulator.clearFaults();
      cancel.abort();
    });
    const record = await bench.run([deploy], { ...build('5'), cancel: cancel.signal, cancelTimeoutInMinutes: 60 });
    assert.equal(stepOf(record, 'deploy').result, 'Canceled');
    assert.equal(
      stepOf(record, 'deploy', 'post').result,
      'Succeeded',
      errorsOf(stepOf(record, 'deploy', 'post')).join('\n'),
    );
    assert.deepEqual(await liveTraffic(), { green: 100 });
  });

  it('refuses a public endpoint, before anything is changed', async () => {
    bench.emulator.clearRequests();
    const inputs = {
      endpointFile: 'aml/endpoint.yml',
      endpointOverrides: 'public_network_access=enabled',
      deploymentFile: 'aml/deployment.yml',
    };
    const record = await bench.run([task('AmlDeployOnlineEndpoint', inputs, { name: 'deploy' })]);
    assert.match(errorsOf(stepOf(record, 'deploy')).join(), /would leave the endpoint public/);
    assert.deepEqual(bench.emulator.requests({ plane: 'arm', method: 'PUT' }), []);
  });

  it('fails the invocation when the answer is not what it must be', async () => {
    const inputs = {
      endpointName: 'breast-cancer',
      requestFile: 'aml/smoke-request.json',
      assertions: '- path: $.predictions[0].diagnosis\n  equals: benign',
    };
    const invoke = stepOf(await bench.run([task('AmlInvokeEndpoint', inputs, { name: 'invoke' })]), 'invoke');
    assert.equal(invoke.result, 'Failed');
    assert.match(errorsOf(invoke).join(), /\$\.predictions\[0\]\.diagnosis is "malignant", not "benign"/);
    assert.equal(outputsOf(invoke).statusCode, '200');
  });

  it('says what a change would do without doing it', async () => {
    bench.emulator.clearRequests();
    const inputs = { files: 'aml/*.yml\n', overrides: 'tags.team=risk', mode: 'whatIf' };
    const record = await bench.run([task('AmlApply', { ...inputs, files: 'aml/environment.yml' }, { name: 'apply' })]);
    const apply = stepOf(record, 'apply');
    assert.equal(apply.result, 'Succeeded', errorsOf(apply).join('\n'));
    assert.match(outputsOf(apply).changes ?? '', /"change":"change".*team/);
    assert.deepEqual(bench.emulator.requests({ plane: 'arm', method: 'PUT' }), []);
  });
});
