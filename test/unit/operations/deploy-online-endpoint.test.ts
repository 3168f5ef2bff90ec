import assert from 'node:assert/strict';
import { textAt, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { CancelledError, ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import {
  deployOnlineEndpoint,
  type DeployOutputs,
  type DeployRequest,
} from '../../../tasks/common/operations/deploy-online-endpoint.ts';
import { restoreUnfinishedRollout, unfinishedRollout } from '../../../tasks/common/operations/rollout-memory.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const FILES = {
  'endpoint.yml': '$schema: https://x/managedOnlineEndpoint.schema.json\nname: churn\nauth_mode: key\n',
  'deployment.yml':
    '$schema: https://x/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: churn\nmodel: azureml:m:1\n' +
    'instance_type: Standard_DS3_v2\ninstance_count: 1\n',
  'smoke.json': '{"data":[1]}',
};

describe('deploying to an online endpoint', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let published: Partial<DeployOutputs>;

  beforeEach(() => {
    agent = new FakeAgent(FILES);
    workspace = new FakeWorkspace();
    workspace.seed('models/m/versions/1', {});
    workspace.seed('models/m/versions/2', {});
    published = {};
  });

  const deploy = (request: Partial<DeployRequest> = {}): Promise<DeployOutputs> =>
    deployOnlineEndpoint(
      { agent, workspace },
      {
        endpointFile: `${SOURCES}/endpoint.yml`,
        deploymentFile: `${SOURCES}/deployment.yml`,
        endpointName: undefined,
        endpointOverrides: [],
        deploymentOverrides: [],
        model: undefined,
        network: 'private',
        smokeRequestFile: `${SOURCES}/smoke.json`,
        smokeAssertions: undefined,
        keepOldDeployment: true,
        keepOldDeploymentHours: 0,
        rolloutPlanFile: undefined,
        rolloutPlan: undefined,
        allowAnalysisCommands: false,
        breakLease: false,
        timeoutMinutes: 60,
        allowPathsOutsideSources: false,
        ...request,
      },
      (outputs) => {
        published = { ...published, ...outputs };
      },
    );

  function seedLive(fields: JsonObject = {}): void {
    workspace.seed('onlineEndpoints/churn', {
      location: 'westeurope',
      tags: { team: 'risk' },
      identity: { type: 'SystemAssigned', principalId: 'p' },
      properties: {
        authMode: 'Key',
        publicNetworkAccess: 'Disabled',
        provisioningState: 'Succeeded',
        scoringUri: 'https://churn.westeurope.inference.ml.azure.com/score',
        traffic: { blue: 100 },
        ...fields,
      },
    });
    workspace.seed('onlineEndpoints/churn/deployments/blue', {
      properties: { model: '/models/m/versions/0', provisioningState: 'Succeeded' },
    });
  }

  const traffic = (): unknown => (workspace.resources.get('onlineEndpoints/churn')?.properties as JsonObject).traffic;
  const bodyOf = (path: string): JsonObject =>
    (workspace.writes().find((call) => call.path === path)?.body?.properties ?? {}) as JsonObject;
  const again = (): void => {
    agent = new FakeAgent(FILES);
  };

  it('creates the endpoint and the first deployment, and gives it all traffic', async () => {
    const outputs = await deploy();
    assert.deepEqual(outputs, {
      endpointName: 'churn',
      deploymentName: 'blue',
      scoringUri: 'https://e.westeurope.inference.ml.azure.com/score',
      previousDeployment: undefined,
      traffic: '{"blue":100}',
      rolloutState: 'finished',
    });
    assert.deepEqual(traffic(), { blue: 100 });
    assert.deepEqual(bodyOf('onlineEndpoints/churn').traffic, {}, 'nothing has traffic before it was tested');
    assert.match(agent.summaries.join(), /Rollout of churn: done.*blue has all traffic\. \| blue 100 %/s);
  });

  it('turns public access off, and says nothing about egress in a managed network', async () => {
    workspace.seed('', {
      location: 'westeurope',
      properties: { managedNetwork: { isolationMode: 'AllowOnlyApprovedOutbound' } },
    });
    await deploy();
    assert.equal(bodyOf('onlineEndpoints/churn').publicNetworkAccess, 'Disabled');
    assert.ok(!('egressPublicNetworkAccess' in bodyOf('onlineEndpoints/churn/deployments/blue')));
  });

  it('turns egress off where the flag has an effect', async () => {
    await deploy();
    assert.equal(bodyOf('onlineEndpoints/churn/deployments/blue').egressPublicNetworkAccess, 'Disabled');
  });

  it('sends the YAML as it is where that is asked for', async () => {
    await deploy({ network: 'asDeclared', endpointOverrides: ['public_network_access=enabled'] });
    assert.match(textAt(bodyOf('onlineEndpoints/churn'), 'publicNetworkAccess') ?? '', /enabled/i);
  });

  it('stops when the endpoint stays public all the same', async () => {
    const put = workspace.put.bind(workspace);
    workspace.put = async (path, body, options) => {
      const answer = await put(path, body, options);
      return { ...answer, properties: { ...(answer.properties as JsonObject), publicNetworkAccess: 'Enabled' } };
    };
    await assert.rejects(deploy(), /can still be reached from the internet/);
    assert.ok(!workspace.writes().some(({ path }) => path.includes('/deployments/')));
  });

  it('tests the other colour before it gets traffic, then shifts, then tests again', async () => {
    seedLive();
    const seen: unknown[] = [];
    workspace.scorer = ({ deployment }) => {
      seen.push([deployment, traffic()]);
      return {};
    };
    const outputs = await deploy({ model: 'm:2' });
    assert.deepEqual([outputs.deploymentName, outputs.previousDeployment], ['green', 'blue']);
    assert.deepEqual(seen, [
      ['green', { blue: 100 }],
      [undefined, { green: 100 }],
    ]);
    assert.match(textAt(bodyOf('onlineEndpoints/churn/deployments/green'), 'model') ?? '', /\/models\/m\/versions\/2$/);
    assert.equal(workspace.scored[0]?.authorization.kind, 'bearer');
    assert.deepEqual(agent.secrets.slice(0, 1), ['key-1']);
  });

  it('changes nothing but the traffic when it shifts', async () => {
    seedLive({ authMode: 'Key', description: 'kept' });
    await deploy({ endpointFile: undefined });
    const writes = workspace.writes().filter(({ path }) => path === 'onlineEndpoints/churn');
    const shift = writes.find(({ body }) => JSON.stringify(body).includes('"green":100'))?.body;
    const tags = Object.entries((shift?.tags ?? {}) as JsonObject).filter(([name]) => !name.startsWith('azdo.rollout'));
    assert.deepEqual(
      { ...shift, tags: Object.fromEntries(tags) },
      {
        location: 'westeurope',
        tags: { team: 'risk' },
        identity: { type: 'SystemAssigned' },
        properties: { authMode: 'Key', description: 'kept', publicNetworkAccess: 'Disabled', traffic: { green: 100 } },
      },
    );
  });

  it('leaves an endpoint alone that is as its file says', async () => {
    seedLive();
    workspace.seed('onlineEndpoints/churn', { ...workspace.resources.get('onlineEndpoints/churn'), tags: {} });
    await deploy();
    assert.deepEqual(
      workspace.writes().map(({ path }) => path),
      // Reserved, deployed to, shifted, given free.
      [
        'onlineEndpoints/churn',
        'onlineEndpoints/churn/deployments/green',
        'onlineEndpoints/churn',
        'onlineEndpoints/churn',
      ],
    );
  });

  it('deletes the old deployment where that is asked for, after the shift', async () => {
    seedLive();
    await deploy({ keepOldDeployment: false });
    assert.deepEqual(
      workspace.writes('DELETE').map(({ path }) => path),
      ['onlineEndpoints/churn/deployments/blue'],
    );
  });

  it('has nothing to do when the same is live already', async () => {
    await deploy();
    again();
    const before = workspace.writes().length;
    const outputs = await deploy();
    assert.equal(outputs.deploymentName, 'blue');
    assert.equal(workspace.writes().length, before);
    assert.match(agent.log.text, /already serves exactly this/);
  });

  it('does not shift when the new deployment fails its smoke test', async () => {
    seedLive();
    workspace.scorer = () => ({ status: 424, body: 'ValueError: no model' });
    await assert.rejects(
      deploy(),
      /green did not pass its smoke test: The status is 424, not 200\. The endpoint says: ValueError/,
    );
    assert.deepEqual(traffic(), { blue: 100 });
    assert.equal(unfinishedRollout(agent.memory), undefined);
  });

  it('checks what the answer says, not only its status', async () => {
    seedLive();
    workspace.scorer = () => ({ body: '{"predictions":[0.2]}' });
    const smokeAssertions = '- { path: "$.predictions[0]", equals: 0.9, tolerance: 0.05 }';
    await assert.rejects(deploy({ smokeAssertions }), /\$\.predictions\[0\] is 0\.2, not 0\.9 within 0\.05/);
    assert.deepEqual(traffic(), { blue: 100 });
  });

  it('waits for routes that are still being made', async () => {
    seedLive();
    let asked = 0;
    workspace.scorer = () => ({ status: ++asked < 4 ? 404 : 200 });
    await deploy();
    assert.deepEqual(traffic(), { green: 100 });
  });

  it('restores the traffic it found when the endpoint does not answer after the shift', async () => {
    seedLive({ traffic: { blue: 90, old: 10 } });
    workspace.scorer = ({ deployment }) => ({ status: deployment === undefined ? 500 : 200 });
    await assert.rejects(deploy(), /churn did not pass its smoke test/);
    assert.deepEqual(traffic(), { blue: 90, old: 10 });
    assert.equal(unfinishedRollout(agent.memory), undefined);
    assert.match(agent.summaries.join(), /Rollout of churn: failed.*The traffic is as it was found/s);
  });

  it('restores the traffic when the shift itself fails half way', async () => {
    seedLive();
    const put = workspace.put.bind(workspace);
    let failures = 1;
    workspace.put = async (path, body, options) => {
      const answer = await put(path, body, options);
      const isShift = path === 'onlineEndpoints/churn' && JSON.stringify(body).includes('"green":100');
      if (isShift && failures-- > 0) throw serviceError(500);
      return answer;
    };
    await assert.rejects(deploy(), ServiceError);
    assert.deepEqual(traffic(), { blue: 100 });
  });

  it('shows the container’s log when the deployment cannot be created, and shifts nothing', async () => {
    seedLive();
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path.endsWith('/green')) throw serviceError(400, 'BadRequest', 'Liveness probe failed.');
    };
    await assert.rejects(deploy(), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.match(
        error.message,
        /The deployment green failed: Liveness probe failed\. The scoring script failed: see the lines below/,
      );
      assert.match(error.message, /Last lines of the container's log:\n {2}Traceback: no model/);
      return true;
    });
    assert.deepEqual(traffic(), { blue: 100 });
    assert.equal(published.deploymentName, 'green');
  });

  it('replaces the failed deployment of an earlier run', async () => {
    seedLive();
    workspace.seed('onlineEndpoints/churn/deployments/green', { properties: { provisioningState: 'Failed' } });
    await deploy();
    assert.deepEqual(
      workspace.writes('DELETE').map(({ path }) => path),
      ['onlineEndpoints/churn/deployments/green'],
    );
    assert.deepEqual(traffic(), { green: 100 });
  });

  it('waits while another operation keeps the endpoint busy', async () => {
    seedLive();
    let busy = 5;
    workspace.fault = (method) => {
      if (method === 'PUT' && busy-- > 0) throw serviceError(409, 'Conflict', 'it is in Updating provisioning state.');
    };
    await deploy();
    assert.deepEqual(traffic(), { green: 100 });
  });

  it('shifts nothing when somebody else has changed the traffic meanwhile', async () => {
    seedLive();
    workspace.scorer = () => {
      const endpoint = workspace.resources.get('onlineEndpoints/churn');
      const properties = endpoint?.properties as JsonObject;
      workspace.resources.set('onlineEndpoints/churn', {
        ...endpoint,
        properties: { ...properties, traffic: { blue: 50, other: 50 } },
      });
      return {};
    };
    await assert.rejects(deploy({ endpointFile: undefined }), /somebody else changes it/);
    assert.deepEqual(traffic(), { blue: 50, other: 50 });
  });

  it('gives up after the time limit', async () => {
    seedLive();
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path.endsWith('/green')) throw serviceError(409);
    };
    await assert.rejects(
      deploy({ timeoutMinutes: 5 }),
      (error) => error instanceof TimedOutError && error.message.includes('within 5 minutes'),
    );
    assert.deepEqual(traffic(), { blue: 100 });
  });

  it('restores the traffic when the time limit passes in the middle of the shift', async () => {
    seedLive();
    let stuck = true;
    workspace.fault = (method, path) => {
      if (method === 'SCORE' && path === '' && stuck) throw serviceError(0);
    };
    agent.clock.onTick = (elapsed) => {
      if (elapsed >= 20_000) stuck = false;
    };
    await assert.rejects(deploy({ timeoutMinutes: 0.25 }), TimedOutError);
    assert.deepEqual(traffic(), { blue: 100 });
  });

  it('lets the post-job step restore the traffic when the step is cancelled in the middle of the shift', async () => {
    seedLive();
    workspace.scorer = ({ deployment }) => {
      if (deployment !== undefined) return {};
      agent.cancel();
      return { status: 404 };
    };
    await assert.rejects(deploy(), CancelledError);
    assert.deepEqual(traffic(), { green: 100 });
    const { variables } = agent;
    again();
    for (const [name, value] of variables) agent.variables.set(name, value);
    await restoreUnfinishedRollout({ agent, workspace });
    assert.deepEqual(traffic(), { blue: 100 });
    await restoreUnfinishedRollout({ agent, workspace });
    assert.equal(unfinishedRollout(agent.memory), undefined);
  });

  it('refuses, before anything is changed, what it could not do well', async () => {
    seedLive();
    const refusals: readonly (readonly [Partial<DeployRequest>, RegExp])[] = [
      [
        { endpointOverrides: ['public_network_access=enabled'] },
        /would leave the endpoint public.*network: asDeclared/,
      ],
      [{ deploymentOverrides: ['egress_public_network_access=enabled'] }, /reach the internet/],
      [{ deploymentOverrides: ['endpoint_name=other'] }, /endpoint 'churn'|'other'/],
      [{ deploymentOverrides: ['name=x'] }, /name/],
      [{ deploymentOverrides: ['instance_cont=2'] }, /instance_cont.*instance_count/],
      [{ endpointFile: undefined, endpointName: 'none' }, /There is no online endpoint 'none'/],
      [{ endpointFile: undefined, endpointOverrides: ['a=b'] }, /needs 'endpointFile'/],
      [{ model: 'm' }, /'model' must be name:version/],
      [{ smokeRequestFile: `${SOURCES}/none.json` }, /no request file/],
      [{ smokeRequestFile: undefined, smokeAssertions: '- status: 200' }, /needs 'smokeRequestFile'/],
      [{ smokeAssertions: '- { path: x, equals: 1 }' }, /JSON path/],
      [{ timeoutMinutes: -1 }, /'timeoutMinutes'/],
    ];
    for (const [request, message] of refusals) {
      await assert.rejects(
        deploy(request),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
    }
    assert.deepEqual([workspace.writes(), workspace.writes('DELETE'), workspace.uploads], [[], [], []]);
  });

  it('refuses a public endpoint it is not given the file of', async () => {
    seedLive({ publicNetworkAccess: 'Enabled' });
    await assert.rejects(deploy({ endpointFile: undefined }), /The endpoint is public/);
  });

  it('refuses a rollout while both colours have traffic', async () => {
    seedLive({ traffic: { blue: 90, green: 10 } });
    await assert.rejects(deploy(), /blue 90 %, green 10 %.*finish the rollout of churn first/);
    assert.deepEqual(workspace.writes(), []);
  });
});
