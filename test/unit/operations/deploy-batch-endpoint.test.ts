import assert from 'node:assert/strict';
import { defaultDeployment } from '../../../tasks/common/domain/batch-endpoint.ts';
import { isJsonObject, textAt, type Json, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import {
  deployBatchEndpoint,
  type DeployBatchOutputs,
  type DeployBatchRequest,
} from '../../../tasks/common/operations/deploy-batch-endpoint.ts';
import type { Resource, WriteOptions } from '../../../tasks/common/ports.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const FILES = {
  'endpoint.yml': 'name: nightly\nauth_mode: aad_token\ndefaults: { deployment_name: blue }\n',
  'deployment.yml': [
    'name: blue',
    'endpoint_name: nightly',
    'model: azureml:churn:1',
    'compute: azureml:cpu-cluster',
    'code_configuration: { code: scoring, scoring_script: score.py }',
    'environment: azureml:env:1',
  ].join('\n'),
  'scoring/score.py': 'def run(batch): return batch',
};

/** Gives batch endpoints the address the service gives them. */
class BatchWorkspace extends FakeWorkspace {
  override async put(path: string, body: JsonObject, options: WriteOptions = {}): Promise<Resource> {
    const resource = await super.put(path, body, options);
    if (!/^batchEndpoints\/[^/]+$/.test(path)) return resource;
    const properties = isJsonObject(resource.properties) ? resource.properties : {};
    const scoringUri = 'https://nightly.westeurope.inference.ml.azure.com/jobs';
    return this.seed(path, { ...resource, properties: { ...properties, scoringUri } });
  }
}

