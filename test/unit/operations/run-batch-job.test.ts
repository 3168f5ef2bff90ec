import assert from 'node:assert/strict';
import { textAt } from '../../../tasks/common/domain/json.ts';
import { CancelledError, ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import {
  runBatchJob,
  type RunBatchOutputs,
  type RunBatchRequest,
} from '../../../tasks/common/operations/run-batch-job.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';

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
      const outputs = { score: { uri: 'azureml://datastores/workspaceblobstore/paths/scores' }, default: {} };
      workspace.seedJob('batchjob-1', 'NotStarted', { services, outputs });
      workspace.states.set('batchjob-1', states);
      workspace.blobs.set('scores/predictions.csv', 'a.csv 1');
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

  it('waits for the job’s true end, and hands its outputs on', async () => {
    const outputs = await run({ downloadOutputs: ['score'] });
    assert.deepEqual(outputs, {
      jobName: 'batchjob-1',
      jobStatus: 'Completed',
      jobUrl: 'https://ml.azure.com/runs/batchjob-1',
      outputs: '{"score":"azureml://datastores/workspaceblobstore/paths/scores"}',
    });
    assert.deepEqual([...workspace.downloads], [[`${SOURCES}/aml-outputs/score/predictions.csv`, 'a.csv 1']]);
    assert.equal(agent.variables.get('done'), 'true');
    assert.match(agent.log.text, /Started the job batchjob-1 of the deployment blue/);
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
