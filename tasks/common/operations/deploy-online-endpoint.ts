/** Deploys to an online endpoint, blue/green: what `AmlDeployOnlineEndpoint` does. */
import { textAt } from '../domain/json.ts';
import { endpointTraffic, sameTraffic, trafficText, type Traffic } from '../domain/traffic.ts';
import { CancelledError, ServiceError, UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { readRequest } from './call-endpoint.ts';
import { setTraffic, whenFree } from './endpoint-writes.ts';
import { planRollout, type RolloutFiles, type RolloutPlan } from './plan-rollout.ts';
import { readAssertions } from './read-assertions.ts';
import { createDeployment, createEndpoint, deploymentBody, isAlreadyLive } from './rollout-resources.ts';
import { noteDone, noteTraffic } from './rollout-memory.ts';
import { smokeTest, type Smoke } from './rollout-smoke-test.ts';
import { Timeline } from './rollout-timeline.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Context, Publish } from './task-context.ts';

export interface DeployRequest extends RolloutFiles {
  /** Absolute path. */
  readonly smokeRequestFile: string | undefined;
  readonly smokeAssertions: string | undefined;
  readonly keepOldDeployment: boolean;
  /** 0: no limit. */
  readonly timeoutMinutes: number;
}

export interface DeployOutputs {
  readonly endpointName: string;
  readonly deploymentName: string;
  readonly scoringUri: string;
  readonly previousDeployment?: string | undefined;
  readonly traffic: string;
  readonly rolloutState: 'finished' | 'paused' | 'unchanged';
}

/**
 * Creates or updates the endpoint, creates the new deployment without traffic, tests it, shifts the traffic to it, tests again.
 * Whatever fails from the shift on restores the traffic that was found. Throws UserError before anything is changed, ServiceError
 * when a step fails, TimedOutError after `timeoutMinutes`.
 */
export async function deployOnlineEndpoint(
  context: Context,
  request: DeployRequest,
  publish: Publish<DeployOutputs>,
): Promise<DeployOutputs> {
  const smoke = await readSmoke(context, request);
  const rollout = await planRollout(context, request);
  publish({
    endpointName: rollout.endpointName,
    deploymentName: rollout.next,
    previousDeployment: rollout.previous,
    traffic: JSON.stringify(rollout.foundTraffic),
  });
  const timeline = new Timeline(context, rollout.foundTraffic);
  let result = 'failed';
  try {
    const outputs = await withTimeLimit(
      context,
      request.timeoutMinutes,
      `The rollout of ${rollout.endpointName}`,
      (limited) => rollOut(limited, context, request, rollout, smoke, timeline, publish),
    );
    result = 'done';
    return outputs;
  } finally {
    context.agent.addSummary(timeline.summary(`Rollout of ${rollout.endpointName}: ${result}`));
  }
}

async function readSmoke(context: Context, request: DeployRequest): Promise<Smoke | undefined> {
  const assertions = await readAssertions(context.agent, request.smokeAssertions, "input 'smokeAssertions'");
  if (request.timeoutMinutes < 0) throw new UserError("Input 'timeoutMinutes' must be 0 (no limit) or more.");
  if (request.smokeRequestFile !== undefined) {
    return { body: await readRequest(context, request.smokeRequestFile, 'application/json'), assertions };
  }
  if (assertions.length > 0) throw new UserError("Input 'smokeAssertions' needs 'smokeRequestFile'.");
  context.agent.log.warning(
    "Without 'smokeRequestFile' the new deployment gets traffic before it has answered anything.",
  );
  return undefined;
}

async function rollOut(
  context: Context,
  unlimited: Context,
  request: DeployRequest,
  rollout: RolloutPlan,
  smoke: Smoke | undefined,
  timeline: Timeline,
  publish: Publish<DeployOutputs>,
): Promise<DeployOutputs> {
  const { log } = context.agent;
  const endpoint = await log.group(`Endpoint ${rollout.endpointName}`, () =>
    createEndpoint(context, rollout, request.network, timeline),
  );
  const body = await log.group(`Deployment ${rollout.next}`, () => deploymentBody(context, rollout, request.network));
  const live = await isAlreadyLive(context, rollout, body);
  if (live !== undefined) {
    timeline.note(
      `The deployment ${live} already serves exactly this; nothing is deployed.`,
      endpointTraffic(endpoint),
    );
    if (smoke !== undefined) await smokeTest(context, endpoint, rollout.endpointName, live, smoke, timeline);
    return outputsOf(rollout, live, endpoint, rollout.foundTraffic, 'unchanged');
  }
  await createDeployment(context, rollout, body, timeline);
  if (smoke !== undefined) {
    await smokeTest(context, endpoint, rollout.endpointName, rollout.next, smoke, timeline);
  }
  const traffic = { [rollout.next]: 100 };
  const shifted = await shift(context, unlimited, rollout, traffic, smoke, timeline);
  publish({ traffic: JSON.stringify(traffic) });
  await removeOld(context, request, rollout, timeline);
  return outputsOf(rollout, rollout.next, shifted, traffic, 'finished');
}

/** The shift and the test after it; on any failure the traffic that was found comes back. */
async function shift(
  context: Context,
  unlimited: Context,
  rollout: RolloutPlan,
  traffic: Traffic,
  smoke: Smoke | undefined,
  timeline: Timeline,
): Promise<Resource> {
  const { agent, workspace } = context;
  const { endpointName, foundTraffic } = rollout;
  const current = endpointTraffic(await workspace.get(`onlineEndpoints/${endpointName}`, { signal: agent.signal }));
  if (!sameTraffic(current, foundTraffic)) throw changedMeanwhile(endpointName, foundTraffic, current);
  noteTraffic(agent.memory, endpointName, foundTraffic);
  try {
    const endpoint = await setTraffic(context, endpointName, traffic);
    timeline.note(`${rollout.next} has all traffic.`, traffic);
    if (smoke !== undefined) await smokeTest(context, endpoint, endpointName, undefined, smoke, timeline);
    noteDone(agent.memory);
    return endpoint;
  } catch (error) {
    await restore(unlimited, rollout, timeline, error);
    throw error;
  }
}

async function restore(context: Context, rollout: RolloutPlan, timeline: Timeline, cause: unknown): Promise<void> {
  const { agent } = context;
  const { endpointName, foundTraffic } = rollout;
  if (agent.signal.aborted || cause instanceof CancelledError) {
    timeline.note('Cancelled in the middle of the shift: the post-job step restores the traffic.');
    return;
  }
  timeline.note(
    `Restoring the traffic that was found, because: ${cause instanceof Error ? cause.message : String(cause)}`,
  );
  try {
    await setTraffic(context, endpointName, foundTraffic);
    noteDone(agent.memory);
    timeline.note('The traffic is as it was found.', foundTraffic);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    agent.log.warning(
      `The traffic of ${endpointName} could not be restored to ${trafficText(foundTraffic)} (${error.message}); ` +
        'the post-job step tries again.',
    );
  }
}

function changedMeanwhile(name: string, found: Traffic, current: Traffic): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'TrafficChangedMeanwhile',
    message:
      `The traffic of ${name} was ${trafficText(found)} when this step began and is ${trafficText(current)} now: ` +
      'somebody else changes it. Nothing was shifted; run the step again when they are done.',
  });
}

async function removeOld(
  context: Context,
  request: DeployRequest,
  rollout: RolloutPlan,
  timeline: Timeline,
): Promise<void> {
  const { workspace, agent } = context;
  const { previous, endpointName } = rollout;
  if (request.keepOldDeployment || previous === undefined) return;
  const path = `onlineEndpoints/${endpointName}/deployments/${previous}`;
  await whenFree(context, path, () => workspace.delete(path, { signal: agent.signal }));
  timeline.note(`The old deployment ${previous} is deleted.`);
}

function outputsOf(
  rollout: RolloutPlan,
  deployment: string,
  endpoint: Resource,
  traffic: Traffic,
  rolloutState: DeployOutputs['rolloutState'],
): DeployOutputs {
  return {
    endpointName: rollout.endpointName,
    deploymentName: deployment,
    scoringUri: textAt(endpoint, 'properties', 'scoringUri') ?? '',
    previousDeployment: rollout.previous,
    traffic: JSON.stringify(traffic),
    rolloutState,
  };
}
