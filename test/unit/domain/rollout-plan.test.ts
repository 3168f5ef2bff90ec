import assert from 'node:assert/strict';
import { readRolloutPlan } from '../../../tasks/common/aml-yaml/rollout-plan.ts';
import {
  defaultSteps,
  planProblems,
  waitingTime,
  type PlanSetting,
} from '../../../tasks/common/domain/rollout-plan.ts';

const SETTING: PlanSetting = { isKubernetes: false, hasSmokeRequest: true, allowsCommands: false, timeoutMinutes: 60 };

const problems = (steps: string, setting: Partial<PlanSetting> = {}): readonly string[] =>
  planProblems(readRolloutPlan(`steps: [${steps}]`, 'plan'), { ...SETTING, ...setting });

describe('the rules of a rollout plan', () => {
  const analysis = 'analyse: { metrics: { errorPercent: { maximum: 1 } } }';

  it('let through what makes sense', () => {
    assert.deepEqual(problems(`smoke, mirror: 10, ${analysis}, traffic: 10, hold: 15m, ${analysis}, traffic: 100`), []);
    assert.deepEqual(problems('smoke, traffic: 10, pause'), []);
    assert.deepEqual(problems('traffic: 100, smoke, finish', { isKubernetes: true }), []);
    assert.deepEqual(problems('hold: 5d, traffic: 100', { timeoutMinutes: 0 }), []);
    for (const hasSmokeRequest of [true, false]) {
      assert.deepEqual(planProblems(defaultSteps(hasSmokeRequest), { ...SETTING, hasSmokeRequest }), []);
    }
  });

  const refused: readonly (readonly [string, string, RegExp, Partial<PlanSetting>?])[] = [
    ['a plan that never takes over', 'smoke, traffic: 50', /never ends: after its last step .* 50 %/],
    ['a plan without traffic', 'smoke', /never ends/],
    ['a plan that ends twice', 'traffic: 100, finish, smoke', /Step 3 comes after 'finish'/],
    ['a pause with nothing left to do', 'traffic: 100, pause', /pauses with all traffic shifted/],
    ['a share that shrinks', 'traffic: 50, traffic: 20, traffic: 100', /Step 2 .* from 50 % to 20 %/],
    ['mirroring to a deployment with traffic', 'traffic: 10, mirror: 10, traffic: 100', /mirror before the first/],
    ['mirroring on Kubernetes', 'mirror: 10, traffic: 100', /Kubernetes/, { isKubernetes: true }],
    ['measuring what nobody asks', `${analysis}, traffic: 100`, /has no traffic yet/],
    ['an analysis of nothing', 'traffic: 100, analyse', /checks nothing/],
    ['an analysis that is over at once', 'traffic: 100, analyse: { for: 10s, smoke: }', /over before its second check/],
    ['a smoke test without a request', 'smoke, traffic: 100', /give 'smokeRequestFile'/, { hasSmokeRequest: false }],
    ['a command that is not allowed', 'traffic: 100, analyse: { command: { run: [sh] } }', /allowAnalysisCommands/],
    ['a plan that cannot end in time', 'hold: 50m, traffic: 100, hold: 20m', /waits 70 minutes, .* is 60/],
  ];
  for (const [what, steps, message, setting] of refused) {
    it(`refuse ${what}`, () => {
      assert.match(problems(steps, setting).join('\n'), message);
    });
  }

  it('name everything that is wrong at once', () => {
    assert.equal(problems('smoke, mirror: 10, traffic: 50', { hasSmokeRequest: false, isKubernetes: true }).length, 3);
  });

  it('add up how long a plan waits', () => {
    const steps = readRolloutPlan('steps: [hold: 5m, traffic: 100, analyse: { for: 10m, smoke: }]', 'plan');
    assert.equal(waitingTime(steps), 900_000);
  });
});
