/** Deploys to an online endpoint, blue/green, by the steps of a rollout plan: what `AmlDeployOnlineEndpoint` does. */
import { textAt, type JsonObject } from '../domain/json.ts';
import { defaultSteps, waitingTime, type OldDeployment, type RolloutStep } from '../domain/rollout-plan.ts';
import { endpointTraffic } from '../domain/traffic.ts';
import { UserError, type Problem } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { collect, throwProblems } from './collect-problems.ts';
import { readEndpoint } from './endpoint-writes.ts';
import { finishRollout, leaveWaiting, retireOld } from './finish-rollout.ts';
import { leaseUntil, type LiveRollout } from './live-rollout.ts';
import { computeOf } from './check-privacy.ts';
import { planRollout, type RolloutFiles, type RolloutPlan } from './plan-rollout.ts';
import { readSmoke } from './read-smoke.ts';
import { guardRollout } from './rollout-guard.ts';
import { newRecord } from './rollout-lease.ts';
import { createDeployment, createEndpoint, deploymentBody, isAlreadyLive, isDeployed } from './rollout-resources.ts';
import { smokeTest, type Smoke } from './rollout-smoke-test.ts';
import { runRolloutSteps, smokeNew } from './rollout-steps.ts';
import { Timeline } from './rollout-timeline.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Context, Publish } from './task-context.ts';

