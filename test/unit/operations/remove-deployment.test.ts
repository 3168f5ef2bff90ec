import assert from 'node:assert/strict';
import type { JsonObject } from '../../../tasks/common/domain/json.ts';
import { KEEP_UNTIL, tagsWithRollout } from '../../../tasks/common/domain/rollout-tags.ts';
import { TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import {
  removeDeployment,
  type RemoveOutputs,
  type RemoveRequest,
} from '../../../tasks/common/operations/remove-deployment.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const HOUR = 3_600_000;

describe('removing deployments', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;

  beforeEach(() => {
    agent = new FakeAgent();
    workspace = new FakeWorkspace();
    endpoint({ traffic: { green: 100, blue: 0 }, mirrorTraffic: {} });
    for (const name of ['blue', 'green']) workspace.seed(`onlineEndpoints/churn/deployments/${name}`, {});
    workspace.seed('batchEndpoints/nightly', { properties: { defaults: { deploymentName: 'green' } } });
    for (const name of ['blue', 'green']) workspace.seed(`batchEndpoints/nightly/deployments/${name}`, {});
  });

  function endpoint(properties: JsonObject, tags: JsonObject = {}): void {
    workspace.seed('onlineEndpoints/churn', { tags, properties });
  }

  const keep = (name: string, hours: number): void => {
    const until = new Date(agent.clock.now() + hours * HOUR).toISOString();
    workspace.seed(`onlineEndpoints/churn/deployments/${name}`, { tags: { [KEEP_UNTIL]: until } });
  };

  const remove = (request: Partial<RemoveRequest> = {}): Promise<RemoveOutputs> =>
    removeDeployment(
      { agent, workspace },
      {
        endpointType: 'online',
        endpointName: 'churn',
        remove: 'deployment',
        deploymentName: request.remove === undefined ? 'blue' : undefined,
        allowTraffic: false,
        ignoreKeepUntil: false,
        timeoutMinutes: 30,
        ...request,
      },
    );

  const deleted = (): readonly string[] => workspace.writes('DELETE').map(({ path }) => path);

  async function refuses(request: Partial<RemoveRequest>, message: RegExp): Promise<void> {
    await assert.rejects(
      remove(request),
      (error) => error instanceof UserError && message.test(error.message) && !error.message.includes('\n'),
      String(message),
    );
    assert.deepEqual(deleted(), []);
  }

  it('deletes a deployment without traffic, and says what is left', async () => {
    assert.deepEqual(await remove(), { removed: '["blue"]', kept: '["green"]' });
    assert.deepEqual(deleted(), ['onlineEndpoints/churn/deployments/blue']);
    assert.match(agent.summaries.join(), /Deleted: blue\. Left: green\./);
  });

  it('finds nothing to do where it is gone already, with its endpoint or without', async () => {
    assert.deepEqual(await remove({ deploymentName: 'red' }), { removed: '[]', kept: '["blue","green"]' });
    assert.deepEqual(await remove({ endpointName: 'none' }), { removed: '[]', kept: '[]' });
    assert.deepEqual(await remove({ endpointName: 'none', remove: 'endpoint' }), { removed: '[]', kept: '[]' });
    assert.deepEqual(deleted(), []);
  });

  it('refuses a deployment that somebody is sent to', async () => {
    await refuses({ deploymentName: 'green' }, /green of churn cannot be removed: it gets 100 % of the traffic/);
    endpoint({ traffic: { green: 100 }, mirrorTraffic: { blue: 10 } });
    await refuses({}, /it gets a copy of 10 % of the traffic/);
    const batch = { endpointType: 'batch', endpointName: 'nightly' } as const;
    await refuses({ ...batch, deploymentName: 'green' }, /green of nightly cannot be removed: it is the default/);
    assert.equal((await remove(batch)).removed, '["blue"]');
  });

  it('refuses while a rollout holds the endpoint, and not after its lease has ended', async () => {
    const rollout = {
      id: 'r-1',
      holder: 'step',
      state: 'waiting' as const,
      leaseUntil: agent.clock.now() + HOUR,
      found: { blue: 100 },
      foundMirror: {},
      asked: { blue: 90, green: 10 },
      before: { blue: 100 },
      deployment: 'green',
      run: 'Churn CI 4711',
    };
    endpoint({ traffic: { green: 100 } }, tagsWithRollout({}, rollout));
    const message = /A rollout is under way on the endpoint churn \(Churn CI 4711, until 2026-01-01 01:00 UTC/;
    await refuses({}, message);
    await refuses({ remove: 'endpoint', allowTraffic: true }, message);
    await refuses({ remove: 'expired' }, message);
    await agent.clock.sleep(2 * HOUR);
    assert.equal((await remove()).removed, '["blue"]');
  });

  it('keeps a deployment until its time, unless that is to be ignored', async () => {
    keep('blue', 5);
    await refuses({}, /blue is to be kept until 2026-01-01 05:00 UTC/);
    assert.equal((await remove({ ignoreKeepUntil: true })).removed, '["blue"]');
  });

  it('clears away what nobody will go back to, and nothing else', async () => {
    keep('old', -1);
    keep('older', -48);
    keep('young', 1);
    keep('green', -1);
    const outputs = await remove({ remove: 'expired' });
    assert.deepEqual(JSON.parse(outputs.removed), ['older', 'old']);
    assert.deepEqual(JSON.parse(outputs.kept), ['blue', 'green', 'young']);
    assert.match(agent.log.warnings.join(), /green: its time is over, but it gets 100 % of the traffic/);
    assert.match(agent.log.text, /young: to be kept until .*blue: no rollout has set a time/s);
  });

  it('deletes a whole endpoint only when nobody is sent there, or when it is told to', async () => {
    await refuses({ remove: 'endpoint' }, /churn is in use: its deployment green gets 100 % .*'allowTraffic: true'/);
    const batch = { endpointType: 'batch', endpointName: 'nightly', remove: 'endpoint' } as const;
    await refuses(batch, /nightly is in use: its deployment green is the default deployment/);
    assert.deepEqual(await remove({ remove: 'endpoint', allowTraffic: true }), { removed: '["churn"]', kept: '[]' });
  });

  it('asks anew whether a deployment may go when another operation has kept the endpoint busy', async () => {
    let refusals = 1;
    workspace.fault = (method) => {
      if (method !== 'DELETE' || --refusals < 0) return;
      endpoint({ traffic: { green: 50, blue: 50 } });
      throw serviceError(409);
    };
    await assert.rejects(remove(), /blue of churn cannot be removed: it gets 50 %/);
  });

  it('gives up after the time limit', async () => {
    workspace.fault = (method) => {
      if (method === 'DELETE') throw serviceError(409);
    };
    await assert.rejects(remove({ timeoutMinutes: 5 }), TimedOutError);
  });

  it('says which inputs do not go together', async () => {
    await refuses({ deploymentName: undefined }, /'deploymentName' is needed/);
    await refuses({ remove: 'expired', deploymentName: 'blue' }, /has no meaning with 'remove: expired'/);
    await refuses({ allowTraffic: true }, /for a whole endpoint only/);
    await refuses({ timeoutMinutes: -1 }, /'timeoutMinutes' must be 0/);
  });
});
