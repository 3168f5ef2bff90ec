import assert from 'node:assert/strict';
import { at, textAt } from '../../local/emulator/json.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

describe('online endpoints of the emulator, by the official client', function () {
  this.timeout(120_000);
  let online: OnlineWorkspace;

  before(async () => {
    online = await startOnlineWorkspace();
    await online.putAssets();
  });
  after(() => online.close());

  const deploymentNames = async (endpoint: string): Promise<(string | undefined)[]> => {
    const names: (string | undefined)[] = [];
    for await (const one of online.client.onlineDeployments.list(...online.scope, endpoint)) names.push(one.name);
    return names;
  };

  it('creates, reads, lists and deletes an endpoint', async () => {
    const made = await online.putEndpoint('first-endpoint');
    assert.equal(made.properties.provisioningState, 'Succeeded');
    assert.equal(made.properties.scoringUri, 'https://first-endpoint.westeurope.inference.ml.azure.com/score');
    assert.equal(made.properties.publicNetworkAccess, 'Enabled');
    const names: (string | undefined)[] = [];
    for await (const one of online.client.onlineEndpoints.list(...online.scope)) names.push(one.name);
    assert.deepEqual(names, ['first-endpoint']);
    await online.client.onlineEndpoints.beginDeleteAndWait(...online.scope, 'first-endpoint', online.fast);
    await assert.rejects(online.client.onlineEndpoints.get(...online.scope, 'first-endpoint'), {
      statusCode: 404,
      code: 'NotFound',
    });
  });

  it('splits traffic exactly, lets a header choose, and moves from blue to green', async () => {
    const key = await online.putServing('split-endpoint', 'blue', 'green');
    await online.putEndpoint('split-endpoint', { traffic: { blue: 90, green: 10 } });
    const counts: Record<string, number> = {};
    for (let request = 0; request < 100; request += 1) {
      const answer = await online.score('split-endpoint', { numbers: [1, request] }, { key });
      assert.equal(answer.status, 200);
      const { name, sum } = answer.body as { name: string; sum: number };
      assert.equal(sum, request + 1);
      assert.equal(answer.headers['azureml-model-deployment'], name);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    assert.deepEqual(counts, { blue: 90, green: 10 });

    const chosen = await online.score('split-endpoint', {}, { key, deployment: 'green' });
    assert.equal(chosen.headers['azureml-model-deployment'], 'green');

    await online.putEndpoint('split-endpoint', { traffic: { blue: 0, green: 100 } });
    await online.client.onlineDeployments.beginDeleteAndWait(...online.scope, 'split-endpoint', 'blue', online.fast);
    assert.deepEqual(await deploymentNames('split-endpoint'), ['green']);
    assert.equal((await online.score('split-endpoint', {}, { key, deployment: 'blue' })).status, 404);
    const after = await online.score('split-endpoint', {}, { key });
    assert.equal(after.headers['azureml-model-deployment'], 'green');
  });

  it('copies mirrored traffic without anybody seeing the answers', async () => {
    const key = await online.putServing('mirror-endpoint', 'live', 'shadow');
    await online.putTraffic('mirror-endpoint', { traffic: { live: 100 }, mirrorTraffic: { shadow: 20 } });
    for (let request = 0; request < 20; request += 1) {
      const answer = await online.score('mirror-endpoint', {}, { key });
      assert.equal(answer.headers['azureml-model-deployment'], 'live');
    }
    const report = await online.scoringReport((all) => all.shadow?.mirrored === 4);
    assert.equal(report.live?.requests, 20);
    assert.equal(report.shadow?.requests, 0);
  });

  it('serves the old generation until an update has succeeded', async () => {
    const key = await online.putServing('update-endpoint', 'main');
    const poller = await online.client.onlineDeployments.beginCreateOrUpdate(
      ...online.scope,
      'update-endpoint',
      'main',
      online.deploymentBody('main', { environmentVariables: { NAME: 'second generation' } }),
      online.fast,
    );
    const answer = await online.score('update-endpoint', {}, { key });
    assert.equal((answer.body as { name: string }).name, 'main');
    await poller.pollUntilDone();
    const after = await online.score('update-endpoint', {}, { key });
    assert.equal((after.body as { name: string }).name, 'second generation');
  });

  it('scales a deployment by PATCH, and changes tags of both', async () => {
    await online.putServing('patch-endpoint', 'main');
    await online.client.onlineDeployments.beginUpdateAndWait(
      ...online.scope,
      'patch-endpoint',
      'main',
      { tags: { stage: 'test' }, sku: { name: 'Default', capacity: 3 } },
      online.fast,
    );
    const deployment = await online.client.onlineDeployments.get(...online.scope, 'patch-endpoint', 'main');
    assert.equal(deployment.sku?.capacity, 3);
    assert.deepEqual(deployment.tags, { stage: 'test' });
    await online.client.onlineEndpoints.beginUpdateAndWait(
      ...online.scope,
      'patch-endpoint',
      { tags: { owner: 'ml' } },
      online.fast,
    );
    const endpoint = await online.client.onlineEndpoints.get(...online.scope, 'patch-endpoint');
    assert.deepEqual(endpoint.tags, { owner: 'ml' });
    assert.deepEqual(endpoint.properties.traffic, { main: 100 });
  });

  it('keeps an update of the traffic back until it has ended, and announces it as the service does', async () => {
    const version = '2022-02-01-preview';
    await online.putServing('old-traffic', 'blue', 'green');
    online.emulator.addFaults([{ switch: 'stuckOperation', target: '/onlineEndpoints/old-traffic$' }]);
    const body = { location: 'westeurope', identity: { type: 'SystemAssigned' } };
    const changed = { authMode: 'key', traffic: { blue: 0, green: 100 } };
    const answer = await online.arm('PUT', 'onlineEndpoints/old-traffic', version, { ...body, properties: changed });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['x-ms-async-operation-timeout'], 'PT30M');
    assert.match(answer.headers.location ?? '', /\/onlineEndpoints\/old-traffic\?api-version=2022-02-01-preview$/);
    const statusUrl = String(answer.headers['azure-asyncoperation']);
    assert.match(statusUrl, /\/mfeOperationsStatus\/oe:[0-9a-f-]{36}:[0-9a-f-]{36}\?api-version=2022-02-01-preview$/);
    assert.equal(textAt(answer.body, 'properties', 'provisioningState'), 'Updating');
    assert.equal(textAt(answer.body, 'properties', 'authMode'), 'Key');
    assert.deepEqual(at(answer.body, 'properties', 'traffic'), { blue: 100 });
    assert.equal(textAt(answer.body, 'properties', 'properties', 'AzureAsyncOperationUri'), statusUrl);

    const running = await online.poll(statusUrl);
    assert.deepEqual([textAt(running.body, 'status'), at(running.body, 'percentComplete')], ['Updating', 0]);
    online.emulator.clearFaults();
    const ended = await online.operationEnd(statusUrl);
    assert.deepEqual([textAt(ended, 'status'), at(ended, 'percentComplete')], ['Succeeded', 100]);
    const after = await online.arm('GET', 'onlineEndpoints/old-traffic', version);
    assert.deepEqual(at(after.body, 'properties', 'traffic'), { blue: 0, green: 100 });
  });

  it('regenerates one key at a time, and both still let in only whoever has them', async () => {
    const before = await online.putServing('key-endpoint', 'main');
    const { secondaryKey = '' } = await online.client.onlineEndpoints.listKeys(...online.scope, 'key-endpoint');
    await online.client.onlineEndpoints.beginRegenerateKeysAndWait(
      ...online.scope,
      'key-endpoint',
      { keyType: 'Primary' },
      online.fast,
    );
    const after = await online.keyOf('key-endpoint');
    assert.notEqual(after, before);
    assert.equal((await online.score('key-endpoint', {}, { key: before })).status, 401);
    assert.equal((await online.score('key-endpoint', {}, { key: after })).status, 200);
    assert.equal((await online.score('key-endpoint', {}, { key: secondaryKey })).status, 200);
  });
});
