import assert from 'node:assert/strict';
import { CancelledError, UserError } from '../../../tasks/common/errors.ts';
import { SOURCES } from '../fakes/fake-agent.ts';
import { RolloutBench } from './rollout-bench.ts';

const ERRORS = 'metrics: { errorPercent: { maximum: 1 } }';
const DAY = 24 * 3_600_000;

describe('a rollout by steps with approvals between them', () => {
  let bench: RolloutBench;

  beforeEach(() => {
    bench = new RolloutBench();
    bench.served.set('green', { requests: 20 });
    bench.served.set('blue', { requests: 180 });
  });

  /** What the first stage does: a tenth of the traffic, then wait. */
  const begin = () => bench.deploy({ rolloutPlan: 'steps: [smoke, traffic: 10, pause: 3d]' });
  const stage = (name: string): void => {
    bench.next({ stageName: name, taskInstanceName: name });
  };

  it('waits, goes on in later stages of the same run, and finishes with everything', async () => {
    assert.equal((await begin()).rolloutState, 'paused');
    assert.deepEqual([bench.traffic, bench.rollout?.state], [{ blue: 90, green: 10 }, 'waiting']);
    await bench.agent.clock.sleep(2 * DAY);
    stage('half');
    const half = await bench.shift({ trafficPercent: 50, holdMinutes: 5, analysis: ERRORS });
    assert.deepEqual(
      [half.deploymentName, half.previousTraffic, half.traffic, half.rolloutState],
      ['green', '{"blue":90,"green":10}', '{"blue":50,"green":50}', 'waiting'],
    );
    stage('all');
    const all = await bench.shift({
      trafficPercent: 100,
      keepOldDeploymentHours: 48,
      smokeRequestFile: `${SOURCES}/smoke.json`,
    });
    assert.deepEqual([all.traffic, all.rolloutState], ['{"green":100}', 'finished']);
    assert.ok('azdo.keepUntil' in ((bench.deployment('blue')?.tags ?? {}) as object));
  });

  it('mirrors in a step of its own', async () => {
    await bench.deploy({ rolloutPlan: 'steps: [smoke, pause]' });
    assert.deepEqual([bench.traffic, bench.rollout?.state], [{ blue: 100 }, 'waiting']);
    stage('mirror');
    await bench.shift({ mirrorPercent: 20, holdMinutes: 2, analysis: ERRORS });
    assert.deepEqual([bench.traffic, bench.mirror], [{ blue: 100 }, { green: 20 }]);
    stage('all');
    await bench.shift({ trafficPercent: 100 });
    assert.deepEqual([bench.traffic, bench.mirror], [{ green: 100 }, {}]);
  });

  it('begins a rollout of a deployment that is there already', async () => {
    bench.seedDeployment('green');
    const outputs = await bench.shift({ deploymentName: 'green', trafficPercent: 25 });
    assert.deepEqual([outputs.traffic, outputs.rolloutState], ['{"blue":75,"green":25}', 'waiting']);
    assert.deepEqual(bench.rollout?.found, { blue: 100 });
  });

  it('has nothing left to do once the rollout of its run is finished', async () => {
    await begin();
    stage('all');
    await bench.shift({ trafficPercent: 100 });
    const writes = bench.workspace.writes().length;
    for (const request of [
      { trafficPercent: 100 },
      { trafficPercent: 50 },
      { deploymentName: 'green', trafficPercent: 100 },
    ]) {
      const again = await bench.shift(request);
      assert.deepEqual(
        [again.deploymentName, again.traffic, again.rolloutState],
        ['green', '{"green":100}', 'finished'],
      );
    }
    assert.equal(bench.workspace.writes().length, writes);
  });

  it('has nothing to do after a first deployment, and never takes its traffic away again', async () => {
    bench.seedLive({});
    await begin();
    assert.deepEqual(bench.traffic, { blue: 100 });
    stage('all');
    assert.equal((await bench.shift({ trafficPercent: 100 })).rolloutState, 'finished');
    assert.equal((await bench.shift({ mode: 'rollback' })).rolloutState, 'none');
    assert.deepEqual(bench.traffic, { blue: 100 });
  });

  it('can be run twice, and goes on after it was killed', async () => {
    await begin();
    stage('half');
    for (let write = 1; ; write += 1) {
      if (!(await bench.killAt(write, 'after', () => bench.shift({ trafficPercent: 50 })))) break;
      stage('half');
      await bench.shift({ trafficPercent: 50 });
      assert.deepEqual([bench.traffic, bench.rollout?.state], [{ blue: 50, green: 50 }, 'waiting'], `write ${write}`);
      stage('half');
    }
  });

  it('is not done again by a retry of the step that has paused', async () => {
    await begin();
    const writes = bench.workspace.writes().length;
    bench.next();
    const again = await begin();
    assert.deepEqual([again.rolloutState, again.traffic], ['paused', '{"blue":90,"green":10}']);
    assert.equal(bench.workspace.writes().length, writes);
  });

  describe('when a check fails', () => {
    beforeEach(async () => {
      await begin();
      bench.served.set('green', { requests: 20, errors: 2 });
      stage('half');
    });
    const half = (request = {}) => bench.shift({ trafficPercent: 50, holdMinutes: 5, analysis: ERRORS, ...request });

    it('restores the traffic from before the rollout, and ends it', async () => {
      await assert.rejects(half(), /errorPercent is 10, above 1/);
      assert.deepEqual([bench.traffic, bench.rollout], [{ blue: 100 }, undefined]);
    });

    it('restores the traffic from before the step where that is asked for, and goes on waiting', async () => {
      await assert.rejects(half({ onFailure: 'restoreStep' }), /errorPercent is 10, above 1/);
      assert.deepEqual([bench.traffic, bench.rollout?.state], [{ blue: 90, green: 10 }, 'waiting']);
      bench.served.set('green', { requests: 20 });
      stage('again');
      await bench.shift({ trafficPercent: 100 });
      assert.deepEqual(bench.traffic, { green: 100 });
    });

    it('leaves a cancelled step to the post-job step', async () => {
      for (const onFailure of ['restoreStep', 'restoreRollout'] as const) {
        bench = new RolloutBench();
        await begin();
        stage('half');
        const { agent } = bench;
        const since = agent.clock.now() - agent.clock.started;
        agent.clock.onTick = (elapsed) => {
          if (elapsed > since + 60_000) agent.cancel();
        };
        await assert.rejects(half({ onFailure }), CancelledError);
        assert.deepEqual(bench.traffic, { blue: 50, green: 50 });
        await bench.postJob();
        const isStep = onFailure === 'restoreStep';
        assert.deepEqual(bench.traffic, isStep ? { blue: 90, green: 10 } : { blue: 100 });
        assert.equal(bench.rollout?.state, isStep ? 'waiting' : undefined);
      }
    });
  });

  describe('of another run', () => {
    it('is refused while the rollout waits, and undone first after that', async () => {
      await begin();
      bench.next({ buildId: '4712' });
      await assert.rejects(bench.deploy(), /Another rollout of churn waits for its next step \(Churn CI, run 4711;/);
      await assert.rejects(bench.shift({ trafficPercent: 50 }), /belongs to another run/);
      await bench.agent.clock.sleep(3 * DAY);
      await bench.deploy();
      assert.deepEqual(bench.traffic, { green: 100 });
      assert.ok(bench.history.includes('[{"blue":100},{}]'));
    });

    it('is not rolled back, unless its lease is to be broken', async () => {
      await begin();
      bench.next({ buildId: '4712' });
      assert.equal((await bench.shift({ mode: 'rollback' })).rolloutState, 'none');
      assert.deepEqual(bench.traffic, { blue: 90, green: 10 });
      await bench.shift({ mode: 'rollback', breakLease: true });
      assert.deepEqual([bench.traffic, bench.rollout], [{ blue: 100 }, undefined]);
    });
  });

  describe('rolled back', () => {
    it('restores what there was, whether it waits or is finished', async () => {
      for (const plan of ['steps: [traffic: 10, pause]', 'steps: [traffic: 100, finish: { keepHours: 24 }]']) {
        bench = new RolloutBench();
        await bench.deploy({ rolloutPlan: plan });
        stage('rollback');
        const outputs = await bench.shift({ mode: 'rollback' });
        assert.deepEqual(
          [outputs.rolloutState, outputs.deploymentName, outputs.traffic],
          ['rolledBack', 'green', '{"blue":100}'],
        );
        assert.deepEqual([bench.traffic, bench.rollout], [{ blue: 100 }, undefined]);
        assert.ok(!('azdo.keepUntil' in ((bench.deployment('blue')?.tags ?? {}) as object)), 'blue is needed again');
      }
    });

    it('takes a killed step’s place, as the hook of a deployment job', async () => {
      await bench.killAt(3, 'after', () =>
        bench.deploy({ rolloutPlan: 'steps: [traffic: 50, hold: 5m, traffic: 100]' }),
      );
      assert.deepEqual(bench.traffic, { blue: 50, green: 50 });
      stage('rollback');
      await bench.shift({ mode: 'rollback' });
      assert.deepEqual([bench.traffic, bench.rollout], [{ blue: 100 }, undefined]);
    });

    it('finds nothing to do where nothing was done', async () => {
      const none = await bench.shift({ mode: 'rollback' });
      assert.deepEqual([none.rolloutState, none.deploymentName, none.traffic], ['none', undefined, '{"blue":100}']);
      assert.equal((await bench.shift({ mode: 'rollback', endpointName: 'other' })).rolloutState, 'none');
      assert.deepEqual(bench.workspace.writes(), []);
    });

    it('says plainly when there is nothing to go back to', async () => {
      await bench.deploy({ rolloutPlan: 'steps: [traffic: 100, finish: { oldDeployment: delete }]' });
      await assert.rejects(
        bench.shift({ mode: 'rollback' }),
        /could NOT be rolled back to blue 100 %: the deployment blue does not exist/,
      );
    });

    it('leaves what somebody else has changed since', async () => {
      await begin();
      bench.changeTraffic({ blue: 40, other: 60 });
      await assert.rejects(bench.shift({ mode: 'rollback' }), /could NOT be rolled back: somebody else has changed it/);
      assert.deepEqual(bench.traffic, { blue: 40, other: 60 });
    });
  });

  it('is refused with everything that is wrong, and nothing changed', async () => {
    bench.workspace.seed('onlineEndpoints/churn/deployments/green', { properties: { provisioningState: 'Failed' } });
    const refusals: readonly (readonly [Parameters<RolloutBench['shift']>[0], RegExp])[] = [
      [{ endpointName: 'none', trafficPercent: 10 }, /no online endpoint 'none'/],
      [{ trafficPercent: 10 }, /say which deployment is meant/],
      [{ deploymentName: 'red', trafficPercent: 10 }, /no deployment 'red'/],
      [{ deploymentName: 'green', trafficPercent: 10 }, /green is not ready \(Failed\)/],
      [{ deploymentName: 'blue' }, /nothing to do/],
      [{ deploymentName: 'blue', trafficPercent: 101 }, /from 0 to 100/],
      [{ deploymentName: 'blue', mirrorPercent: 60 }, /from 0 to 50/],
      [{ deploymentName: 'blue', mirrorPercent: 10 }, /blue has 100 % of the traffic and can get no copy/],
      [{ deploymentName: 'blue', trafficPercent: 5, mirrorPercent: 5 }, /either 'trafficPercent' or 'mirrorPercent'/],
      [{ deploymentName: 'blue', trafficPercent: 5, holdMinutes: 90 }, /cannot end in time/],
      [{ deploymentName: 'blue', trafficPercent: 0, analysis: ERRORS }, /neither traffic nor a copy/],
      [{ deploymentName: 'blue', analysis: 'smoke:' }, /nothing to send/],
      [{ deploymentName: 'blue', analysis: 'command: { run: [sh] }' }, /allowAnalysisCommands/],
      [{ deploymentName: 'blue', smokeAssertions: '- status: 200' }, /needs 'smokeRequestFile'/],
    ];
    for (const [request, message] of refusals) {
      await assert.rejects(
        bench.shift(request),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
    }
    assert.deepEqual(bench.workspace.writes(), []);
  });
});
