/** Fault rules and the journal, as tests and users of the emulator rely on them. */
import assert from 'node:assert/strict';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';
import { at, textAt } from '../../local/emulator/json.ts';
import { applicationToken } from './emulator.ts';
import { send, until, type Answer } from './job-workspace.ts';

describe('the emulator that misbehaves on purpose', () => {
  let emulator: Emulator;
  let workspace: string;

  before(async () => {
    emulator = await startEmulator({ timings: { computeCreate: 20, listLag: 0 } });
    const { subscriptionId, resourceGroup, workspace: name } = emulator.settings;
    workspace = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${name}`;
  });
  after(() => emulator.close());
  afterEach(() => {
    emulator.clearFaults();
    emulator.clearRequests();
  });

  const arm = (
    method: string,
    path: string,
    body?: unknown,
    token = applicationToken(emulator, 'https://management.azure.com'),
  ): Promise<Answer> =>
    send(
      emulator,
      method,
      `https://management.azure.com${workspace}${path}?api-version=2024-04-01`,
      { authorization: `Bearer ${token}` },
      body,
    );
  const control = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(`${emulator.url}/_emulator/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  it('answers an error of its own making after some requests and for as many as asked', async () => {
    const action = { kind: 'respond', status: 503, message: 'resting' };
    await control('PUT', 'faults', { rules: [{ match: { path: '/datastores$' }, action, after: 1, count: 2 }] });
    const statuses: number[] = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await arm('GET', '/datastores')).status);
    assert.deepEqual(statuses, [200, 503, 503, 200]);
    const { body } = await control('GET', 'faults');
    assert.equal(at(body, 'rules') !== undefined && JSON.stringify(body).includes('"hits":2'), true);
  });

  it('writes a forced error in the shape of the service that would have answered', async () => {
    emulator.addFaults([
      {
        match: { plane: 'arm' },
        action: { kind: 'respond', status: 500, code: 'ServiceError', message: 'm' },
        count: 1,
      },
    ]);
    assert.equal(textAt((await arm('GET', '')).body, 'error', 'code'), 'ServiceError');
    emulator.addFaults([{ match: { plane: 'blob' }, action: { kind: 'throttle', retryAfterSeconds: 1 }, count: 1 }]);
    const blob = await send(emulator, 'GET', 'https://stmlops.blob.core.windows.net/azureml/x', {});
    assert.equal(blob.status, 503);
    assert.match(blob.text, /<Code>ServerBusy<\/Code>/);
  });

  it("forbids in the Resource Manager's words: principal, action and scope", async () => {
    emulator.addFaults([{ match: { path: '/jobs/' }, action: { kind: 'forbid' } }]);
    const { status, body, headers } = await arm('PUT', '/jobs/j', { properties: {} });
    assert.equal(status, 403);
    assert.equal(textAt(body, 'error', 'code'), 'AuthorizationFailed');
    const { clientId, objectId } = emulator.settings.principal;
    assert.equal(
      textAt(body, 'error', 'message'),
      `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/jobs/write' over scope '${workspace}/jobs/j' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
    assert.equal(headers['x-ms-failure-cause'], 'gateway');
  });

  it('throttles with the time to wait', async () => {
    emulator.addFaults([{ action: { kind: 'throttle', retryAfterSeconds: 7 }, count: 1 }]);
    const { status, headers } = await arm('GET', '');
    assert.deepEqual([status, headers['retry-after']], [429, '7']);
  });

  it('cuts the connection before handling, or after it', async () => {
    const body = { properties: { modelUri: 'azureml://datastores/workspaceblobstore/paths/m' } };
    emulator.addFaults([{ match: { path: 'models/before' }, action: { kind: 'drop', when: 'before' }, count: 1 }]);
    await assert.rejects(arm('PUT', '/models/before/versions/1', body));
    assert.equal((await arm('GET', '/models/before/versions/1')).status, 404);
    emulator.addFaults([{ match: { path: 'models/after' }, action: { kind: 'drop', when: 'after' }, count: 1 }]);
    await assert.rejects(arm('PUT', '/models/after/versions/1', body));
    assert.equal((await arm('GET', '/models/after/versions/1')).status, 200);
  });

  it('cuts a body short, of the services and of blobs', async () => {
    emulator.addFaults([{ match: { plane: 'arm' }, action: { kind: 'truncate', bytes: 10 }, count: 1 }]);
    await assert.rejects(arm('GET', ''), /aborted|socket hang up/);
    const place = { account: 'stmlops', container: 'azureml' };
    await emulator.context.blobs.write({ ...place, name: 'long' }, 'x'.repeat(100_000));
    const url = emulator.context.blobs.sasUrl({ ...place, name: 'long', permissions: 'r', lifetimeMs: 60_000 });
    emulator.addFaults([{ match: { plane: 'blob' }, action: { kind: 'truncate', bytes: 5000 }, count: 1 }]);
    await assert.rejects(send(emulator, 'GET', url, {}), /aborted|socket hang up/);
    assert.equal((await send(emulator, 'GET', url, {})).text.length, 100_000);
  });

  it('delays in virtual time', async () => {
    const before = emulator.context.clock.now();
    emulator.addFaults([{ action: { kind: 'delay', ms: 150 }, count: 1 }]);
    assert.equal((await arm('GET', '')).status, 200);
    assert.ok(emulator.context.clock.now() - before >= 149);
  });

  it('expires the tokens that are out, and takes new ones', async () => {
    const old = applicationToken(emulator, 'https://management.azure.com');
    assert.equal((await arm('GET', '', undefined, old)).status, 200);
    emulator.addFaults([{ action: { kind: 'expireTokens' }, count: 1 }]);
    const refused = await arm('GET', '', undefined, old);
    assert.equal(refused.status, 401);
    assert.equal(textAt(refused.body, 'error', 'code'), 'ExpiredAuthenticationToken');
    assert.match(refused.headers['www-authenticate'] ?? '', /^Bearer authorization_uri=/);
    assert.equal((await arm('GET', '')).status, 200);
  });

  it('refuses a missing token, one that is none, and one for somebody else, each in its own way', async () => {
    const codes: (string | undefined)[] = [];
    for (const token of ['', 'nonsense', applicationToken(emulator, 'https://vault.azure.net')]) {
      codes.push(textAt((await arm('GET', '', undefined, token)).body, 'error', 'code'));
    }
    assert.deepEqual(codes, [
      'AuthenticationFailed',
      'InvalidAuthenticationToken',
      'InvalidAuthenticationTokenAudience',
    ]);
  });

  it('lets provisioning fail, or hang until the rule is gone', async () => {
    const cluster = { properties: { computeType: 'AmlCompute', properties: { scaleSettings: { maxNodeCount: 1 } } } };
    const end = async (url: string): Promise<string | undefined> => {
      const { body } = await send(emulator, 'GET', url, {
        authorization: `Bearer ${applicationToken(emulator, 'https://management.azure.com')}`,
      });
      return textAt(body, 'status') === 'InProgress' ? undefined : JSON.stringify(body);
    };
    emulator.addFaults([
      {
        switch: 'failOperation',
        target: 'computes/bad',
        parameters: { code: 'OutOfQuota', message: 'No cores left.' },
      },
    ]);
    const failed = await arm('PUT', '/computes/bad', cluster);
    const url = String(failed.headers['azure-asyncoperation']);
    assert.equal(
      await until(() => end(url), 'the failure'),
      '{"status":"Failed","error":{"code":"OutOfQuota","message":"No cores left."}}',
    );
    assert.equal(textAt((await arm('GET', '/computes/bad')).body, 'properties', 'provisioningState'), 'Failed');
    emulator.addFaults([{ switch: 'stuckOperation', target: 'computes/slow' }]);
    const slow = await arm('PUT', '/computes/slow', cluster);
    const slowUrl = String(slow.headers['azure-asyncoperation']);
    const other = await arm('PUT', '/computes/other', cluster);
    const otherUrl = String(other.headers['azure-asyncoperation']);
    await until(() => end(otherUrl), 'one that began later');
    assert.equal(await end(slowUrl), undefined);
    emulator.clearFaults();
    assert.match(await until(() => end(slowUrl), 'the end'), /Succeeded/);
  });

  it('says what is wrong with a rule', async () => {
    const { status, body } = await control('PUT', 'faults', { rules: [{ action: { kind: 'explode' } }] });
    assert.equal(status, 400);
    assert.match(textAt(body, 'error') ?? '', /respond, delay, drop/);
  });

  it('remembers every request, without its secrets', async () => {
    await arm('PUT', '/datastores/mine', {
      properties: {
        datastoreType: 'AzureBlob',
        credentials: { credentialsType: 'AccountKey', secrets: { key: 'hush' } },
      },
    });
    const { body } = await control('GET', 'requests?method=PUT&path=datastores/mine$&status=201');
    const [entry] = (at(body, 'requests') ?? []) as unknown as readonly {
      headers: Record<string, string>;
      body: unknown;
      query: Record<string, string>;
    }[];
    assert.equal(entry?.headers.authorization, 'Bearer ***');
    assert.equal(entry.query['api-version'], '2024-04-01');
    assert.deepEqual(at(entry.body, 'properties', 'credentials'), {
      credentialsType: 'AccountKey',
      secrets: { key: '***' },
    });
    const url = emulator.context.blobs.sasUrl({
      account: 'stmlops',
      container: 'azureml',
      name: 'a',
      permissions: 'r',
      lifetimeMs: 1000,
    });
    await send(emulator, 'GET', url, {});
    assert.deepEqual(
      emulator.requests({ plane: 'blob' }).map(({ query }) => query.sig),
      ['***'],
    );
    assert.equal((await control('DELETE', 'requests')).status, 204);
    assert.deepEqual(emulator.requests(), []);
  });

  it('waits for a request that is yet to come', async () => {
    const waiting = control('GET', 'requests?path=computes&waitMs=10000');
    await arm('GET', '/computes');
    assert.match(JSON.stringify((await waiting).body), /computes/);
  });

  it('names the route it does not have, and does not pass it for an answer of the service', async () => {
    const { status, body } = await arm('GET', '/unheardOf');
    assert.equal(status, 501);
    assert.equal(textAt(body, 'error', 'message'), `The emulator has no route for GET ${workspace}/unheardOf.`);
  });

  it('asks the Resource Manager for an api-version', async () => {
    const token = applicationToken(emulator, 'https://management.azure.com');
    const answer = await send(emulator, 'GET', `https://management.azure.com${workspace}`, {
      authorization: `Bearer ${token}`,
    });
    assert.deepEqual([answer.status, textAt(answer.body, 'error', 'code')], [400, 'MissingApiVersionParameter']);
  });

  it('counts its routes by what they stand on', async () => {
    const { body } = await control('GET', 'routes');
    const [count, recorded, spec, guessed] = ['count', 'recorded', 'spec', 'guessed'].map((key) =>
      Number(at(body, key)),
    );
    assert.equal(count, Number(recorded) + Number(spec) + Number(guessed));
    assert.ok(Number(recorded) > 40);
  });
});
