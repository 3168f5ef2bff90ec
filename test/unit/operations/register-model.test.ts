import assert from 'node:assert/strict';
import { textAt, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import {
  registerModel,
  type RegisterOutputs,
  type RegisterRequest,
} from '../../../tasks/common/operations/register-model.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace, run, serviceError } from '../fakes/fake-workspace.ts';

describe('registering a model', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;

  beforeEach(() => {
    agent = new FakeAgent({ 'model/model.json': '{}' });
    workspace = new FakeWorkspace();
    workspace.seedJob('j', 'Completed', {
      jobType: 'Pipeline',
      inputs: { raw: { uri: 'azureml:/subscriptions/s/data/raw/versions/4' }, epochs: { value: '3' } },
      outputs: { model: { jobOutputType: 'mlflow_model' }, report: { jobOutputType: 'uri_folder' } },
      jobs: { train: { outputs: { model: { type: 'mlflow_model' } } } },
    });
    workspace.children.set('j', [run('child-1', { displayName: 'train' })]);
    workspace.metrics.set('child-1', { auc: 0.9 });
  });

  const register = (request: Partial<RegisterRequest> = {}): Promise<RegisterOutputs> =>
    registerModel(
      { agent, workspace },
      {
        modelName: 'churn',
        modelVersion: undefined,
        modelType: 'auto',
        source: 'jobOutput',
        jobName: 'j',
        jobStep: undefined,
        outputName: 'model',
        outputPath: undefined,
        path: undefined,
        uri: undefined,
        description: undefined,
        tags: [],
        stage: undefined,
        metricsStep: undefined,
        evaluation: undefined,
        allowPathsOutsideSources: false,
        ...request,
      },
    );
  const registered = (): readonly string[] =>
    workspace.writes().flatMap(({ path }) => (path.startsWith('models/') ? [path] : []));
  const body = (): JsonObject => (workspace.writes().at(-1)?.body?.properties ?? {}) as JsonObject;
  const fact = (name: string): string | undefined => textAt(body(), 'properties', name);

  it('registers the output of that very job, with the type it has', async () => {
    const outputs = await register();
    assert.deepEqual([outputs.modelName, outputs.modelVersion], ['churn', '1']);
    assert.match(outputs.modelId, /\/models\/churn\/versions\/1$/);
    assert.equal(body().modelUri, 'azureml://jobs/j/outputs/model');
    assert.equal(body().modelType, 'mlflow_model');
    assert.equal(body().jobName, 'j');
  });

  it('writes build, commit, job, data and metrics with the model', async () => {
    await register({ evaluation: '{"outcome":"promote"}', tags: ['team=risk'], metricsStep: 'train' });
    assert.equal(fact('azdo.buildId'), '4711');
    assert.equal(fact('azdo.sourceVersion'), 'abc123');
    assert.equal(fact('azdo.jobName'), 'j');
    assert.equal(fact('azdo.metricsStep'), 'train');
    assert.equal(fact('azdo.input.raw'), 'azureml:/subscriptions/s/data/raw/versions/4');
    assert.deepEqual(body().tags, { 'metric.auc': '0.9', 'azdo.evaluation': 'promote', team: 'risk' });
  });

  it('gives the same version for the same output', async () => {
    const first = await register();
    const second = await register();
    assert.deepEqual(second, first);
    assert.equal(registered().length, 1);
  });

  it('finds an older version of the same output behind newer ones', async () => {
    await register();
    await register({ outputName: 'report' });
    assert.equal((await register()).modelVersion, '1');
    assert.equal(registered().length, 2);
  });

  it('gives another output another version', async () => {
    await register();
    assert.equal((await register({ outputPath: 'best' })).modelVersion, '2');
    assert.equal(body().modelUri, 'azureml://jobs/j/outputs/model/paths/best');
  });

  it('takes the next version when another run is faster', async () => {
    workspace.seed('models/churn/versions/1', { properties: { properties: {}, tags: {} } });
    let races = 1;
    workspace.fault = (method, path) => {
      if (method !== 'PUT' || races-- <= 0) return;
      workspace.seed(path, { properties: { properties: {}, tags: {} } });
      throw serviceError(409);
    };
    assert.equal((await register()).modelVersion, '3');
  });

  it('never overwrites a version that holds another model', async () => {
    workspace.seed('models/churn/versions/5', { properties: { properties: {}, tags: {} } });
    await assert.rejects(register({ modelVersion: '5' }), /churn:5 exists already .* give another modelVersion/);
    assert.deepEqual(registered(), []);
    const outputs = await register({ modelVersion: '6' });
    assert.equal(outputs.modelVersion, '6');
    assert.deepEqual(await register({ modelVersion: '6' }), outputs);
  });

  it('names the output of a step by the step’s own run', async () => {
    await register({ jobStep: 'train' });
    assert.equal(body().modelUri, 'azureml://jobs/child-1/outputs/model');
  });

  it('uploads a folder, and the same folder once', async () => {
    const request = { source: 'path', path: `${SOURCES}/model`, jobName: undefined, outputName: undefined } as const;
    const first = await register(request);
    assert.match(textAt(body(), 'modelUri') ?? '', /\/paths\/LocalUpload\/[0-9a-f]{64}\/model\/?$/);
    assert.equal(body().modelType, 'custom_model');
    assert.deepEqual(await register(request), first);
    assert.equal(workspace.uploads.length, 1);
  });

  it('takes a URI as it is', async () => {
    await register({
      source: 'uri',
      uri: 'azureml://datastores/d/paths/m/',
      modelType: 'triton_model',
      jobName: undefined,
    });
    assert.match(textAt(body(), 'modelUri') ?? '', /datastores\/d\/paths\/m/);
    assert.equal(body().modelType, 'triton_model');
  });

  it('refuses what cannot be registered, before anything is changed', async () => {
    workspace.seedJob('failed', 'Failed');
    const refusals: readonly (readonly [Partial<RegisterRequest>, RegExp])[] = [
      [{ jobName: 'failed' }, /has not completed \(it is Failed\)/],
      [{ jobName: 'none' }, /no job 'none'/],
      [{ jobName: undefined }, /'jobName' is required with source: jobOutput/],
      [{ outputName: 'modle' }, /no output 'modle'\. Its outputs: model, report/],
      [{ jobStep: 'eval' }, /no step 'eval'/],
      [{ modelName: 'a/b' }, /not a name for a model/],
      [{ tags: ['nothing'] }, /'nothing' must have the form name=value/],
      [{ source: 'path', path: undefined }, /'path' is required/],
      [{ source: 'path', path: '/etc' }, /outside of the sources|does not exist/],
      [{ source: 'uri', uri: 'ftp://x' }, /must start with/],
      [{ evaluation: '$(gate.decision)' }, /'evaluation' must be the output 'decision'/],
    ];
    for (const [request, message] of refusals) {
      await assert.rejects(
        register(request),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
    }
    assert.deepEqual(workspace.writes(), []);
    assert.deepEqual(workspace.uploads, []);
  });
});
