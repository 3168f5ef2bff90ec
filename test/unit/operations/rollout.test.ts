import assert from 'node:assert/strict';
import { CancelledError, ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import { unfinishedRollout } from '../../../tasks/common/operations/rollout-memory.ts';
import { SOURCES } from '../fakes/fake-agent.ts';
import { serviceError } from '../fakes/fake-workspace.ts';
import { RolloutBench } from './rollout-bench.ts';

const ANALYSIS = 'analyse: { for: 10m, every: 2m, minimumRequests: 10, metrics: { errorPercent: { maximum: 1 } } }';
const CANARY = `steps: [smoke, mirror: 10, hold: 5m, traffic: 10, ${ANALYSIS}, traffic: 50, hold: 5m, traffic: 100, finish]`;

const GREEN = { green: 100 };
const BLUE = { blue: 100 };

describe('a staged rollout', () => {
  let bench: RolloutBench;

  beforeEach(() => {
    bench = new RolloutBench();
    bench.served.set('green', { requests: 20 });
    bench.served.set('blue', { requests: 180 });
  });

  const canary = (request = {}) => bench.deploy({ rolloutPlan: CANARY, ...request });

  it('mirrors, shifts step by step, and ends with everything on the new colour', async () => {
    const outputs = await canary();
    assert.equal(outputs.rolloutState, 'finished');
    assert.deepEqual(bench.history, [
      '[{"blue":100},{}]',
      '[{"blue":100},{"green":10}]',
      '[{"blue":90,"green":10},{}]',
      '[{"blue":50,"green":50},{}]',
      '[{"green":100},{}]',
    ]);
    assert.equal(bench.rollout?.state, 'finished');
    assert.match(bench.agent.log.text, /Analysis of green: requests \d+, errorPercent 0\./);
    assert.match(
      bench.agent.summaries.join(),
      /Rollout of churn: done.*green has 10 % of the traffic\..*Held for 5 min/s,
    );
  });

  it('holds as long as it is told to', async () => {
    const started = bench.agent.clock.now();
    await canary();
    const minutes = (bench.agent.clock.now() - started) / 60_000;
    assert.ok(minutes >= 20 && minutes < 22, `${minutes} min`);
  });

  it('keeps the old colour for so many hours, and says it where the clean-up looks', async () => {
    await canary({ keepOldDeploymentHours: 24 });
    const until = (bench.deployment('blue')?.tags as Record<string, string>)['azdo.keepUntil'] ?? '';
    assert.equal(Date.parse(until), bench.agent.clock.now() + 24 * 3_600_000);
    bench = new RolloutBench();
    await bench.deploy({ rolloutPlan: 'steps: [traffic: 100, finish: { oldDeployment: delete }]' });
    assert.equal(bench.deployment('blue'), undefined);
  });

  it('gives the first deployment everything at once, whatever the plan says', async () => {
    bench.workspace.resources.delete('onlineEndpoints/churn');
    bench.workspace.resources.delete('onlineEndpoints/churn/deployments/blue');
    await canary({ endpointFile: `${SOURCES}/endpoint.yml` });
    assert.deepEqual(bench.traffic, BLUE);
    assert.match(bench.agent.log.text, /first deployment/);
  });

  describe('restores the traffic it found', () => {
    const fails = async (message: RegExp, work: Promise<unknown>): Promise<void> => {
      await assert.rejects(work, (error) => error instanceof Error && message.test(error.message));
      assert.deepEqual([bench.traffic, bench.mirror, bench.rollout], [BLUE, {}, undefined]);
      assert.equal(unfinishedRollout(bench.agent.memory), undefined);
    };

    it('when five percent of the answers are errors', async () => {
      bench.served.set('green', { requests: 20, errors: 1 });
      await fails(/green did not pass its analysis: errorPercent is 5, above 1\./, canary());
      assert.match(bench.agent.summaries.join(), /Rollout of churn: failed.*The traffic is as it was found/s);
    });

    it('when it is slower than the old colour', async () => {
      bench.served.set('blue', { requests: 180, p95: 100 });
      bench.served.set('green', { requests: 20, p95: 130 });
      const steps = 'traffic: 10, analyse: { metrics: { p95Milliseconds: { maximumIncrease: 20% } } }, traffic: 100';
      await fails(
        /p95Milliseconds is 130, above 120: the old deployment has 100/,
        canary({ rolloutPlan: `steps: [${steps}]` }),
      );
    });

    it('when nothing is measured: what is not measured is not passed', async () => {
      bench.served.delete('green');
      await fails(/Azure Monitor has no value of requests \(0 of at least 10\) after 10 min/, canary());
    });

    it('when Azure Monitor cannot be read', async () => {
      bench.workspace.fault = (method) => {
        if (method === 'METRICS') throw serviceError(403, 'AuthorizationFailed', 'no Monitoring Reader');
      };
      await fails(/no Monitoring Reader/, canary());
    });

    it('when its own requests fail', async () => {
      let asked = 0;
      bench.workspace.scorer = ({ deployment }) => ({ status: deployment === 'green' && ++asked > 5 ? 500 : 200 });
      const steps = 'traffic: 10, analyse: { smoke: { requests: 20, allowedFailures: 2 } }, traffic: 100';
      await fails(
        /4 of 20 smoke requests to green passed, at most 2 may fail/,
        canary({ rolloutPlan: `steps: [${steps}]` }),
      );
    });

    it('when a command says no, with the end of what it said', async () => {
      bench.agent.commandResult = { exitCode: 3, output: 'drift is 0.4' };
      const steps = 'traffic: 10, analyse: { command: { run: [python3, drift.py] } }, traffic: 100';
      const work = canary({ rolloutPlan: `steps: [${steps}]`, allowAnalysisCommands: true });
      await fails(/'python3 drift\.py' ended with 3\. drift is 0\.4/, work);
      const { line, environment } = bench.agent.commands[0] ?? {};
      assert.deepEqual(line, ['python3', 'drift.py']);
      assert.deepEqual([environment?.AML_ENDPOINT, environment?.AML_OLD_DEPLOYMENT], ['churn', 'blue']);
    });

    it('when its time is over in the middle of a hold', async () => {
      bench.provisionFor(8 * 60_000);
      const shorter = CANARY.replaceAll('5m', '1m');
      await fails(/was not done within 15 minutes/, canary({ rolloutPlan: shorter, timeoutMinutes: 15 }));
    });

    it('when provisioning is stuck', async () => {
      bench.provisionFor(1e9);
      await assert.rejects(canary(), TimedOutError);
      assert.deepEqual([bench.traffic, bench.rollout], [BLUE, undefined]);
    });

    it('after others have kept the endpoint busy, too', async () => {
      let busy = 0;
      bench.served.set('green', { requests: 20, errors: 20 });
      bench.workspace.fault = (method, path) => {
        if (method === 'PUT' && path === 'onlineEndpoints/churn' && ++busy % 3 !== 0) throw serviceError(409);
      };
      await fails(/did not pass its analysis/, canary());
    });
  });

  it('says plainly what it could not restore, and fails again in the post-job step', async () => {
    bench.served.set('green', { requests: 20, errors: 20 });
    let isDown = false;
    bench.workspace.fault = (method, path) => {
      if (method === 'METRICS') isDown = true;
      if (isDown && method === 'PUT' && path === 'onlineEndpoints/churn')
        throw serviceError(500, 'Down', 'the service is down');
    };
    await assert.rejects(
      canary(),
      /did not pass its analysis.*could NOT be restored and may be in between: the service is down/s,
    );
    assert.deepEqual(bench.traffic, { blue: 90, green: 10 });
    await assert.rejects(bench.postJob(), /could NOT be restored/);
    bench.workspace.fault = () => undefined;
    await bench.postJob();
    assert.deepEqual(bench.traffic, BLUE);
  });

  it('leaves the traffic to whoever has changed it meanwhile', async () => {
    bench.served.set('green', { requests: 20, errors: 20 });
    bench.workspace.fault = (method) => {
      if (method === 'METRICS') bench.changeTraffic({ blue: 30, green: 70 });
    };
    await assert.rejects(canary(), /did not pass its analysis/);
    assert.deepEqual(bench.traffic, { blue: 30, green: 70 });
    assert.match(bench.agent.log.text, /left as it is: somebody else has changed its traffic/);
    assert.equal(bench.rollout, undefined);
  });

  it('stops shifting when somebody else shifts', async () => {
    bench.workspace.scorer = () => {
      bench.changeTraffic({ blue: 30, other: 70 });
      return {};
    };
    await assert.rejects(canary(), /somebody else changes it/);
    assert.deepEqual(bench.traffic, { blue: 30, other: 70 });
  });

  it('leaves a cancelled rollout to the post-job step', async () => {
    bench.agent.clock.onTick = (elapsed) => {
      if (elapsed > 7 * 60_000) bench.agent.cancel();
    };
    await assert.rejects(canary(), CancelledError);
    assert.deepEqual(bench.traffic, { blue: 90, green: 10 });
    await bench.postJob();
    assert.deepEqual([bench.traffic, bench.rollout], [BLUE, undefined]);
    await bench.postJob();
    assert.deepEqual(bench.traffic, BLUE);
  });

  describe('killed at each write', () => {
    for (const when of ['before', 'after'] as const) {
      it(`is restored by the post-job step (${when} the service has done it)`, async () => {
        for (let write = 1; ; write += 1) {
          bench = new RolloutBench();
          bench.served.set('green', { requests: 20 });
          if (!(await bench.killAt(write, when, () => canary({ keepOldDeploymentHours: 1 })))) break;
          const isDone = bench.rollout?.state === 'finished';
          await bench.postJob();
          assert.deepEqual(bench.traffic, isDone ? GREEN : BLUE, `write ${write}`);
          assert.deepEqual(bench.mirror, {}, `write ${write}`);
          assert.ok(isDone || bench.rollout === undefined, `write ${write}`);
        }
      });

      it(`is carried out by a second run of the same step (${when} the service has done it)`, async () => {
        let write = 1;
        for (; ; write += 1) {
          bench = new RolloutBench();
          bench.served.set('green', { requests: 20 });
          bench.served.set('blue', { requests: 180 });
          if (!(await bench.killAt(write, when, () => canary()))) break;
          bench.next();
          const outputs = await canary();
          assert.deepEqual(bench.traffic, GREEN, `write ${write}`);
          assert.equal(outputs.deploymentName, 'green', `write ${write}`);
          assert.notEqual(bench.rollout?.state, 'running', `write ${write}`);
        }
        assert.ok(write > 6, `${write} writes`);
      });

      it(`is undone first by another run, once its lease has ended (${when} the service has done it)`, async () => {
        for (let write = 1; ; write += 1) {
          bench = new RolloutBench();
          bench.served.set('green', { requests: 20 });
          bench.served.set('blue', { requests: 180 });
          if (!(await bench.killAt(write, when, () => canary()))) break;
          const isHeld = bench.rollout?.state === 'running';
          bench.next({ buildId: '4712' });
          if (isHeld) {
            const before = bench.history.length;
            await assert.rejects(canary(), /Another rollout of churn is under way \(Churn CI, run 4711;/);
            assert.equal(bench.history.length, before, 'nothing is changed meanwhile');
            await bench.agent.clock.sleep(5 * 3_600_000);
          }
          await canary();
          assert.deepEqual(bench.traffic, GREEN, `write ${write}`);
        }
      });
    }
  });

  it('can be run twice', async () => {
    await canary();
    bench.next();
    const writes = bench.workspace.writes().length;
    assert.equal((await canary()).rolloutState, 'unchanged');
    assert.equal(bench.workspace.writes().length, writes);
  });

  it('breaks the lease of a dead rollout where that is asked for', async () => {
    await bench.killAt(4, 'after', () => canary());
    bench.next({ buildId: '4712' });
    await assert.rejects(canary(), /breakLease/);
    await canary({ breakLease: true });
    assert.deepEqual(bench.traffic, GREEN);
  });

  it('lets one of two rollouts through that begin at the same time', async () => {
    const first = canary();
    bench.next({ buildId: '4712' });
    const results = await Promise.allSettled([first, canary()]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const [failure] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    assert.match(failure?.message ?? '', /Another rollout of churn is under way/);
    assert.deepEqual(bench.traffic, GREEN);
  });

  describe('says beforehand, all at once and with nothing changed,', () => {
    it('what is wrong with plan, files and service', async () => {
      bench.workspace.seed('models/m/versions/2', {});
      bench.workspace.resources.delete('models/m/versions/2');
      const size = { name: 'Standard_DS4_v2', family: 'standardDSv2Family', vCPUs: 8 };
      bench.workspace.seed('locations/westeurope/vmSizes', { value: [size] });
      const work = bench.deploy({
        endpointFile: `${SOURCES}/endpoint.yml`,
        endpointOverrides: ['traffic.blue=90', 'public_network_access=enabled'],
        rolloutPlan: 'steps: [traffic: 10]',
        smokeRequestFile: undefined,
        smokeAssertions: '- status: 200',
        keepOldDeploymentHours: -1,
      });
      await assert.rejects(work, (error) => {
        assert.ok(error instanceof UserError);
        for (const message of [
          /'keepOldDeploymentHours' must be 0/,
          /needs 'smokeRequestFile'/,
          /The plan never ends/,
          /would leave the endpoint public/,
          /The model 'm:2' does not exist in this workspace/,
          /The traffic blue 90 % makes 90 %, not 100 %/,
          /'Standard_DS3_v2' is no machine size .* Did you mean Standard_DS4_v2\?/,
        ]) {
          assert.match(error.message, message);
        }
        return true;
      });
      assert.deepEqual([bench.workspace.writes(), bench.workspace.uploads], [[], []]);
    });

    const usage = (type: string, name: string, currentValue: number, limit: number) => ({
      id: '/subscriptions/sub/usages',
      type: `Microsoft.MachineLearningServices/${type}/usages`,
      name: { value: name },
      currentValue,
      limit,
    });

    it('that blue and green together do not fit into the quota', async () => {
      const family = 'Standard DSv2 Family Cluster Dedicated vCPUs';
      const size = { name: 'Standard_DS3_v2', family: 'standardDSv2Family', vCPUs: 4 };
      bench.workspace.seed('locations/westeurope/vmSizes', { value: [size] });
      bench.workspace.seed('locations/westeurope/usages/a', usage('vmFamily', family, 12, 15));
      bench.workspace.seed('locations/westeurope/usages/b', usage('workspaces', family, 0, 0));
      await assert.rejects(
        canary(),
        /1 × Standard_DS3_v2 .* need 4 more vCPUs of '.*DSv2.*' in westeurope, and 3 of 15/,
      );
      assert.deepEqual(bench.workspace.writes(), []);
      bench.workspace.seed('locations/westeurope/usages/a', usage('vmFamily', family, 12, 17));
      await canary();
      assert.match(bench.agent.log.warnings.join(), /not the fifth that the service keeps/);
    });

    it('nothing but a warning where it may not look', async () => {
      bench.workspace.fault = (_, path) => {
        if (path.startsWith('locations/')) throw serviceError(403, 'AuthorizationFailed', 'not allowed');
      };
      await canary();
      assert.match(
        bench.agent.log.warnings.join(),
        /Not checked beforehand: the machine sizes of westeurope \(not allowed\)/,
      );
    });

    it('that a private registry has nothing to build the image with', async () => {
      const registry = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acr';
      bench.workspace.seed('', { location: 'westeurope', properties: { containerRegistry: registry } });
      bench.workspace.seed(registry, { properties: { publicNetworkAccess: 'Disabled' } });
      bench.agent.files.content.set(`${SOURCES}/conda.yml`, 'dependencies: [python=3.11]\n');
      const work = canary({
        deploymentOverrides: ['environment.image=ubuntu', 'environment.conda_file=conda.yml', 'environment.name=e'],
      });
      await assert.rejects(work, /registry acr is private, and no image build compute is set/);
    });

    it('that the agent does not reach the private endpoint privately', async () => {
      bench.workspace.publicRoute = 'churn.westeurope.inference.ml.azure.com resolves to the public address 20.1.2.3.';
      await canary();
      assert.match(bench.agent.log.warnings.join(), /does not reach it privately: .*20\.1\.2\.3/);
    });
  });

  describe('on Kubernetes', () => {
    const compute =
      '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/aks';
    const cluster = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks';
    const overrides = ['type=kubernetes'];

    beforeEach(() => {
      bench.seedLive(BLUE, { compute, publicNetworkAccess: null });
      bench.workspace.seed('', { location: 'westeurope', properties: { publicNetworkAccess: 'Disabled' } });
      bench.workspace.seed('computes/aks', { properties: { computeType: 'Kubernetes', resourceId: cluster } });
    });
    const extension = (configurationSettings: Record<string, string>) =>
      bench.workspace.seed(`${cluster}/providers/Microsoft.KubernetesConfiguration/extensions/amlarc`, {
        properties: { extensionType: 'Microsoft.AzureML.Kubernetes', configurationSettings },
      });
    const k8s = (request = {}) => bench.deploy({ deploymentOverrides: overrides, ...request });

    it('lets a cluster with an internal load balancer through, and asks for no public access property', async () => {
      extension({ inferenceRouterServiceType: 'LoadBalancer', internalLoadBalancerProvider: 'azure' });
      await k8s();
      assert.deepEqual(bench.traffic, GREEN);
      assert.ok(!('egressPublicNetworkAccess' in ((bench.deployment('green')?.properties ?? {}) as object)));
    });

    it('refuses a cluster that serves at a public address, or does not say', async () => {
      await assert.rejects(k8s(), /cannot be told/);
      extension({ inferenceRouterServiceType: 'LoadBalancer' });
      await assert.rejects(k8s(), /serves its endpoints at a public address/);
      await k8s({ network: 'asDeclared' });
      assert.deepEqual(bench.traffic, GREEN);
    });

    it('refuses a workspace with public access', async () => {
      bench.workspace.seed('', { location: 'westeurope', properties: { publicNetworkAccess: 'Enabled' } });
      extension({ inferenceRouterServiceType: 'ClusterIP' });
      await assert.rejects(k8s(), /The workspace has public network access/);
    });

    it('refuses what does not fit the endpoint’s kind', async () => {
      extension({ inferenceRouterServiceType: 'ClusterIP' });
      await assert.rejects(bench.deploy(), /set 'type: kubernetes'/);
      await assert.rejects(k8s({ rolloutPlan: 'steps: [mirror: 10, traffic: 100]' }), /cannot mirror/);
    });
  });

  it('shows a failed deployment’s log and cause, and gives the endpoint free', async () => {
    bench.workspace.fault = (method, path) => {
      if (method === 'PUT' && path.endsWith('/green')) {
        throw new ServiceError({ status: 400, code: 'ACRAuthError', message: 'The image could not be fetched.' });
      }
    };
    await assert.rejects(canary(), /needs AcrPull on the registry/);
    assert.deepEqual([bench.traffic, bench.rollout], [BLUE, undefined]);
  });
});