describe('deploying to a batch endpoint', () => {
  let agent: FakeAgent;
  let workspace: BatchWorkspace;
  let published: Partial<DeployBatchOutputs>;
  /** What a started test job ends as. */
  let testStates: string[];

  beforeEach(() => {
    agent = new FakeAgent(FILES);
    workspace = new BatchWorkspace();
    published = {};
    testStates = ['Running', 'Completed'];
    workspace.seed('', { location: 'westeurope', properties: { publicNetworkAccess: 'Disabled' } });
    workspace.seed('computes/cpu-cluster', {});
    let jobs = 0;
    workspace.scorer = (request) => {
      const name = `batchjob-${++jobs}`;
      const tags = at(request.body, 'tags');
      workspace.seedJob(name, 'Running', { tags });
      workspace.states.set(name, [...testStates]);
      return { status: 201, body: JSON.stringify({ name }) };
    };
  });

  function at(body: string | Uint8Array, key: string): JsonObject {
    const sent = JSON.parse(String(body)) as { properties: Readonly<Record<string, Json>> };
    const value = sent.properties[key];
    return isJsonObject(value) ? value : {};
  }

  const deploy = (changes: Partial<DeployBatchRequest> = {}): Promise<DeployBatchOutputs> =>
    deployBatchEndpoint(
      { agent, workspace },
      {
        endpointFile: `${SOURCES}/endpoint.yml`,
        deploymentFile: `${SOURCES}/deployment.yml`,
        endpointName: undefined,
        endpointOverrides: [],
        deploymentOverrides: [],
        model: undefined,
        network: 'private',
        testInputs: undefined,
        makeDefault: true,
        keepOldDeployment: true,
        timeoutMinutes: 120,
        allowPathsOutsideSources: false,
        ...changes,
      },
      (outputs) => {
        published = { ...published, ...outputs };
      },
    );

  const currentDefault = (): string | undefined => defaultDeployment(workspace.resources.get('batchEndpoints/nightly'));
  const writes = (): readonly string[] =>
    workspace.writes().flatMap(({ path }) => (path.startsWith('batchEndpoints/') ? [path] : []));

  it('creates the endpoint, then the deployment, and makes it the default last', async () => {
    const outputs = await deploy();
    assert.deepEqual(outputs, {
      endpointName: 'nightly',
      deploymentName: 'blue',
      scoringUri: 'https://nightly.westeurope.inference.ml.azure.com/jobs',
      previousDeployment: undefined,
      defaultDeployment: 'blue',
      testJobName: undefined,
    });
    assert.deepEqual(writes(), [
      'batchEndpoints/nightly',
      'batchEndpoints/nightly/deployments/blue',
      'batchEndpoints/nightly',
    ]);
    const [first] = workspace.writes().filter(({ path }) => path === 'batchEndpoints/nightly');
    assert.equal(textAt(first?.body, 'properties', 'defaults', 'deploymentName'), undefined);
    assert.match(agent.summaries.join(), /Deployment to nightly: done/);
  });

  it('changes nothing when the default already is exactly this', async () => {
    await deploy();
    const before = workspace.writes().length;
    const outputs = await deploy();
    assert.equal(outputs.deploymentName, 'blue');
    assert.deepEqual(
      workspace
        .writes()
        .slice(before)
        .filter(({ path }) => path.startsWith('batchEndpoints/')),
      [],
    );
  });

  it('deploys another model under the other colour, beside the default', async () => {
    await deploy();
    const outputs = await deploy({ model: 'churn:2' });
    assert.deepEqual(
      [outputs.deploymentName, outputs.previousDeployment, currentDefault()],
      ['green', 'blue', 'green'],
    );
    assert.ok(workspace.resources.has('batchEndpoints/nightly/deployments/blue'));
  });

  it('deletes the old deployment once the new one is the default, where that is wanted', async () => {
    await deploy();
    await deploy({ model: 'churn:2', keepOldDeployment: false });
    assert.equal(workspace.resources.has('batchEndpoints/nightly/deployments/blue'), false);
    assert.equal(currentDefault(), 'green');
  });

  it('leaves the default alone when it is told to', async () => {
    await deploy();
    const outputs = await deploy({ model: 'churn:2', makeDefault: false });
    assert.deepEqual([outputs.deploymentName, outputs.defaultDeployment, currentDefault()], ['green', 'blue', 'blue']);
    const before = writes().length;
    await deploy({ model: 'churn:2', makeDefault: false });
    assert.equal(writes().length, before, 'the second run finds what the first has made');
  });

  it('has the new deployment alone run the test inputs first', async () => {
    await deploy();
    const outputs = await deploy({ model: 'churn:2', testInputs: 'data: { path: azureml:rows:1 }' });
    assert.equal(outputs.testJobName, 'batchjob-1');
    assert.equal(workspace.scored[0]?.deployment, 'green');
    assert.equal(currentDefault(), 'green');
    assert.equal(agent.variables.get('done'), 'true');
  });

  it('keeps the default when the test fails', async () => {
    await deploy();
    testStates = ['Running', 'Failed'];
    workspace.runErrors.set('batchjob-1', { code: 'UserError', message: 'KeyError: age' });
    await assert.rejects(deploy({ model: 'churn:2', testInputs: 'data: { path: azureml:rows:1 }' }), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.match(error.message, /green did not pass its test, and the default stays blue: .*KeyError: age/s);
      return error.code === 'TestBatchFailed';
    });
    assert.deepEqual([currentDefault(), published.testJobName], ['blue', 'batchjob-1']);
    assert.match(agent.summaries.join(), /Deployment to nightly: failed/);
  });

  it('cancels a test that takes longer than the time limit, and keeps the default', async () => {
    await deploy();
    testStates = ['Running'];
    const late = deploy({ model: 'churn:2', testInputs: 'data: { path: azureml:rows:1 }', timeoutMinutes: 10 });
    await assert.rejects(late, TimedOutError);
    assert.equal(textAt(workspace.resources.get('jobs/batchjob-1'), 'properties', 'status'), 'Canceled');
    assert.equal(currentDefault(), 'blue');
  });

  it('keeps the default when the deployment cannot be created, and replaces a failed one of an earlier run', async () => {
    await deploy();
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path.endsWith('/deployments/green')) throw serviceError(400, 'BadRequest', 'No quota.');
    };
    await assert.rejects(deploy({ model: 'churn:2' }), /deployment green failed: No quota\. The default stays/);
    assert.equal(currentDefault(), 'blue');
    workspace.fault = () => undefined;
    workspace.seed('batchEndpoints/nightly/deployments/green', { properties: { provisioningState: 'Failed' } });
    await deploy({ model: 'churn:2' });
    assert.deepEqual(
      workspace.writes('DELETE').map(({ path }) => path),
      ['batchEndpoints/nightly/deployments/green'],
    );
    assert.equal(currentDefault(), 'green');
  });

  it('waits while another operation keeps the endpoint busy', async () => {
    let refusals = 3;
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path === 'batchEndpoints/nightly' && --refusals > 0) throw serviceError(409);
    };
    assert.equal((await deploy()).defaultDeployment, 'blue');
  });

  it('leaves a default that somebody else has changed meanwhile', async () => {
    await deploy();
    workspace.fault = (method, path) => {
      if (method !== 'PUT' || !path.endsWith('/deployments/green')) return;
      const endpoint = workspace.resources.get('batchEndpoints/nightly') ?? {};
      const properties = isJsonObject(endpoint.properties) ? endpoint.properties : {};
      workspace.seed('batchEndpoints/nightly', {
        ...endpoint,
        properties: { ...properties, defaults: { deploymentName: 'red' } },
      });
    };
    await assert.rejects(deploy({ model: 'churn:2' }), /was blue when this step began and is red now/);
    assert.equal(currentDefault(), 'red');
  });

  it('refuses, before anything is changed, what it could not do well', async () => {
    const refusals: readonly (readonly [Partial<DeployBatchRequest>, RegExp])[] = [
      [{ endpointFile: undefined }, /no batch endpoint 'nightly'; give its YAML/],
      [{ timeoutMinutes: -1 }, /'timeoutMinutes' must be 0/],
      [{ testInputs: 'data: { path: none }' }, /input 'testInputs'.*does not exist/],
      [{ endpointName: 'x' }, /is not a name for an endpoint/],
      [{ model: 'churn' }, /Input 'model' must be/],
    ];
    for (const [request, message] of refusals) {
      await assert.rejects(
        deploy(request),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
    }
    workspace.seed('', { location: 'westeurope', properties: { publicNetworkAccess: 'Enabled' } });
    await assert.rejects(deploy(), /workspace ws can be reached from the internet/);
    assert.deepEqual(workspace.writes(), []);
    await deploy({ network: 'asDeclared' });
  });
});
