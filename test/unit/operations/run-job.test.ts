import assert from 'node:assert/strict';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import { cancelJob, cancelOwnedJob, disownJob, ownedJob, ownJob } from '../../../tasks/common/operations/cancel-job.ts';
import { runJob, type RunJobOutputs, type RunJobRequest } from '../../../tasks/common/operations/run-job.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace, run, serviceError } from '../fakes/fake-workspace.ts';

const STEP = '{ type: command, command: python x.py, environment: azureml:env:1 }';
const FILES = {
  'job.yml': `type: command\ncommand: python x.py\nenvironment: azureml:env:1\ncompute: azureml:cpu\noutputs:\n  model: { type: custom_model }\n`,
  'pipeline.yml': `type: pipeline\nsettings: { default_compute: azureml:cpu }\njobs:\n  prepare: ${STEP}\n  train: ${STEP}\n`,
};

describe('running a job', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let published: Partial<RunJobOutputs>;

  beforeEach(() => {
    agent = new FakeAgent(FILES);
    workspace = new FakeWorkspace();
    workspace.seed('computes/cpu', {});
    published = {};
  });

  const runIt = (request: Partial<RunJobRequest> = {}): Promise<RunJobOutputs> =>
    runJob(
      { agent, workspace },
      {
        jobSource: 'file',
        jobFile: `${SOURCES}/job.yml`,
        overrides: [],
        name: 'j',
        experimentName: undefined,
        waitForCompletion: true,
        timeoutMinutes: 0,
        onTimeout: 'cancelJob',
        onCancel: 'cancelJob',
        streamLogs: true,
        downloadOutputs: [],
        downloadFolder: `${SOURCES}/out`,
        allowPathsOutsideSources: false,
        ...request,
      },
      (outputs) => {
        published = { ...published, ...outputs };
      },
    );

  it('gives name, state, address, metrics and outputs of a completed job', async () => {
    workspace.states.set('j', ['Running', 'Completed']);
    workspace.metrics.set('j', { auc: 0.9, loss: NaN });
    // The first read looks for an earlier attempt.
    assert.deepEqual(await runIt(), {
      jobName: 'j',
      jobStatus: 'Completed',
      jobUrl: 'https://ml.azure.com/runs/j',
      metrics: '{"auc":0.9,"loss":"NaN"}',
      outputs: '{"model":"azureml://jobs/j/outputs/model"}',
    });
    assert.equal(ownedJob(agent.memory), undefined);
    assert.match(agent.summaries.join(''), /### Job \[j\]\(https:\/\/ml\.azure\.com\/runs\/j\): Completed after/);
  });

  it('runs what is behind a batch endpoint like any other job', async () => {
    const scoringUri = 'https://nightly.westeurope.inference.ml.azure.com/jobs';
    workspace.seed('batchEndpoints/nightly', { properties: { scoringUri, defaults: { deploymentName: 'green' } } });
    workspace.scorer = () => {
      workspace.seedJob('batchjob-1', 'Running');
      workspace.states.set('batchjob-1', ['Running', 'Completed']);
      return { status: 201, body: '{"name":"batchjob-1"}' };
    };
    const batch = {
      jobSource: 'batchEndpoint',
      jobFile: undefined,
      endpointName: 'nightly',
      jobInputs: 'epochs: 3',
    } as const;
    const outputs = await runIt(batch);
    assert.deepEqual([outputs.jobName, outputs.jobStatus], ['batchjob-1', 'Completed']);
    assert.match(String(workspace.scored[0]?.body), /"epochs":\{"jobInputType":"Literal","value":"3"\}/);
    assert.equal(ownedJob(agent.memory), undefined);
    await assert.rejects(runIt({ ...batch, overrides: ['a=1'] }), /'overrides' changes a job's definition/);
    await assert.rejects(runIt({ ...batch, endpointName: undefined }), /'endpointName' is required/);
  });

  it('gives the metrics of a sweep’s best trial, and shows its trials', async () => {
    agent.files.content.set(
      `${SOURCES}/sweep.yml`,
      `type: sweep\ncompute: azureml:cpu\ntrial: { command: 'python x.py \${{search_space.lr}}', environment: 'azureml:env:1' }\nsampling_algorithm: random\nsearch_space: { lr: { type: uniform, min_value: 0, max_value: 1 } }\nobjective: { goal: maximize, primary_metric: auc }\nlimits: { max_total_trials: 2 }\n`,
    );
    workspace.states.set('j', ['Running', 'Completed']);
    workspace.children.set('j', [run('j_0', { status: 'Failed' }), run('j_1')]);
    workspace.metrics.set('j_1', { auc: 0.9 });
    workspace.fault = (method, path) => {
      if (method !== 'GET' || path !== 'runs/j/children') return;
      const job = workspace.resources.get('jobs/j');
      const properties = { ...(job?.properties as object), properties: { best_child_run_id: 'j_1' } };
      workspace.resources.set('jobs/j', { ...job, properties });
    };
    const outputs = await runIt({ jobFile: `${SOURCES}/sweep.yml` });
    assert.equal(outputs.metrics, '{"auc":0.9}');
    assert.match(agent.log.text, /j_0: Failed/);
    assert.match(agent.summaries.join(), /\| j_1 \| {2}\| Completed/);
  });

  it('puts the steps of a pipeline, their states and metrics in the summary', async () => {
    workspace.states.set('j', ['Completed']);
    workspace.children.set('j', [run('c2', { displayName: 'train' }), run('c1', { displayName: 'prepare' })]);
    workspace.metrics.set('c2', { auc: 0.9 });
    const outputs = await runIt({ jobFile: `${SOURCES}/pipeline.yml` });
    assert.equal(outputs.metrics, '{"train.auc":0.9}');
    assert.match(agent.summaries.join(''), /\| prepare \|.*\| Completed \| 1 min 5 s \|\n\| train \|/);
  });

  it('fails on Canceled', async () => {
    workspace.states.set('j', ['Running', 'Canceled']);
    await assert.rejects(runIt(), (error) => error instanceof ServiceError && error.code === 'JobCanceled');
    assert.equal(published.jobStatus, 'Canceled');
    assert.equal(ownedJob(agent.memory), undefined);
  });

  it('fails with the error and the last log lines of the step that failed, and says what kind it is', async () => {
    workspace.states.set('j', ['Running', 'Failed']);
    workspace.children.set('j', [
      run('c1', { displayName: 'prepare' }),
      run('c2', { displayName: 'train', status: 'Failed' }),
    ]);
    workspace.runErrors.set('j', { code: 'UserError', message: 'A step failed.' });
    workspace.runErrors.set('c2', { code: 'UserError', message: "User process 'python' exited with status code 1." });
    workspace.logFiles.set('c2', { 'user_logs/std_log.txt': 'https://log' });
    workspace.logs.set('https://log', new TextEncoder().encode('epoch 1\nZeroDivisionError: division by zero\n'));
    await assert.rejects(runIt({ jobFile: `${SOURCES}/pipeline.yml`, streamLogs: false }), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.match(error.message, /The job j failed in its step 'train', because of an error of its own code/);
      assert.match(error.message, /exited with status code 1/);
      assert.match(error.message, /Last lines of its log:\n {2}epoch 1\n {2}ZeroDivisionError/);
      return true;
    });
    assert.deepEqual([published.jobName, published.jobStatus, published.failureKind], ['j', 'Failed', 'userCode']);
    assert.doesNotMatch(agent.log.text, /epoch 1/, 'logs are not streamed unless asked for');
  });

  it('fails all the same when nothing can be said about why', async () => {
    workspace.states.set('j', ['Failed']);
    workspace.fault = (_, path) => {
      if (path.startsWith('runs/')) throw serviceError(0);
    };
    await assert.rejects(runIt(), /The job j failed, because of a reason the service does not name/);
    assert.equal(published.failureKind, 'unknown');
  });

  it('tells the name as soon as the job is submitted, whatever happens then', async () => {
    workspace.fault = (method, path) => {
      if (method === 'GET' && path === 'jobs/j' && workspace.resources.has('jobs/j')) throw serviceError(403);
    };
    await assert.rejects(runIt(), ServiceError);
    assert.deepEqual([published.jobName, published.jobUrl], ['j', 'https://ml.azure.com/runs/j']);
  });

  it('only submits where that is asked for, and leaves the job alone then', async () => {
    const outputs = await runIt({ waitForCompletion: false });
    assert.equal(outputs.jobStatus, 'NotStarted');
    await cancelOwnedJob({ agent, workspace });
    assert.deepEqual(workspace.writes('POST'), []);
  });

  it('owns the job also while it only submits, in case it is killed in between', async () => {
    let owned: string | undefined;
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path === 'jobs/j') owned = ownedJob(agent.memory);
    };
    await runIt({ waitForCompletion: false });
    assert.deepEqual([owned, ownedJob(agent.memory)], ['j', undefined]);
  });

  it('downloads the outputs that are asked for from where the job wrote them', async () => {
    workspace.states.set('j', ['Completed']);
    workspace.blobs.set('azureml/j/model/model.json', '{"w":1}');
    agent.files.content.set(`${SOURCES}/out/model/model.json`, '{"w":1}');
    await runIt({ downloadOutputs: ['model'] });
    assert.deepEqual([...workspace.downloads.keys()], [`${SOURCES}/out/model/model.json`]);
  });

  it('refuses to download what the job does not have, by name', async () => {
    workspace.states.set('j', ['Completed']);
    await assert.rejects(runIt({ downloadOutputs: ['modle'] }), (error) => {
      return error instanceof UserError && error.message.includes("no output 'modle'. Its outputs are: model");
    });
  });

  it('survives metrics that are out of reach', async () => {
    workspace.states.set('j', ['Completed']);
    workspace.fault = (_, path) => {
      if (path.startsWith('tracking/')) throw serviceError(0);
    };
    assert.equal((await runIt()).metrics, '{}');
    assert.match(agent.log.warnings.join(), /metrics of the job j cannot be read/);
  });

  it('refuses a negative time-out before anything is sent', async () => {
    await assert.rejects(runIt({ timeoutMinutes: -1 }), UserError);
    assert.deepEqual(workspace.calls, []);
  });
});

