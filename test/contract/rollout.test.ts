// Rollouts by the product's own code against the emulator, which counts what it really serves and knows nothing of rollouts.
import assert from 'node:assert/strict';
import type { Emulator } from '../../local/emulator/emulator.ts';
import {
  deployOnlineEndpoint,
  type DeployOutputs,
  type DeployRequest,
} from '../../tasks/common/operations/deploy-online-endpoint.ts';
import type { OperationAgent } from '../../tasks/common/operations/task-context.ts';
import type { Workspace } from '../../tasks/common/ports.ts';
import { endpointTraffic } from '../../tasks/common/domain/traffic.ts';
import { rolloutOf } from '../../tasks/common/domain/rollout-tags.ts';
import { FakeAgent, SOURCES } from '../unit/fakes/fake-agent.ts';
import { emulatedClock, openEmulated } from './azure/emulated-workspace.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

const DEPLOYMENT = `$schema: https://x/managedOnlineDeployment.schema.json
name: blue
endpoint_name: canary
model: azureml:numbers:1
environment: azureml:python:1
code_configuration: { code: azureml:scoring:1, scoring_script: score.py }
environment_variables: { NAME: candidate }
instance_type: Standard_DS3_v2
instance_count: 1
`;
const SMOKE = '{"numbers":[1,2]}';

/** Watched for six minutes, every two. */
const watched = (metrics: string): string =>
  `steps: [smoke, traffic: 50, analyse: { for: 6m, every: 2m, minimumRequests: 3, metrics: { ${metrics} } }, traffic: 100]`;

/** A step of a pipeline whose time is the emulator's. */
function rollOut(emulator: Emulator, workspace: Workspace, request: Partial<DeployRequest>): Promise<DeployOutputs> {
  const fake = new FakeAgent({ 'deployment.yml': DEPLOYMENT, 'smoke.json': SMOKE });
  const agent = Object.create(fake, {
    clock: { value: emulatedClock(emulator) },
    signal: { value: fake.signal },
  }) as OperationAgent;
  return deployOnlineEndpoint(
    { agent, workspace },
    {
      endpointFile: undefined,
      endpointName: undefined,
      endpointOverrides: [],
      deploymentOverrides: [],
      model: undefined,
      smokeAssertions: '- { path: $.sum, equals: 3 }',
      rolloutPlan: undefined,
      rolloutPlanFile: undefined,
      deploymentFile: `${SOURCES}/deployment.yml`,
      smokeRequestFile: `${SOURCES}/smoke.json`,
      network: 'asDeclared',
      keepOldDeployment: true,
      keepOldDeploymentHours: 0,
      timeoutMinutes: 300,
      allowAnalysisCommands: false,
      allowPathsOutsideSources: false,
      breakLease: false,
      ...request,
    },
    () => undefined,
  );
}

describe('a rollout against the emulator', function () {
  this.timeout(60_000);
  let online: OnlineWorkspace;
  let emulator: Emulator;
  let workspace: Workspace;
  let key: string;

  before(async () => {
    online = await startOnlineWorkspace({ speed: 500 });
    emulator = online.emulator;
    await online.putAssets();
    key = await online.putServing('canary', 'blue');
    ({ workspace } = await openEmulated(emulator));
  });
  after(() => online.close());
  beforeEach(async () => {
    emulator.clearFaults();
    await online.putTraffic('canary', { traffic: { blue: 100 } });
  });

  const deploy = (rolloutPlan: string, timeoutMinutes = 300): Promise<DeployOutputs> =>
    rollOut(emulator, workspace, { rolloutPlan, timeoutMinutes });

  /** Users ask the endpoint until the work is over. */
  async function whileAsked<T>(work: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const over = work.finally(() => (state.isOver = true));
    over.catch(() => undefined);
    while (!state.isOver) await online.score('canary', { numbers: [1, 2] }, { key });
    return over;
  }

  const endpoint = () => workspace.get('onlineEndpoints/canary');
  const assertAsBefore = async (): Promise<void> => {
    const found = await endpoint();
    assert.deepEqual([endpointTraffic(found), rolloutOf(found)], [{ blue: 100 }, undefined]);
  };

  it('is stopped by errors of a part of its answers', async () => {
    emulator.addFaults([{ switch: 'failScoring', target: '/deployments/green$', parameters: { percent: 30 } }]);
    // The smoke test is one request; the fault lets the first ones pass.
    const work = deploy(watched('errorPercent: { maximum: 5 }'));
    await assert.rejects(whileAsked(work), /green did not pass its analysis: errorPercent is \d+(\.\d+)?, above 5/);
    await assertAsBefore();
  });

  it('is stopped when it is slower than the old colour', async () => {
    emulator.addFaults([{ switch: 'slowScoring', target: '/deployments/green$', parameters: { ms: 60_000 } }]);
    const work = deploy(watched('averageMilliseconds: { maximumIncrease: 20000 }'));
    await assert.rejects(whileAsked(work), /averageMilliseconds is \d+.*, above \d+.*: the old deployment has \d+/);
    await assertAsBefore();
  });

  it('says why provisioning failed', async () => {
    const failures = [
      ['imagePullFailure', /The image could not be pulled/],
      ['scoringScriptFailure', /The scoring script failed.*RuntimeError: failure set by a fault rule/s],
    ] as const;
    for (const [name, message] of failures) {
      emulator.clearFaults();
      emulator.addFaults([{ switch: name, target: '/deployments/green$', count: 1 }]);
      await assert.rejects(deploy('steps: [traffic: 100]'), message);
      await assertAsBefore();
    }
  });

  it('gives up when provisioning is stuck, with everything as it was', async () => {
    emulator.addFaults([{ switch: 'stuckOperation', target: '/deployments/green$', count: 1 }]);
    await assert.rejects(deploy('steps: [traffic: 100]', 20), /was not done within 20 minutes/);
    assert.deepEqual(endpointTraffic(await endpoint()), { blue: 100 });
  });
});

describe('a rollout that outlives its token', function () {
  this.timeout(60_000);
  let online: OnlineWorkspace;
  before(async () => {
    online = await startOnlineWorkspace({ speed: 2000 });
  });
  after(() => online.close());

  it('goes on with fresh ones', async () => {
    const { emulator } = online;
    await online.putAssets();
    await online.putServing('canary', 'blue');
    const { workspace } = await openEmulated(emulator);
    const outputs = await rollOut(emulator, workspace, {
      rolloutPlan: 'steps: [smoke, traffic: 10, hold: 90m, traffic: 100]',
      keepOldDeploymentHours: 24,
      timeoutMinutes: 0,
    });
    assert.equal(outputs.traffic, '{"green":100}');
    const blue = await workspace.get('onlineEndpoints/canary/deployments/blue');
    assert.match(JSON.stringify(blue?.tags), /azdo\.keepUntil/);
    const tokens = emulator.requests({ method: 'POST', path: 'oauth2/v2.0/token$' }).length;
    assert.ok(tokens >= 2, `${tokens} tokens`);
  });
});
