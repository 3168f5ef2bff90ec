import assert from 'node:assert/strict';
import { at, textAt } from '../../local/emulator/json.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

describe('quota and provisioning of the emulator', function () {
  this.timeout(120_000);
  let online: OnlineWorkspace;

  before(async () => {
    online = await startOnlineWorkspace();
    await online.putAssets();
    await online.putEndpoint('limited');
  });
  after(() => online.close());
  afterEach(() => {
    online.emulator.clearFaults();
  });

  async function usage(family: string): Promise<readonly [number | undefined, number | undefined]> {
    for await (const one of online.client.usages.list('westeurope')) {
      if (one.name?.value === family) return [one.currentValue, one.limit];
    }
    return [undefined, undefined];
  }

  it('tells the cores that deployments hold, and refuses what goes beyond the limit', async () => {
    assert.deepEqual(await usage('standardDSv2Family'), [0, 500]);
    await online.deploy('limited', 'first');
    assert.deepEqual(await usage('standardDSv2Family'), [5, 500], 'four cores and a fifth more for upgrades');
    online.emulator.addFaults([{ switch: 'quotaLimit', target: 'DSv2', parameters: { limit: 9 } }]);
    assert.deepEqual(await usage('standardDSv2Family'), [5, 9]);
    const path = 'onlineEndpoints/limited/deployments/second';
    const refused = await online.arm('PUT', path, '2023-04-01-preview', online.deploymentBody('second'));
    assert.equal(refused.status, 400);
    const [detail] = at(refused.body, 'error', 'details') as unknown as readonly unknown[];
    assert.equal(textAt(detail, 'code'), 'InferencingClientCreateDeploymentFailed');
    assert.match(textAt(detail, 'message') ?? '', /Current usage\/limit: 5\/9\. Additional needed: 5/);
    // The same deployment again holds no more than it does.
    await online.deploy('limited', 'first');
  });

  it('tells the sizes of machines and the quotas, as the official client reads them', async () => {
    const sizes = await online.client.virtualMachineSizes.list('westeurope');
    const wanted = sizes.value?.find(({ name }) => name === 'Standard_DS3_v2');
    assert.deepEqual([wanted?.family, wanted?.vCPUs, wanted?.memoryGB], ['standardDSv2Family', 4, 14]);
    const limits: (number | undefined)[] = [];
    for await (const quota of online.client.quotas.list('westeurope')) limits.push(quota.limit);
    assert.ok(limits.length > 3 && limits.every((limit) => limit === 500));
  });

  for (const [name, code, message] of [
    ['imagePullFailure', 'BadArgument', /Unable to download user container image/],
    ['identityMissing', 'BadArgument', /does not have permission to perform action/],
    ['probeFailure', 'ResourceNotReady', /probe failed/],
    ['scoringScriptFailure', 'ResourceNotReady', /crashed or terminated/],
  ] as const) {
    it(`ends a provisioning as the service does after ${name}`, async () => {
      const target = `/deployments/${name.toLowerCase()}$`;
      online.emulator.addFaults([{ switch: name, target }]);
      const path = `onlineEndpoints/limited/deployments/${name.toLowerCase()}`;
      const put = await online.arm('PUT', path, '2023-04-01-preview', online.deploymentBody('x'));
      const end = await online.operationEnd(String(put.headers['azure-asyncoperation']));
      assert.deepEqual([end.status, textAt(end, 'error', 'code')], ['Failed', code]);
      assert.match(textAt(end, 'error', 'message') ?? '', message);
      const { body } = await online.arm('GET', path, '2023-04-01-preview');
      assert.equal(textAt(body, 'properties', 'provisioningState'), 'Failed');
    });
  }
});
