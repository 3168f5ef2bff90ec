/** One step of a rollout, so that approvals can stand between steps: what `AmlShiftTraffic` does. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { endpointTraffic } from '../domain/traffic.ts';
import type { Resource } from '../ports.ts';
import { analyseDeployment } from './analyse-deployment.ts';
import { finishedRollout, type FinishedRollout } from './finished-rollout.ts';
import { finishRollout, leaveWaiting, retireOld } from './finish-rollout.ts';
import { leaseUntil, type LiveRollout } from './live-rollout.ts';
import { planShift, type ShiftPlan, type ShiftRequest } from './plan-shift.ts';
import { rollBack } from './roll-back.ts';
import { guardRollout } from './rollout-guard.ts';
import { newRecord, reserve } from './rollout-lease.ts';
import { mirrorTo, shiftTo, smokeNew } from './rollout-steps.ts';
import { Timeline } from './rollout-timeline.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Context, Publish } from './task-context.ts';

export interface ShiftTrafficRequest extends ShiftRequest {
  readonly mode: 'shift' | 'rollback';
}

export interface ShiftOutputs {
  readonly endpointName: string;
  readonly deploymentName?: string | undefined;
  readonly previousTraffic: string;
  readonly traffic: string;
  readonly rolloutState: 'waiting' | 'finished' | 'rolledBack' | 'none';
}

/** Throws UserError before anything is changed, ServiceError when a check fails, TimedOutError after `timeoutMinutes`. */
export async function shiftTraffic(
  context: Context,
  request: ShiftTrafficRequest,
  publish: Publish<ShiftOutputs>,
): Promise<ShiftOutputs> {
  const { endpointName, timeoutMinutes } = request;
  if (request.mode === 'rollback') {
    const what = `The rollback of ${endpointName}`;
    return withTimeLimit(context, timeoutMinutes, what, (limited) => rolledBack(limited, request));
  }
  const endpoint = await context.workspace.get(`onlineEndpoints/${endpointName}`, { signal: context.agent.signal });
  const finished = finishedRollout(endpoint, request, context.agent.run);
  if (finished !== undefined) return alreadyFinished(context, endpointName, finished);
  const plan = await planShift(context, request, endpoint);
  const found = endpointTraffic(plan.endpointFound);
  publish({
    endpointName,
    deploymentName: plan.deployment,
    previousTraffic: JSON.stringify(found),
    traffic: JSON.stringify(found),
  });
  const timeline = new Timeline(context, found);
  const rollout = liveRollout(plan, request, timeline);
  let result = 'failed';
  try {
    const outputs = await withTimeLimit(context, timeoutMinutes, `The step of ${endpointName}`, (limited) =>
      step(limited, context, request, plan, rollout),
    );
    result = outputs.rolloutState === 'finished' ? 'done' : 'waits for its next step';
    return outputs;
  } finally {
    context.agent.addSummary(timeline.summary(`Rollout of ${endpointName}: ${result}`));
  }
}

function alreadyFinished({ agent }: Context, endpointName: string, { record, traffic }: FinishedRollout): ShiftOutputs {
  agent.log.info(
    `The rollout of this run is finished already: ${record.deployment} has all traffic of ${endpointName}.`,
  );
  return {
    endpointName,
    deploymentName: record.deployment,
    previousTraffic: JSON.stringify(traffic),
    traffic: JSON.stringify(traffic),
    rolloutState: 'finished',
  };
}

async function rolledBack(context: Context, request: ShiftTrafficRequest): Promise<ShiftOutputs> {
  const { deployment, before, after } = await rollBack(context, request);
  return {
    endpointName: request.endpointName,
    deploymentName: deployment,
    previousTraffic: JSON.stringify(before),
    traffic: JSON.stringify(after),
    rolloutState: deployment === undefined ? 'none' : 'rolledBack',
  };
}

/** The endpoint stays reserved a while longer than the step may take, so that a post-job step has its time. */
const SPARE_MS = 30 * 60_000;

function liveRollout(plan: ShiftPlan, request: ShiftRequest, timeline: Timeline): LiveRollout {
  const { deployment, previous, found, owner, smoke } = plan;
  const leaseMs = Math.max(request.timeoutMinutes * 60_000 + SPARE_MS, request.waitHours * 3_600_000);
  return { endpointName: request.endpointName, deployment, previous, found, owner, smoke, timeline, leaseMs };
}

async function step(
  context: Context,
  unlimited: Context,
  request: ShiftRequest,
  plan: ShiftPlan,
  rollout: LiveRollout,
): Promise<ShiftOutputs> {
  const backTo = request.onFailure === 'restoreStep' ? plan.start : undefined;
  const endpoint = await guardRollout(unlimited, rollout, backTo, async () => {
    await hold(context, plan, rollout);
    await change(context, request, rollout);
    await check(context, request, plan, rollout);
    return isFinished(request, rollout, await current(context, rollout))
      ? finishRollout(context, rollout)
      : leaveWaiting(context, rollout, request.waitHours * 3_600_000);
  });
  const traffic = endpointTraffic(endpoint);
  const finished = isFinished(request, rollout, endpoint);
  if (finished) {
    const kept = { become: 'kept', hours: request.keepOldDeploymentHours } as const;
    await retireOld(context, rollout, request.keepOldDeployment ? kept : { become: 'deleted' });
  }
  return {
    endpointName: rollout.endpointName,
    deploymentName: rollout.deployment,
    previousTraffic: JSON.stringify(endpointTraffic(plan.endpointFound)),
    traffic: JSON.stringify(traffic),
    rolloutState: finished ? 'finished' : 'waiting',
  };
}

/** Takes the rollout that waits, or begins one. */
async function hold(context: Context, plan: ShiftPlan, rollout: LiveRollout): Promise<void> {
  const { claim, owner, deployment, found, start, endpointFound } = plan;
  const until = leaseUntil(context, rollout);
  const record =
    claim.kind === 'takeOver' && claim.why === 'own'
      ? { ...claim.rollout, ...owner, state: 'running' as const, leaseUntil: until }
      : newRecord(owner, deployment, found, until);
  const endpoint = await reserve(context, rollout.endpointName, record, start, endpointFound);
  rollout.timeline.note(`Endpoint ${rollout.endpointName} is reserved for this rollout.`, endpointTraffic(endpoint));
}

async function change(context: Context, request: ShiftRequest, rollout: LiveRollout): Promise<void> {
  const { trafficPercent, mirrorPercent } = request;
  await smokeNew(context, rollout, 1);
  if (mirrorPercent !== undefined) await mirrorTo(context, rollout, mirrorPercent);
  if (trafficPercent !== undefined) await shiftTo(context, rollout, trafficPercent);
}

async function check(context: Context, request: ShiftRequest, plan: ShiftPlan, rollout: LiveRollout): Promise<void> {
  const { clock, signal } = context.agent;
  const since = clock.now();
  if (request.holdMinutes > 0) {
    await clock.sleep(request.holdMinutes * 60_000, signal);
    rollout.timeline.note(`Held for ${elapsedText(request.holdMinutes * 60_000)}.`);
  }
  if (plan.analysis !== undefined) await analyseDeployment(context, rollout, plan.analysis, since);
}

async function current({ workspace, agent }: Context, { endpointName }: LiveRollout): Promise<Resource> {
  return (await workspace.get(`onlineEndpoints/${endpointName}`, { signal: agent.signal })) ?? {};
}

function isFinished(request: ShiftRequest, { deployment }: LiveRollout, endpoint: Resource): boolean {
  return request.trafficPercent !== undefined && endpointTraffic(endpoint)[deployment] === 100;
}