describe('the job of a step that is tried again', () => {
  it('is owned anew, although the attempt before was done with its own', () => {
    const { memory } = new FakeAgent();
    ownJob(memory, 'j');
    disownJob(memory);
    assert.equal(ownedJob(memory), undefined);
    ownJob(memory, 'j-2');
    assert.equal(ownedJob(memory), 'j-2');
  });
});

describe('cancelling a job', () => {
  it('says when nobody knows whether it was taken', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    workspace.seedJob('j', 'Running');
    assert.equal(await cancelJob({ agent, workspace }, 'j', AbortSignal.abort()), 'unanswered');
    assert.equal(await cancelJob({ agent, workspace }, 'j'), 'accepted');
  });

  it('does not wait for the end of what the service has accepted', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    const limit = new AbortController();
    workspace.post = (_path, _body, options) => {
      options?.onProgress?.('InProgress', 1000);
      limit.abort();
      return Promise.reject(new Error('aborted'));
    };
    assert.equal(await cancelJob({ agent, workspace }, 'j', limit.signal), 'accepted');
  });
});

describe('the post-job step of a job', () => {
  it('cancels what was left behind, once', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    workspace.seedJob('j', 'Running');
    ownJob(agent.memory, 'j');
    await cancelOwnedJob({ agent, workspace });
    await cancelOwnedJob({ agent, workspace });
    assert.deepEqual(
      workspace.writes('POST').map(({ path }) => path),
      ['jobs/j/cancel'],
    );
  });

  it('is content with a job that has ended or never came to be', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    ownJob(agent.memory, 'j');
    await cancelOwnedJob({ agent, workspace });
    assert.equal(ownedJob(agent.memory), undefined);
  });

  it('fails when the job goes on and cannot be cancelled', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    workspace.seedJob('j', 'Running');
    ownJob(agent.memory, 'j');
    workspace.fault = (method) => {
      if (method === 'POST') throw serviceError(403);
    };
    await assert.rejects(cancelOwnedJob({ agent, workspace }), ServiceError);
  });

  it('is content with a job that somebody else is cancelling', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    workspace.seedJob('j', 'CancelRequested');
    ownJob(agent.memory, 'j');
    workspace.fault = (method) => {
      if (method === 'POST') throw serviceError(400);
    };
    await cancelOwnedJob({ agent, workspace });
    assert.equal(ownedJob(agent.memory), undefined);
  });

  it('does nothing where the step started nothing', async () => {
    const [agent, workspace] = [new FakeAgent(), new FakeWorkspace()];
    await cancelOwnedJob({ agent, workspace });
    assert.deepEqual(workspace.calls, []);
  });
});
