import assert from 'node:assert/strict';
import { textAt } from '../../../tasks/common/domain/json.ts';
import { CancelledError, ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import {
  runBatchJob,
  type RunBatchOutputs,
  type RunBatchRequest,
} from '../../../tasks/common/operations/run-batch-job.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace, run as stepRun } from '../fakes/fake-workspace.ts';

describe('running a job of a batch endpoint', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let published: Partial<RunBatchOutputs>;
  let states: string[];

  beforeEach(() => {
    agent = new FakeAgent();
    workspace = new FakeWorkspace();
    published = {};
    states = ['NotStarted', 'Running', 'Completed'];
    const scoringUri = 'https://nightly.westeurope.inference.ml.azure.com/jobs';
    workspace.seed('batchEndpoints/nightly', { properties: { scoringUri, defaults: { deploymentName: 'blue' } } });
    workspace.scorer = () => {
      const services = { Studio: { endpoint: 'https://ml.azure.com/runs/batchjob-1' } };
      const tags = { 'azureml.batchrun': 'true', 'azureml.deploymentname': 'blue' };
      workspace.seedJob('batchjob-1', 'NotStarted', { jobType: 'Pipeline', services, tags, outputs: null, jobs: null });
      workspace.states.set('batchjob-1', states);
      workspace.children.set('batchjob-1', [stepRun('step-1', { displayName: 'batchscoring' })]);
      workspace.blobs.set('azureml/step-1/score/predictions.csv', 'a.csv 1');
      agent.files.content.set(`${SOURCES}/aml-outputs/score/predictions.csv`, 'a.csv 1');
      return { status: 201, headers: { 'azureml-model-deployment': 'blue' }, body: '{"name":"batchjob-1"}' };
    };
  });

  const run = (changes: Partial<RunBatchRequest> = {}): Promise<RunBatchOutputs> =>
    runBatchJob(
      { agent, workspace },
      {
        endpointName: 'nightly',
        deploymentName: undefined,
        batchInputs: 'data: { path: azureml:patients:3 }',
        batchOutputs: undefined,
        waitForCompletion: true,
        timeoutMinutes: 0,
        onTimeout: 'cancelJob',
        onCancel: 'cancelJob',
        streamLogs: false,
        downloadOutputs: [],
        downloadFolder: `${SOURCES}/aml-outputs`,
        allowPathsOutsideSources: false,
        requestFile: undefined,
        request: undefined,
        assertions: undefined,
        ...changes,
      },
      (outputs) => {
        published = { ...published, ...outputs };
      },
    );

  it('waits for the job’s true end, and finds the predictions where the step has written them', async () => {
    const outputs = await run({ downloadOutputs: ['score'] });
    assert.deepEqual(outputs, {
      jobName: 'batchjob-1',
      jobStatus: 'Completed',
      jobUrl: 'https://ml.azure.com/runs/batchjob-1',
      outputs: '{"score":"azureml://jobs/batchjob-1/outputs/score"}',
    });
    assert.deepEqual([...workspace.downloads], [[`${SOURCES}/aml-outputs/score/predictions.csv`, 'a.csv 1']]);
    assert.equal(agent.variables.get('done'), 'true');
    assert.match(agent.log.text, /Started the job batchjob-1 of the deployment blue/);
  });

  it('finds outputs where the invocation has put them', async () => {
    workspace.blobs.set('wanted/predictions.csv', 'a.csv 1');
    const batchOutputs = 'score: { path: azureml://datastores/workspaceblobstore/paths/wanted }';
    const outputs = await run({ batchOutputs, downloadOutputs: ['score'] });
    assert.equal(outputs.outputs, '{"score":"azureml://datastores/workspaceblobstore/paths/wanted"}');
    assert.equal(workspace.downloads.size, 1);
  });

  it('finds the outputs of a pipeline component by what the component says', async () => {
    const componentId = { assetId: '/subscriptions/s/x/components/flow/versions/2' };
    const jobs = { copy: { outputs: { copied: '${{parent.outputs.result}}' } } };
    workspace.seed('components/flow/versions/2', { properties: { componentSpec: { outputs: { result: {} }, jobs } } });
    workspace.seed('batchEndpoints/nightly/deployments/blue', {
      properties: { deploymentConfiguration: { componentId } },
    });
    const answer = workspace.scorer;
    workspace.scorer = (request) => {
      const reply = answer(request);
      workspace.children.set('batchjob-1', [stepRun('step-7', { displayName: 'copy' })]);
      workspace.blobs.set('azureml/step-7/copied/all.txt', '1');
      agent.files.content.set(`${SOURCES}/aml-outputs/result/all.txt`, '1');
      return reply;
    };
    await run({ downloadOutputs: ['result'] });
    assert.deepEqual([...workspace.downloads.keys()], [`${SOURCES}/aml-outputs/result/all.txt`]);
    await assert.rejects(run({ downloadOutputs: ['score'] }), /has no output 'score'. Its outputs are: result/);
  });

  it('leaves the job alone when it is not to be waited for', async () => {
    const outputs = await run({ waitForCompletion: false });
    assert.deepEqual([outputs.jobStatus, outputs.outputs], ['NotStarted', undefined]);
    assert.equal(agent.variables.get('done'), 'true');
  });

  it('fails with the job', async () => {
    states = ['Failed'];
    workspace.runErrors.set('batchjob-1', { code: 'UserError', message: 'run() raised ValueError' });
    await assert.rejects(run(), (error) => error instanceof ServiceError && error.message.includes('ValueError'));
    assert.equal(published.jobStatus, 'Failed');
  });

  it('cancels the job with the step, and after the time-out', async () => {
    states = ['Running'];
    await assert.rejects(run({ timeoutMinutes: 10 }), TimedOutError);
    assert.equal(textAt(workspace.resources.get('jobs/batchjob-1'), 'properties', 'status'), 'Canceled');
    states = ['Running'];
    agent.clock.onTick = () => {
      agent.cancel();
    };
    await assert.rejects(run(), CancelledError);
    assert.equal(textAt(workspace.resources.get('jobs/batchjob-1'), 'properties', 'status'), 'Canceled');
  });

  it('refuses what belongs to online endpoints', async () => {
    const request = { requestFile: 'x', request: 'y', assertions: 'z', timeoutMinutes: -1 };
    await assert.rejects(run(request), (error) => error instanceof UserError && error.problems.length === 4);
    assert.deepEqual(workspace.calls, []);
  });
});
