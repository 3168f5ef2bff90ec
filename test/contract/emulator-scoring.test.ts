import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, textAt } from '../../local/emulator/json.ts';
import { until } from './job-workspace.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

describe('the scoring plane of the emulator', function () {
  this.timeout(120_000);
  let online: OnlineWorkspace;
  let key: string;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scoring-'));
    online = await startOnlineWorkspace();
    await online.putAssets();
    key = await online.putServing('scores', 'main');
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await online.close();
  });
  afterEach(() => {
    online.emulator.clearFaults();
  });

  it('answers with the headers of the service', async () => {
    const answer = await online.score(
      'scores',
      { numbers: [1, 2] },
      { key, headers: { 'x-ms-client-request-id': 'mine' } },
    );
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['azureml-model-deployment'], 'main');
    assert.equal(answer.headers.server, 'azureml-frontdoor');
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['x-ms-run-function-failed'], 'False');
    assert.match(String(answer.headers['x-ms-run-fn-exec-ms']), /^\d+\.\d{3}$/);
    assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    assert.equal(answer.headers['x-ms-client-request-id'], 'mine');
    assert.equal(answer.headers['content-length'], String(answer.text.length));
  });

  it('describes the script', async () => {
    const { swaggerUri: url = '' } = (await online.client.onlineEndpoints.get(...online.scope, 'scores')).properties;
    assert.equal(textAt((await online.poll(url)).body, 'swagger'), undefined, 'an ARM token is no key');
    assert.equal(textAt((await online.get(url, key)).body, 'swagger'), '2.0');
  });

  it('turns a script that raises into 424 and keeps the reason in the container log', async () => {
    const answer = await online.score('scores', { fail: 'a secret of the model' }, { key });
    assert.equal(answer.status, 424);
    assert.equal(answer.headers['x-ms-run-function-failed'], 'True');
    assert.equal(answer.headers['ms-azureml-model-error-reason'], 'model_error');
    assert.equal(answer.headers['ms-azureml-model-error-statuscode'], '500');
    assert.equal(answer.headers['azureml-model-deployment'], 'main');
    assert.doesNotMatch(answer.text, /secret/);
    const logs = await online.client.onlineDeployments.getLogs(...online.scope, 'scores', 'main', { tail: 20 });
    assert.match(logs.content ?? '', /ValueError: a secret of the model/);
  });

  it('gives up with 408 after the request timeout', async () => {
    const requestSettings = { requestTimeout: 'PT0.3S', maxConcurrentRequestsPerInstance: 1 };
    await online.deploy('scores', 'hasty', { requestSettings });
    const waitFor = join(folder, 'after-the-timeout');
    const answer = await online.score('scores', { waitFor }, { key, deployment: 'hasty' });
    assert.equal(answer.status, 408);
    writeFileSync(waitFor, '');
    await until(async () => {
      const next = await online.score('scores', {}, { key, deployment: 'hasty' });
      return next.status === 200 ? true : undefined;
    }, 'the script to go on');
  });

  it('refuses with 429 what would wait behind twice as many as may run at once', async () => {
    const requestSettings = { requestTimeout: 'PT60S', maxConcurrentRequestsPerInstance: 1 };
    await online.deploy('scores', 'crowded', { requestSettings });
    const waitFor = join(folder, 'after-the-refusal');
    const three = [1, 2, 3].map(() => online.score('scores', { waitFor }, { key, deployment: 'crowded' }));
    const refused = await Promise.race(three);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['ms-azureml-model-error-reason'], 'too_many_pending_request');
    assert.equal(refused.text, '');
    writeFileSync(waitFor, '');
    const statuses = (await Promise.all(three)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 200, 429]);
  });

  it('starts a process again that ended by itself, and answers 503 meanwhile', async () => {
    const first = textAt((await online.score('scores', {}, { key })).body, 'name');
    const before = at((await online.score('scores', {}, { key })).body, 'pid');
    const crashed = await online.score('scores', { exit: 9 }, { key });
    assert.deepEqual([first, crashed.status], ['main', 503]);
    const after = await until(async () => {
      const answer = await online.score('scores', {}, { key });
      return answer.status === 200 ? at(answer.body, 'pid') : undefined;
    }, 'a new process');
    assert.notEqual(after, before);
  });

  it('answers 503 for a deployment that a fault rule holds down', async () => {
    online.emulator.addFaults([{ switch: 'deploymentDown', target: '/deployments/main$' }]);
    assert.equal((await online.score('scores', {}, { key })).status, 503);
    online.emulator.clearFaults();
    assert.equal((await online.score('scores', {}, { key })).status, 200);
  });

  it('answers 404 without an endpoint, without traffic and without the deployment that is named', async () => {
    const other = await online.putServing('no-traffic');
    assert.equal((await online.score('no-traffic', {}, { key: other })).status, 404);
    assert.equal((await online.score('scores', {}, { key, deployment: 'ghost' })).status, 404);
    assert.equal((await online.score('nowhere', {}, { key })).status, 404);
  });

  it('lets in neither without a key nor with another', async () => {
    const without = await online.score('scores', {});
    assert.deepEqual([without.status, without.text], [401, 'key_auth_bad_header_forbidden']);
    const wrong = await online.score('scores', {}, { key: 'guessed' });
    assert.deepEqual([wrong.status, wrong.text], [401, 'key_auth_access_denied']);
  });

  it('takes the endpoint’s own tokens where they are its authentication, and no other endpoint’s', async () => {
    for (const name of ['tokens-a', 'tokens-b']) await online.putEndpoint(name, { authMode: 'AMLToken' });
    await online.deploy('tokens-a', 'main');
    await online.putEndpoint('tokens-a', { authMode: 'AMLToken', traffic: { main: 100 } });
    const token = async (name: string): Promise<string> => {
      const made = await online.client.onlineEndpoints.getToken(...online.scope, name);
      assert.equal(made.tokenType, 'Bearer');
      assert.equal((made.expiryTimeUtc ?? 0) - (made.refreshAfterTimeUtc ?? 0), 12 * 3600);
      return made.accessToken ?? '';
    };
    assert.equal((await online.score('tokens-a', {}, { key: await token('tokens-a') })).status, 200);
    assert.equal((await online.score('tokens-a', {}, { key: await token('tokens-b') })).status, 401);
    assert.equal((await online.score('tokens-a', {}, { key: 'no.real.token' })).status, 401);
    assert.equal((await online.score('tokens-a', {})).status, 401);
  });

  it('takes Entra tokens of the machine learning audience where they are its authentication', async () => {
    await online.putEndpointRaw('entra', { authMode: 'aad_token' });
    await online.deploy('entra', 'main');
    await online.putEndpointRaw('entra', { authMode: 'AADToken', traffic: { main: 100 } });
    assert.equal((await online.score('entra', {}, { key: online.token('https://ml.azure.com') })).status, 200);
    assert.equal((await online.score('entra', {}, { key: online.token('https://management.azure.com') })).status, 401);
  });

  it('counts what each deployment answered', async () => {
    const counted = await online.putServing('counted', 'only-one');
    await online.score('counted', {}, { key: counted });
    await online.score('counted', { fail: 'yes' }, { key: counted });
    const { 'only-one': report } = await online.scoringReport((all) => all['only-one']?.requests === 2);
    assert.equal(report?.errors, 1);
    assert.deepEqual(report.statuses, { 200: 1, 424: 1 });
    assert.deepEqual(
      report.samples.map(({ status }) => status),
      [200, 424],
    );
  });
});
