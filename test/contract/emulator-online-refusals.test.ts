import assert from 'node:assert/strict';
import { at, asObject, textAt } from '../../local/emulator/json.ts';
import type { Answer } from './job-workspace.ts';
import { endpointBody, startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

const VERSION = '2023-04-01-preview';

describe('what the emulator refuses about online endpoints', function () {
  this.timeout(120_000);
  let online: OnlineWorkspace;

  before(async () => {
    online = await startOnlineWorkspace();
    await online.putAssets();
    await online.putCode('broken', {
      'score.py': 'def init(): raise RuntimeError("no weights")\ndef run(data): return data\n',
    });
    await online.putServing('serving', 'blue', 'green');
  });
  after(() => online.close());
  afterEach(() => {
    online.emulator.clearFaults();
  });

  const putDeployment = (endpoint: string, name: string, more?: Parameters<OnlineWorkspace['deploymentBody']>[1]) =>
    online.arm('PUT', `onlineEndpoints/${endpoint}/deployments/${name}`, VERSION, online.deploymentBody(name, more));
  const putEndpoint = (name: string, properties: object): Promise<Answer> =>
    online.arm('PUT', `onlineEndpoints/${name}`, VERSION, {
      ...endpointBody('westeurope'),
      properties: { authMode: 'Key', ...properties },
    });
  /** The code of an error, and the text of its details with what they hold. */
  const refusal = ({ status, body }: Answer): readonly [number, string | undefined, string] => [
    status,
    textAt(body, 'error', 'code'),
    [textAt(body, 'error', 'message'), ...details(body)].join(' '),
  ];
  const details = (body: unknown): string[] => {
    const list = at(body, 'error', 'details');
    return Array.isArray(list)
      ? list.map((one: unknown) => `${textAt(one, 'code') ?? ''}: ${textAt(one, 'message') ?? ''}`)
      : [];
  };
  const waitForFailure = async (answer: Answer): Promise<readonly [string | undefined, string | undefined]> => {
    assert.equal(answer.status, 201, answer.text);
    const end = await online.operationEnd(String(answer.headers['azure-asyncoperation']));
    assert.equal(end.status, 'Failed');
    return [textAt(end, 'error', 'code'), textAt(end, 'error', 'message')];
  };
  const stateOf = async (path: string): Promise<string | undefined> =>
    textAt((await online.arm('GET', path, VERSION)).body, 'properties', 'provisioningState');
  const logsOf = async (path: string, body: object = {}): Promise<string> =>
    textAt((await online.arm('POST', `${path}/getLogs`, VERSION, body)).body, 'content') ?? '';

  describe('traffic', () => {
    for (const [problem, properties, reason] of [
      ['that does not add up', { traffic: { blue: 60, green: 30 } }, /sum of traffic must be 0 or 100/],
      ['for an unknown deployment', { traffic: { blue: 50, red: 50 } }, /Deployment red does not exist/],
      ['that is no percentage', { traffic: { blue: 101, green: -1 } }, /whole percentage/],
      ['mirrored to a live deployment', { traffic: { blue: 100 }, mirrorTraffic: { blue: 10 } }, /cannot be mirrored/],
      ['mirrored by more than half', { traffic: { blue: 100 }, mirrorTraffic: { green: 60 } }, /At most 50 percent/],
    ] as const) {
      it(`${problem} is a 400, and nothing changes`, async () => {
        const [status, code, text] = refusal(await putEndpoint('serving', properties));
        assert.deepEqual([status, code], [400, 'BadRequest']);
        assert.match(text, /InferencingClientCallFailed/);
        assert.match(text, reason);
        assert.equal(await stateOf('onlineEndpoints/serving'), 'Succeeded');
      });
    }

    it('keeps a deployment from being deleted', async () => {
      const path = 'onlineEndpoints/serving/deployments/blue';
      const [status, , text] = refusal(await online.arm('DELETE', path, VERSION));
      assert.equal(status, 400);
      assert.match(text, /receives 100 percent of the traffic/);
      assert.equal(await stateOf(path), 'Succeeded');
    });
  });

  describe('assets that do not exist', () => {
    for (const [asset, more, expected] of [
      ['model', { model: 'models/numbers/versions/7' }, 'ModelNotFound'],
      ['environment', { environmentId: 'environments/ghost/versions/1' }, 'Environment ghost:1 not found.'],
    ] as const) {
      it(`${asset}: 404`, async () => {
        const ids = Object.fromEntries(Object.entries(more).map(([key, path]) => [key, online.id(path)]));
        const [status, code, text] = refusal(await putDeployment('serving', 'new-one', ids));
        assert.deepEqual([status, code], [404, 'UserError']);
        assert.ok(text.includes(expected), text);
      });
    }

    it('code: 404', async () => {
      const [status, , text] = refusal(await putDeployment('serving', 'new-one', online.code('ghost')));
      assert.equal(status, 404);
      assert.ok(text.includes('Code ghost:1 not found.'), text);
    });

    it('endpoint: 404 with the reason in details', async () => {
      const [status, code, text] = refusal(await putDeployment('nowhere', 'blue'));
      assert.deepEqual([status, code], [404, 'NotFound']);
      assert.match(text, /NoSuchEndpoint: There is no endpoint with name: nowhere/);
    });
  });

  describe('while something is on its way', () => {
    it('a second change of an endpoint, and a deployment in it, are 409', async () => {
      online.emulator.addFaults([{ switch: 'stuckOperation', target: '/onlineEndpoints/busy$' }]);
      const first = await putEndpoint('busy', {});
      assert.equal(textAt(first.body, 'properties', 'provisioningState'), 'Creating');
      assert.equal(at(first.body, 'properties', 'scoringUri'), null);
      assert.equal((await putEndpoint('busy', {})).status, 409);
      assert.equal((await online.arm('DELETE', 'onlineEndpoints/busy', VERSION)).status, 409);
      const [status, , text] = refusal(await putDeployment('busy', 'blue'));
      assert.equal(status, 409);
      assert.match(text, /Cannot create a deployment in endpoint busy because it is in Creating provisioning state\./);
      online.emulator.clearFaults();
      await online.operationEnd(String(first.headers['azure-asyncoperation']));
      assert.equal(await stateOf('onlineEndpoints/busy'), 'Succeeded');
    });

    it('a second change of a deployment is 409, its endpoint stays free', async () => {
      online.emulator.addFaults([{ switch: 'stuckOperation', target: '/deployments/slow$' }]);
      const first = await putDeployment('serving', 'slow');
      assert.equal(textAt(first.body, 'properties', 'provisioningState'), 'Updating');
      assert.equal((await putDeployment('serving', 'slow')).status, 409);
      assert.equal((await online.arm('DELETE', 'onlineEndpoints/serving/deployments/slow', VERSION)).status, 409);
      await online.putTraffic('serving', { traffic: { blue: 100 } });
      online.emulator.clearFaults();
      const end = await online.operationEnd(String(first.headers['azure-asyncoperation']));
      assert.equal(end.status, 'Succeeded');
    });
  });

  describe('a deployment that fails', () => {
    it('keeps the log of a script whose init() raises, and must be deleted before it is made again', async () => {
      const path = 'onlineEndpoints/serving/deployments/broken';
      const [code, message] = await waitForFailure(await putDeployment('serving', 'broken', online.code('broken')));
      assert.equal(code, 'ResourceNotReady');
      assert.match(message ?? '', /User container has crashed or terminated/);
      assert.equal(await stateOf(path), 'Failed');

      const log = await logsOf(path);
      assert.match(log, /^Instance status:\nSystemSetup: Succeeded\n/);
      assert.match(log, /ModelDownload: Succeeded\nUserContainerStart: InProgress/);
      assert.match(log, /RuntimeError: no weights/);
      assert.match(await logsOf(path, { containerType: 'StorageInitializer' }), /Downloading model numbers:1 from/);

      const again = refusal(await putDeployment('serving', 'broken'));
      assert.equal(again[0], 400);
      assert.match(
        again[2],
        /failed during initial provisioning and is in an unrecoverable state\. Delete and re-create\./,
      );
      await online.client.onlineDeployments.beginDeleteAndWait(...online.scope, 'serving', 'broken', online.fast);
      assert.equal((await online.deploy('serving', 'broken')).properties.provisioningState, 'Succeeded');
    });

    it('for want of quota is refused at once', async () => {
      online.emulator.addFaults([{ switch: 'deploymentQuota', target: '/deployments/hungry$', count: 1 }]);
      const [status, code, text] = refusal(await putDeployment('serving', 'hungry'));
      assert.deepEqual([status, code], [400, 'BadRequest']);
      assert.match(text, /InferencingClientCreateDeploymentFailed: InferencingClient HttpRequest error/);
      assert.match(text, /Not enough quota available for Standard_DS3_v2/);
      assert.equal(await stateOf('onlineEndpoints/serving/deployments/hungry'), undefined);
    });

    it('because its image cannot be pulled says so in its events', async () => {
      online.emulator.addFaults([{ switch: 'imagePullFailure', target: '/deployments/no-image$', count: 1 }]);
      const [code] = await waitForFailure(await putDeployment('serving', 'no-image'));
      assert.equal(code, 'BadArgument');
      assert.match(await logsOf('onlineEndpoints/serving/deployments/no-image'), /UserContainerImagePull: Failed/);
    });

    it('by a fault rule with a text of its own', async () => {
      const parameters = { message: 'MemoryError: 12 GiB' };
      online.emulator.addFaults([{ switch: 'scoringScriptFailure', target: '/deployments/injected$', parameters }]);
      await waitForFailure(await putDeployment('serving', 'injected'));
      assert.match(await logsOf('onlineEndpoints/serving/deployments/injected'), /MemoryError: 12 GiB/);
    });

    it('an MLflow model without a script needs mlflow, and its log says so where it is missing', async () => {
      await online.putModel('flow', '1', { 'model/MLmodel': 'flavors:\n  python_function: {}\n' });
      const { codeConfiguration, environmentId, ...rest } = asObject(online.deploymentBody('no-code').properties);
      assert.ok(codeConfiguration !== undefined && environmentId !== undefined);
      const properties = { ...rest, model: online.id('models/flow/versions/1') };
      const path = 'onlineEndpoints/serving/deployments/no-code';
      await waitForFailure(await online.arm('PUT', path, VERSION, { ...online.deploymentBody('no-code'), properties }));
      assert.match(await logsOf(path), /No module named 'mlflow'|site-packages\/mlflow/);
    });

    it('in an update goes on serving what it served', async () => {
      const key = await online.keyOf('serving');
      await waitForFailure(await putDeployment('serving', 'green', online.code('broken')));
      assert.equal(await stateOf('onlineEndpoints/serving/deployments/green'), 'Failed');
      const answer = await online.score('serving', {}, { key, deployment: 'green' });
      assert.equal(textAt(answer.body, 'name'), 'green');
      assert.equal((await online.deploy('serving', 'green')).properties.provisioningState, 'Succeeded');
    });
  });

  it('keys and tokens of another authentication mode', async () => {
    await online.putEndpoint('by-token', { authMode: 'AMLToken' });
    assert.equal((await online.arm('POST', 'onlineEndpoints/by-token/listKeys', VERSION)).status, 400);
    assert.equal((await online.arm('POST', 'onlineEndpoints/serving/token', VERSION)).status, 400);
    const regenerate = await online.arm('POST', 'onlineEndpoints/by-token/regenerateKeys', VERSION, {
      keyType: 'Primary',
    });
    assert.equal(regenerate.status, 400);
  });

  it('a body without what is needed', async () => {
    const bad = (properties: object): Promise<Answer> =>
      online.arm('PUT', 'onlineEndpoints/bad-body', VERSION, properties);
    assert.equal((await bad({ location: 'westeurope' })).status, 400);
    assert.equal((await bad({ location: 'westeurope', properties: { authMode: 'None' } })).status, 400);
    assert.equal((await bad({ properties: { authMode: 'Key' } })).status, 400);
    assert.equal((await putDeployment('serving', 'xy')).status, 400);
  });
});
