import assert from 'node:assert/strict';
import { textAt, type Json } from '../../../tasks/common/domain/json.ts';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import {
  invokeBatchEndpoint,
  type BatchInvocation,
  type StartedBatchJob,
} from '../../../tasks/common/operations/invoke-batch-endpoint.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const SCORING_URI = 'https://nightly.westeurope.inference.ml.azure.com/jobs';

describe('invoking a batch endpoint', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let started: number;

  beforeEach(() => {
    agent = new FakeAgent({ 'new/a.csv': '1,2', 'new/b.csv': '3,4' });
    workspace = new FakeWorkspace();
    started = 0;
    const defaults = { deploymentName: 'blue' };
    workspace.seed('batchEndpoints/nightly', { properties: { scoringUri: SCORING_URI, defaults } });
    workspace.seed('batchEndpoints/nightly/deployments/green', {});
    workspace.scorer = (request) => {
      const name = `batchjob-${++started}`;
      const tags = textAt(sentOf(request.body), 'properties', 'tags', 'azdo.submission') ?? '';
      workspace.seedJob(name, 'Running', { tags: { 'azdo.submission': tags } });
      return { status: 201, headers: { 'azureml-model-deployment': 'blue' }, body: JSON.stringify({ name }) };
    };
  });

  function sentOf(body: string | Uint8Array | undefined): Json {
    return JSON.parse(typeof body === 'string' ? body : '{}') as Json;
  }

  const invoke = (
    changes: Partial<Omit<BatchInvocation, 'inputs' | 'outputs'>> & { inputs?: string; outputs?: string } = {},
  ): Promise<StartedBatchJob> =>
    invokeBatchEndpoint(
      { agent, workspace },
      {
        endpointName: 'nightly',
        deploymentName: undefined,
        allowPathsOutsideSources: false,
        cancelsWithStep: true,
        ...changes,
        inputs: { name: "input 'batchInputs'", text: changes.inputs ?? 'data: { path: azureml:patients:3 }' },
        outputs: { name: "input 'batchOutputs'", text: changes.outputs ?? '' },
      },
    );

  it('posts the inputs in the words of the endpoint, with a token of the connection', async () => {
    const inputs =
      'data: { path: azureml:patients:3 }\nthreshold: 0.5\nfile: { type: uri_file, path: https://x/y.csv }';
    const outputs = 'scores: { type: uri_file, path: azureml://datastores/d/paths/scores.csv }';
    const job = await invoke({ inputs, outputs, deploymentName: 'green' });
    assert.deepEqual(job, {
      name: 'batchjob-1',
      deployment: 'blue',
      how: 'submitted',
      outputs: { scores: 'azureml://datastores/d/paths/scores.csv' },
    });
    const [request] = workspace.scored;
    assert.deepEqual(
      [request?.scoringUri, request?.deployment, request?.authorization],
      [SCORING_URI, 'green', { kind: 'entra' }],
    );
    assert.match(request?.headers?.['repeatability_request-id'] ?? '', /^[0-9a-f-]{36}$/);
    const { inputData, outputData } = (sentOf(request?.body) as { properties: Record<string, Json> }).properties;
    const asset = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws';
    assert.deepEqual(inputData, {
      data: { jobInputType: 'UriFolder', uri: `${asset}/data/patients/versions/3` },
      threshold: { jobInputType: 'Literal', value: '0.5' },
      file: { jobInputType: 'UriFile', uri: 'https://x/y.csv' },
    });
    assert.deepEqual(outputData, {
      scores: { jobOutputType: 'UriFile', uri: 'azureml://datastores/d/paths/scores.csv' },
    });
  });

  it('uploads files of the agent first', async () => {
    await invoke({ inputs: 'data: { path: new }' });
    assert.deepEqual(workspace.uploads[0]?.files.map(({ name }) => name).sort(), ['a.csv', 'b.csv']);
    const uri = textAt(sentOf(workspace.scored[0]?.body), 'properties', 'inputData', 'data', 'uri') ?? '';
    assert.match(uri, /^azureml:\/\/datastores\/workspaceblobstore\/paths\/LocalUpload\/[0-9a-f]+\/new\/$/);
  });

  it('notes the job for the post-job step only when the step owns it', async () => {
    await invoke({ cancelsWithStep: false });
    assert.equal(agent.variables.size, 0);
    await invoke({ inputs: 'n: 1' });
    assert.equal(agent.variables.get('jobName'), 'batchjob-2');
  });

  it('finds the job of an earlier attempt, and starts a new one where that failed or the data is another', async () => {
    await invoke();
    assert.deepEqual(await invoke(), { name: 'batchjob-1', deployment: undefined, how: 'attached', outputs: {} });
    assert.equal((await invoke({ inputs: 'data: { path: azureml:patients:4 }' })).name, 'batchjob-2');
    const job = workspace.resources.get('jobs/batchjob-1') as { properties: Record<string, Json> };
    workspace.seed('jobs/batchjob-1', { properties: { ...job.properties, status: 'Failed' } });
    assert.equal((await invoke()).name, 'batchjob-3');
  });

  it('asks again after a lost answer, under the same id so that there is one job', async () => {
    const answer = workspace.scorer;
    let asked = 0;
    workspace.fault = (method) => {
      if (method === 'SCORE' && ++asked === 1) throw serviceError(0, 'ConnectionReset');
    };
    workspace.scorer = (request) => (workspace.scored.length === 1 ? { status: 503, body: '' } : answer(request));
    assert.equal((await invoke()).name, 'batchjob-1');
    const ids = workspace.scored.map(({ headers }) => headers?.['repeatability_request-id']);
    assert.equal(asked, 3);
    assert.equal(new Set(ids).size, 1);
  });

  it('says what the endpoint refuses, and who may invoke it', async () => {
    workspace.scorer = () => ({ status: 403, body: '{"error":{"code":"Forbidden","message":"No permission."}}' });
    await assert.rejects(invoke(), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.message, 'The batch endpoint nightly did not start a job (403): No permission.');
      assert.match(error.hint ?? '', /AzureML Data Scientist/);
      return error.code === 'Forbidden';
    });
  });

  it('refuses what cannot be meant before anything is uploaded or started', async () => {
    workspace.seed('batchEndpoints/empty', { properties: { scoringUri: SCORING_URI } });
    const refusals: readonly (readonly [Parameters<typeof invoke>[0], RegExp])[] = [
      [{ endpointName: 'none' }, /no batch endpoint 'none'/],
      [{ deploymentName: 'red' }, /no deployment 'red'/],
      [{ endpointName: 'empty' }, /no default deployment/],
      [{ inputs: '- 1' }, /must be a mapping of names to inputs/],
      [{ inputs: 'data: { path: azureml:patients }' }, /has no version/],
      [{ inputs: 'data: { path: missing }' }, /does not exist/],
      [{ inputs: 'data: ${{parent.inputs.x}}' }, /refers to a pipeline/],
      [{ outputs: 'scores: { type: uri_file }' }, /has no 'path'/],
    ];
    for (const [request, message] of refusals) {
      await assert.rejects(
        invoke({ inputs: 'data: { path: new }', ...request }),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
    }
    assert.deepEqual([workspace.scored, workspace.uploads], [[], []]);
  });
});
