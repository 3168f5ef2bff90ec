import assert from 'node:assert/strict';
import { startEmulator } from '../../../local/emulator/emulator.ts';
import type { Emulator } from '../../../local/emulator/emulator.ts';
import { openWorkspace } from '../../../tasks/common/azure/workspace.ts';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import type { Workspace } from '../../../tasks/common/ports.ts';
import { connection } from '../../fixtures/azure/connection.ts';
import { openEmulated } from './emulated-workspace.ts';
import { taskDouble } from './task-double.ts';

async function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ServiceError, String(error));
  return error;
}

describe('resources against the emulator', () => {
  let emulator: Emulator;
  let workspace: Workspace;

  before(async () => {
    emulator = await startEmulator({ speed: 500 });
    ({ workspace } = await openEmulated(emulator));
  });
  after(() => emulator.close());
  beforeEach(() => {
    emulator.clearFaults();
    emulator.clearRequests();
  });

  const endpointBody = (change: object = {}) => ({
    location: 'westeurope',
    identity: { type: 'SystemAssigned' },
    tags: { keep: 'me' },
    properties: { authMode: 'Key', publicNetworkAccess: 'Disabled', ...change },
  });

  it('reads the workspace once for all who ask where it is', async () => {
    const { workspace: fresh } = await openEmulated(emulator);
    const places = await Promise.all([fresh.location(), fresh.location(), fresh.location()]);
    assert.deepEqual(places, ['westeurope', 'westeurope', 'westeurope']);
    assert.equal(emulator.requests({ plane: 'arm', path: 'workspaces/mlw-mlops$' }).length, 1);
  });

  it('finds what is there, answers undefined for what is not', async () => {
    assert.equal((await workspace.get('computes/cpu-cluster'))?.name, 'cpu-cluster');
    for (const path of ['computes/none', 'jobs/none', 'onlineEndpoints/none', 'onlineEndpoints/none/deployments/x']) {
      assert.equal(await workspace.get(path), undefined, path);
    }
  });

  it('sends the api-version of each kind', async () => {
    await workspace.get('computes/cpu-cluster');
    await workspace.get('onlineEndpoints/none/deployments/x');
    const versions = emulator.requests({ plane: 'arm', method: 'GET' }).map(({ query }) => query['api-version']);
    assert.deepEqual(versions, ['2023-08-01-preview', '2023-04-01-preview']);
  });

  it('lists through all pages', async () => {
    const names: unknown[] = [];
    for await (const { name } of workspace.list('datastores', { query: { count: 1 } })) names.push(name);
    assert.ok(names.length > 1 && names.includes('workspaceblobstore'), names.join());
    assert.ok(emulator.requests({ plane: 'arm', path: 'datastores$' }).length > 1);
  });

  it('follows an online endpoint from its creation to its end', async () => {
    const words: string[] = [];
    const created = await workspace.put('onlineEndpoints/ep-life', endpointBody(), {
      onProgress: (word) => words.push(word),
    });
    const properties = created.properties as Record<string, unknown>;
    assert.equal(properties.provisioningState, 'Succeeded');
    assert.match(String(properties.scoringUri), /^https:\/\/ep-life\.westeurope\.inference\.ml\.azure\.com\/score$/);
    assert.deepEqual([words.includes('Updating'), words.at(-1)], [true, 'Succeeded']);
    const keys = await workspace.post('onlineEndpoints/ep-life/listKeys');
    assert.ok(typeof (keys as Record<string, unknown>).primaryKey === 'string');
    assert.equal(await workspace.delete('onlineEndpoints/ep-life'), true);
    assert.equal(await workspace.get('onlineEndpoints/ep-life'), undefined);
    assert.equal(await workspace.delete('onlineEndpoints/ep-life'), false);
  });

  it('keeps its hold on an operation while the service stumbles', async () => {
    emulator.addFaults([
      {
        match: { plane: 'arm', path: 'mfeOperationsStatus' },
        action: { kind: 'throttle', retryAfterSeconds: 3 },
        count: 2,
      },
      { match: { plane: 'arm', path: 'mfeOperationsStatus' }, action: { kind: 'drop', when: 'before' }, count: 1 },
      { match: { plane: 'arm', path: 'mfeOperationsStatus' }, action: { kind: 'expireTokens' }, count: 1 },
    ]);
    const created = await workspace.put('onlineEndpoints/ep-stumble', endpointBody());
    assert.equal((created.properties as Record<string, unknown>).provisioningState, 'Succeeded');
    await workspace.delete('onlineEndpoints/ep-stumble');
  });

  it('calls an endpoint with its key; every status is an answer, and no call is repeated', async () => {
    const created = await workspace.put('onlineEndpoints/ep-score', endpointBody());
    const scoringUri = String((created.properties as Record<string, unknown>).scoringUri);
    const keys = (await workspace.post('onlineEndpoints/ep-score/listKeys')) as Record<string, string>;
    const call = { scoringUri, contentType: 'application/json', body: '{"data":[1]}' };
    emulator.clearRequests();
    const wrong = await workspace.scoring.score({ ...call, authorization: { kind: 'bearer', value: 'wrong' } });
    assert.equal(wrong.status, 401);
    const right = { kind: 'bearer', value: keys.primaryKey ?? '' } as const;
    const empty = await workspace.scoring.score({ ...call, authorization: right });
    assert.ok(empty.status >= 400, String(empty.status));
    assert.equal(emulator.requests({ plane: 'scoring' }).length, 2);
    emulator.addFaults([{ match: { plane: 'scoring' }, action: { kind: 'respond', status: 503 }, count: 1 }]);
    assert.equal((await workspace.scoring.score({ ...call, authorization: right })).status, 503);
    emulator.addFaults([{ match: { plane: 'scoring' }, action: { kind: 'drop', when: 'after' }, count: 1 }]);
    assert.equal((await failureOf(workspace.scoring.score({ ...call, authorization: right }))).status, 0);
    assert.equal(emulator.requests({ plane: 'scoring' }).length, 4);
    await workspace.delete('onlineEndpoints/ep-score');
  });

  it('gives an Entra token to no host but an endpoint of the cloud', async () => {
    const call = { contentType: 'application/json', body: '{}', authorization: { kind: 'entra' } } as const;
    const foreign = workspace.scoring.score({ ...call, scoringUri: 'https://evil.example/score' });
    assert.equal((await failureOf(foreign)).code, 'ForeignHost');
    await assert.rejects(workspace.scoring.score({ ...call, scoringUri: 'http://10.0.0.4/score' }), UserError);
    assert.equal(emulator.requests({ plane: 'scoring' }).length, 0);
  });

  it('names the role that is missing', async () => {
    emulator.addFaults([{ match: { plane: 'arm', method: 'PUT' }, action: { kind: 'forbid' }, count: 1 }]);
    const error = await failureOf(workspace.put('onlineEndpoints/ep-role', endpointBody()));
    assert.equal(error.status, 403);
    assert.equal(error.code, 'AuthorizationFailed');
    assert.match(error.hint ?? '', /the role "AzureML Data Scientist" on the workspace/);
    assert.ok(error.requestId !== undefined);
  });

  it('names which of the three names is wrong', async () => {
    const other = await openEmulated(emulator, { workspace: 'mlw-typo' });
    const noWorkspace = await failureOf(other.workspace.location());
    assert.match(noWorkspace.message, /no workspace 'mlw-typo' in resource group 'rg-mlops'/);
    const child = await failureOf(other.workspace.get('jobs/j'));
    assert.match(child.message, /no workspace 'mlw-typo'/);
    const write = await failureOf(other.workspace.put('onlineEndpoints/e', endpointBody()));
    assert.match(write.message, /no workspace 'mlw-typo'/);
    const group = await openEmulated(emulator, { resourceGroup: 'rg-typo' });
    assert.match((await failureOf(group.workspace.location())).message, /rg-typo/);
  });

  it('says why a host is not reached', async () => {
    emulator.addFaults([
      {
        match: { plane: 'arm', method: 'GET', path: 'workspaces/mlw-mlops$' },
        action: {
          kind: 'respond',
          status: 200,
          body: { location: 'westeurope', properties: { discoveryUrl: 'https://x.y.api.azureml.ms/discovery' } },
        },
      },
    ]);
    const { workspace: fresh } = await openEmulated(emulator);
    const error = await failureOf(fresh.runs.details('r'));
    assert.equal(error.status, 0);
    assert.match(error.message, /proxy refused the connection to x\.y\.api\.azureml\.ms \(502\)/);
  });

  it('believes no discovery outside the cloud', async () => {
    emulator.addFaults([
      {
        match: { path: '/discovery' },
        action: { kind: 'respond', status: 200, body: { api: 'https://evil.example' } },
      },
    ]);
    const { workspace: fresh } = await openEmulated(emulator);
    assert.equal((await failureOf(fresh.tracking.run('r'))).code, 'ForeignHost');
  });

  it('knows no run that was never made', async () => {
    assert.equal(await workspace.tracking.run('no-such-run'), undefined);
    assert.equal((await failureOf(workspace.runs.details('no-such-run'))).status, 404);
  });
});

describe('opening a workspace', () => {
  const network = { proxy: undefined, certificateAuthorities: undefined };
  const open = (change: object) =>
    openWorkspace({
      agent: taskDouble(network).agent,
      connection: connection(),
      resourceGroup: 'rg-mlops',
      workspace: 'mlw-mlops',
      ...change,
    });

  it('names everything that is missing at once', async () => {
    const nothing = open({ connection: connection({ subscriptionId: undefined }), resourceGroup: '', workspace: ' ' });
    await assert.rejects(nothing, (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.problems.length, 3);
      assert.match(error.message, /set the input subscriptionId/);
      return true;
    });
  });

  it('refuses a subscription that contradicts the connection, or is none', async () => {
    const other = '11111111-1111-4111-8111-111111111111';
    await assert.rejects(open({ subscriptionId: other }), /says 11111111.*belongs to 00000000/);
    await assert.rejects(open({ subscriptionId: 'production' }), /not a subscription id/);
  });

  it('takes the subscription from the input where the connection has none', async () => {
    const given = {
      connection: connection({ subscriptionId: undefined }),
      subscriptionId: connection().subscriptionId,
    };
    assert.equal((await open(given)).id.subscriptionId, connection().subscriptionId);
  });
});
