import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { at, asObject, isJsonObject, textAt, type Json, type JsonObject } from '../../local/emulator/json.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

/** The version the recordings were made with, and a late stable one. */
const RECORDED_VERSION = '2022-02-01-preview';
const LATE_VERSION = '2025-06-01';

const ENDPOINT_KEYS = [
  'description',
  'properties',
  'scoringUri',
  'swaggerUri',
  'authMode',
  'provisioningState',
  'compute',
  'traffic',
  'mirrorTraffic',
  'publicNetworkAccess',
];
const DEPLOYMENT_KEYS = [
  'description',
  'properties',
  'codeConfiguration',
  'environmentId',
  'environmentVariables',
  'scaleSettings',
  'requestSettings',
  'modelMountPath',
  'appInsightsEnabled',
  'livenessProbe',
  'readinessProbe',
  'provisioningState',
  'instanceType',
  'model',
  'privateNetworkConnection',
  'egressPublicNetworkAccess',
  'endpointComputeType',
];
const PROBE = { failureThreshold: 30, successThreshold: 1, timeout: 'PT2S', period: 'PT10S', initialDelay: 'PT10S' };

describe('online endpoints as the service answers them', function () {
  this.timeout(120_000);
  let online: OnlineWorkspace;

  before(async () => {
    online = await startOnlineWorkspace();
    await online.putAssets();
  });
  after(() => online.close());

  const keys = (body: unknown, ...path: string[]): string[] => Object.keys(asObject(at(body, ...path)));
  const putEndpoint = (name: string, version: string): ReturnType<OnlineWorkspace['arm']> =>
    online.arm('PUT', `onlineEndpoints/${name}`, version, {
      location: 'westeurope',
      tags: {},
      identity: { type: 'SystemAssigned' },
      properties: { authMode: 'AMLTOKEN', properties: { team: 'a' }, traffic: {}, mirrorTraffic: {} },
    });
  const ended = async (answer: { readonly headers: NodeJS.Dict<string | string[]> }): Promise<void> => {
    const end = await online.operationEnd(String(answer.headers['azure-asyncoperation']));
    assert.equal(end.status, 'Succeeded');
  };

  it('an endpoint, in the version that was recorded', async () => {
    const made = await putEndpoint('recorded-keys', RECORDED_VERSION);
    assert.deepEqual(keys(made.body), [
      'id',
      'name',
      'type',
      'properties',
      'systemData',
      'tags',
      'location',
      'kind',
      'identity',
    ]);
    assert.deepEqual(keys(made.body, 'properties').sort(), [...ENDPOINT_KEYS].sort());
    assert.deepEqual(keys(made.body, 'systemData'), ['createdAt', 'createdBy', 'lastModifiedAt']);
    assert.deepEqual(keys(made.body, 'identity'), ['type', 'principalId', 'tenantId']);
    assert.equal(textAt(made.body, 'properties', 'authMode'), 'AMLToken');
    assert.equal(textAt(made.body, 'properties', 'provisioningState'), 'Creating');
    assert.equal(at(made.body, 'properties', 'swaggerUri'), null);
    assert.equal(
      textAt(made.body, 'properties', 'properties', 'azureml.onlineendpointid'),
      online.id('onlineEndpoints/recorded-keys').toLowerCase(),
    );
    assert.equal(textAt(made.body, 'properties', 'properties', 'team'), 'a');
    await ended(made);
  });

  it('an endpoint, with the keys that came later', async () => {
    const made = await putEndpoint('late-keys', LATE_VERSION);
    assert.deepEqual(keys(made.body, 'properties').sort(), [...ENDPOINT_KEYS, 'keys'].sort());
    assert.equal(at(made.body, 'properties', 'keys'), null);
    await ended(made);
  });

  it('a deployment: probes and timeouts show once it is ready', async () => {
    await online.putEndpoint('deployment-keys');
    const path = 'onlineEndpoints/deployment-keys/deployments/main';
    const made = await online.arm('PUT', path, RECORDED_VERSION, online.deploymentBody('main'));
    assert.deepEqual(keys(made.body, 'properties').sort(), [...DEPLOYMENT_KEYS].sort());
    assert.equal(textAt(made.body, 'properties', 'provisioningState'), 'Updating');
    assert.equal(at(made.body, 'properties', 'livenessProbe'), null);
    assert.equal(textAt(made.body, 'properties', 'requestSettings', 'requestTimeout'), 'PT0S');
    assert.deepEqual(at(made.body, 'sku'), { name: 'Default', tier: 'Standard', capacity: 1 });
    assert.equal(made.headers['x-ms-ratelimit-remaining-subscription-resource-requests'], '24');
    await ended(made);

    const { body } = await online.arm('GET', path, RECORDED_VERSION);
    assert.deepEqual(at(body, 'properties', 'livenessProbe'), PROBE);
    assert.deepEqual(at(body, 'properties', 'readinessProbe'), PROBE);
    assert.deepEqual(at(body, 'properties', 'requestSettings'), {
      maxQueueWait: 'PT0S',
      requestTimeout: 'PT5S',
      maxConcurrentRequestsPerInstance: 1,
    });
    const late = await online.arm('GET', path, LATE_VERSION);
    const expected = [
      ...DEPLOYMENT_KEYS.filter((key) => key !== 'privateNetworkConnection'),
      'dataCollector',
      'startupProbe',
    ];
    assert.deepEqual(keys(late.body, 'properties').sort(), expected.sort());
  });

  it('a deletion: null, and two places to poll', async () => {
    await online.putEndpoint('to-delete');
    const answer = await online.arm('DELETE', 'onlineEndpoints/to-delete', RECORDED_VERSION);
    assert.deepEqual([answer.status, answer.text], [202, 'null']);
    const status = String(answer.headers['azure-asyncoperation']);
    assert.equal(answer.headers.location, status.replace('mfeOperationsStatus', 'mfeOperationResults'));
    await ended(answer);
    assert.equal((await online.arm('GET', 'onlineEndpoints/to-delete', RECORDED_VERSION)).status, 404);
    assert.equal((await online.arm('DELETE', 'onlineEndpoints/to-delete', RECORDED_VERSION)).status, 204);
  });

  for (const [file, path, exchanges] of [
    ['online_endpoint/create_lro', 'onlineEndpoints/recorded-endpoint', [0, 2, 3]],
    ['online_endpoint/update_traffic_lro', 'onlineEndpoints/recorded-endpoint', [2]],
  ] as const) {
    const recording = `../shared/wire/${file}.json`;
    (existsSync(recording) ? it : it.skip)(`has the recorded keys: ${file}`, async () => {
      const recorded = readExchanges(recording);
      const sent = at(recorded[0], 'request', 'body');
      const body = { ...asObject(sent), properties: { ...asObject(at(sent, 'properties')), traffic: {} } };
      const put = await online.arm('PUT', path, RECORDED_VERSION, body);
      assert.equal(put.status, 201);
      const end = await online.operationEnd(String(put.headers['azure-asyncoperation']));
      const after = await online.arm('GET', path, RECORDED_VERSION);
      const got: Record<number, unknown> = { 0: put.body, 2: end, 3: after.body };
      for (const index of exchanges) {
        assert.deepEqual(paths(got[index]), paths(at(recorded[index], 'response', 'body')), `exchange ${index}`);
      }
    });
  }

  const deployed = '../shared/wire/online_deployment/create_lro.json';
  (existsSync(deployed) ? it : it.skip)('has the recorded keys: online_deployment/create_lro', async () => {
    const recorded = readExchanges(deployed);
    await online.putEndpoint('recorded-deployment');
    const path = 'onlineEndpoints/recorded-deployment/deployments';
    const { codeConfiguration, environmentId, model } = asObject(online.deploymentBody('main').properties);
    const sent = asObject(at(recorded[0], 'request', 'body'));
    // A scoring script of ours needs its name; the recording's needs nothing.
    const properties = { ...asObject(sent.properties), codeConfiguration, environmentId, model };
    const put = await online.arm('PUT', `${path}/main`, RECORDED_VERSION, {
      ...sent,
      properties: { ...properties, environmentVariables: { NAME: 'main' } },
    });
    const nameOnly = (all: string[]): string[] =>
      all.filter(
        (one) =>
          one !== 'properties.environmentVariables.NAME' && one !== 'value.0.properties.environmentVariables.NAME',
      );
    assert.deepEqual(nameOnly(paths(put.body)), paths(at(recorded[0], 'response', 'body')));
    await ended(put);
    const list = await online.arm('GET', path, RECORDED_VERSION);
    assert.deepEqual(nameOnly(paths(list.body)), paths(at(recorded[3], 'response', 'body')));
  });
});

function readExchanges(file: string): readonly Json[] {
  const exchanges = at(JSON.parse(readFileSync(file, 'utf8')), 'exchanges');
  return Array.isArray(exchanges) ? (exchanges as readonly Json[]) : [];
}

/** Every path of keys in a value, in order: two values with the same paths have the same shape. */
function paths(value: unknown, prefix = ''): string[] {
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((item: unknown, index) => [String(index), item])
    : isJsonObject(value)
      ? Object.entries(value satisfies JsonObject)
      : [];
  return entries.flatMap(([key, item]) => [`${prefix}${key}`, ...paths(item, `${prefix}${key}.`)]).sort();
}