export interface DeployRequest extends RolloutFiles {
  readonly smokeAssertions: string | undefined;
  readonly keepOldDeployment: boolean;
  /** 0: without an end. */
  readonly keepOldDeploymentHours: number;
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
 * Creates or updates the endpoint, creates the new deployment without traffic, and carries the plan out: by default tests it, gives
 * it all traffic and tests again. Whatever fails restores the traffic that was found. Throws UserError before anything is changed,
 * ServiceError when a step fails, TimedOutError after `timeoutMinutes`.
 */
export async function deployOnlineEndpoint(
  context: Context,
  request: DeployRequest,
  publish: Publish<DeployOutputs>,
): Promise<DeployOutputs> {
  const { smoke, plan } = await readAll(context, request);
  publish({
    endpointName: plan.endpointName,
    deploymentName: plan.next,
    previousDeployment: plan.previous,
    traffic: JSON.stringify(endpointTraffic(plan.endpointFound)),
  });
  const timeline = new Timeline(context, endpointTraffic(plan.endpointFound));
  const rollout = liveRollout(plan, request, smoke, timeline);
  let result = 'failed';
  try {
    const what = `The rollout of ${plan.endpointName}`;
    const outputs = await withTimeLimit(context, request.timeoutMinutes, what, (limited) =>
      rollOut(limited, context, request, plan, rollout),
    );
    result = outputs.rolloutState === 'paused' ? 'waits for its next step' : 'done';
    return outputs;
  } finally {
    context.agent.addSummary(timeline.summary(`Rollout of ${plan.endpointName}: ${result}`));
  }
}

/** Everything that is wrong with any of the inputs, at once. */
async function readAll(
  context: Context,
  request: DeployRequest,
): Promise<{ smoke: Smoke | undefined; plan: RolloutPlan }> {
  const problems: Problem[] = [];
  for (const name of ['timeoutMinutes', 'keepOldDeploymentHours'] as const) {
    if (request[name] < 0) problems.push({ message: `Input '${name}' must be 0 (no limit) or more.` });
  }
  const smoke = await collect(problems, () => readSmoke(context, request));
  const plan = await collect(problems, () => planRollout(context, request));
  throwProblems(problems);
  if (plan === undefined) throw new UserError('There is nothing to deploy.');
  if (request.smokeRequestFile === undefined) {
    context.agent.log.warning(
      "Without 'smokeRequestFile' the new deployment gets traffic before it has answered anything.",
    );
  }
  return { smoke, plan };
}

/** The endpoint stays reserved a while longer than the step may take, so that a post-job step has its time. */
const SPARE_MS = 30 * 60_000;
/** What a deployment and its writes may take where no limit is set. */
const UNLIMITED_MS = 2 * 3_600_000;

function liveRollout(
  plan: RolloutPlan,
  request: DeployRequest,
  smoke: Smoke | undefined,
  timeline: Timeline,
): LiveRollout {
  const limit = request.timeoutMinutes > 0 ? request.timeoutMinutes * 60_000 : waitingTime(plan.steps) + UNLIMITED_MS;
  const { endpointName, next, previous, found, owner } = plan;
  return { endpointName, deployment: next, previous, found, owner, smoke, timeline, leaseMs: limit + SPARE_MS };
}

async function rollOut(
  context: Context,
  unlimited: Context,
  request: DeployRequest,
  plan: RolloutPlan,
  rollout: LiveRollout,
): Promise<DeployOutputs> {
  const { log } = context.agent;
  const body = await log.group(`Deployment ${plan.next}`, () => deploymentBody(context, plan, request.network));
  const there = await whatIsThere(context, request, plan, rollout, body);
  if (there !== undefined) return there;
  const end = await guardRollout(unlimited, rollout, undefined, async () => {
    const endpoint = await log.group(`Endpoint ${plan.endpointName}`, () =>
      createEndpoint(
        context,
        plan,
        request.network,
        newRecord(plan.owner, plan.next, plan.found, leaseUntil(context, rollout)),
        rollout.timeline,
      ),
    );
    if (
      request.network === 'private' &&
      computeOf({ endpoint: plan.endpoint, found: plan.endpointFound }) === undefined
    ) {
      await warnOfPublicRoute(context, endpoint);
    }
    await createDeployment(context, plan, body, rollout.timeline);
    const steps = stepsFor(context, plan, rollout);
    if (steps[0]?.kind !== 'smoke') await smokeNew(context, rollout, 1);
    const last = await runRolloutSteps(context, rollout, steps);
    if (last.kind === 'pause') await leaveWaiting(context, rollout, last.ms);
    else await finishRollout(context, rollout);
    return last;
  });
  const state = end.kind === 'pause' ? 'paused' : 'finished';
  if (end.kind === 'finish') await retireOld(context, rollout, end.old ?? oldDeployment(request));
  return outputsOf(plan, plan.next, await readEndpoint(context, plan.endpointName), state);
}

/** A first deployment has nobody to share the traffic or to be compared with. */
function stepsFor({ agent }: Context, plan: RolloutPlan, { smoke }: LiveRollout): readonly RolloutStep[] {
  if (plan.previous !== undefined) return plan.steps;
  agent.log.info('This is the first deployment: after its smoke test it gets all traffic at once.');
  return defaultSteps(smoke !== undefined);
}

function oldDeployment(request: DeployRequest): OldDeployment {
  return request.keepOldDeployment ? { become: 'kept', hours: request.keepOldDeploymentHours } : { become: 'deleted' };
}

/** What a re-run finds done already: all of it, or as far as its plan goes. */
async function whatIsThere(
  context: Context,
  request: DeployRequest,
  plan: RolloutPlan,
  rollout: LiveRollout,
  body: JsonObject,
): Promise<DeployOutputs | undefined> {
  if (await isAsFarAsPlanned(context, plan, body)) {
    const shown = endpointTraffic(plan.endpointFound);
    rollout.timeline.note(
      `This run has brought ${plan.next} as far as its plan goes; the rollout waits for its next step.`,
      shown,
    );
    return outputsOf(plan, plan.next, plan.endpointFound ?? {}, 'paused');
  }
  const live = plan.claim.kind === 'free' ? await isAlreadyLive(context, plan, body) : undefined;
  if (live === undefined) return undefined;
  const { smoke, timeline } = rollout;
  const endpoint = await createEndpoint(context, plan, request.network, undefined, timeline);
  timeline.note(`The deployment ${live} already serves exactly this; nothing is deployed.`, endpointTraffic(endpoint));
  if (smoke !== undefined) await smokeTest(context, endpoint, plan.endpointName, live, smoke, timeline);
  return outputsOf(plan, live, endpoint, 'unchanged');
}

/** True when an earlier attempt of this step has ended with the plan's pause, and nothing has changed since. */
async function isAsFarAsPlanned(context: Context, plan: RolloutPlan, body: JsonObject): Promise<boolean> {
  const { claim, steps, endpointFound, next, owner } = plan;
  if (claim.kind !== 'takeOver' || steps.at(-1)?.kind !== 'pause' || endpointFound === undefined) return false;
  const { rollout } = claim;
  const isOwnPause = rollout.state === 'waiting' && rollout.holder === owner.holder && rollout.deployment === next;
  const share = Math.max(0, ...steps.map((step) => (step.kind === 'traffic' ? step.percent : 0)));
  if (!isOwnPause || (endpointTraffic(endpointFound)[next] ?? 0) !== share) return false;
  return isDeployed(context, plan.endpointName, next, body);
}

/** A private endpoint that this agent reaches from outside its network will refuse the smoke test; better said before ten minutes of provisioning. */
async function warnOfPublicRoute({ workspace, agent }: Context, endpoint: Resource): Promise<void> {
  const uri = textAt(endpoint, 'properties', 'scoringUri');
  const problem = uri === undefined ? undefined : await workspace.scoring.publicRoute(uri);
  if (problem !== undefined)
    agent.log.warning(`The endpoint is private, but this agent does not reach it privately: ${problem}`);
}

function outputsOf(
  plan: RolloutPlan,
  deployment: string,
  endpoint: Resource,
  rolloutState: DeployOutputs['rolloutState'],
): DeployOutputs {
  return {
    endpointName: plan.endpointName,
    deploymentName: deployment,
    scoringUri: textAt(endpoint, 'properties', 'scoringUri') ?? '',
    previousDeployment: plan.previous,
    traffic: JSON.stringify(endpointTraffic(endpoint)),
    rolloutState,
  };
}
