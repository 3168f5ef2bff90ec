/** Reads the YAML of an endpoint and of its deployment and settles what a rollout will do, before anything is changed. */
import { readRolloutPlan } from '../aml-yaml/rollout-plan.ts';
import type { Plan } from '../aml-yaml/plan.ts';
import { textAt, type Json } from '../domain/json.ts';
import { networkMode, type NetworkMode } from '../domain/network-mode.ts';
import { shownPath } from '../domain/paths.ts';
import { defaultSteps, planProblems, type RolloutStep } from '../domain/rollout-plan.ts';
import { claimOf, isOwnTraffic, rolloutOf, type Claim, type RolloutOwner } from '../domain/rollout-tags.ts';
import { liveDeployment, nextDeployment, trafficText, type Traffic } from '../domain/traffic.ts';
import { UserError, type Problem } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { checkPrivate, computeOf } from './check-privacy.ts';
import { checkRollout } from './check-rollout.ts';
import { collect, throwProblems } from './collect-problems.ts';
import { planEndpointFiles, type EndpointFiles, type PlannedEndpoint } from './plan-endpoint-files.ts';
import { rolloutOwner, sharesOf, type Shares } from './rollout-lease.ts';
import type { Context } from './task-context.ts';

export interface RolloutFiles extends EndpointFiles {
  readonly network: 'private' | 'asDeclared';
  /** Absolute path. */
  readonly rolloutPlanFile: string | undefined;
  readonly rolloutPlan: string | undefined;
  readonly smokeRequestFile: string | undefined;
  readonly allowAnalysisCommands: boolean;
  readonly breakLease: boolean;
  /** 0: no limit. */
  readonly timeoutMinutes: number;
}

export interface RolloutPlan extends PlannedEndpoint {
  /** The endpoint as it was found. */
  readonly endpointFound: Resource | undefined;
  readonly owner: RolloutOwner;
  readonly claim: Claim;
  /** What is to be restored when the rollout fails: what an unfinished rollout had found, where there was one. */
  readonly found: Shares;
  readonly previous: string | undefined;
  /** The name the new deployment gets. */
  readonly next: string;
  readonly mode: NetworkMode;
  readonly steps: readonly RolloutStep[];
}

/** Throws UserError with everything that is wrong: files, plan, names, what is missing, what would leave the endpoint public. */
export async function planRollout(context: Context, files: RolloutFiles): Promise<RolloutPlan> {
  const problems: Problem[] = [];
  const steps = await collect(problems, () => readSteps(context, files));
  const planned = await collect(problems, () => planEndpointFiles(context, files, 'online'));
  if (steps === undefined || planned === undefined) throw new UserError(problems);
  const { workspace, agent } = context;
  const { endpointName, endpoint, deployment } = planned;
  const endpointFound = await workspace.get(`onlineEndpoints/${endpointName}`, { signal: agent.signal });
  const workspaceResource = (await workspace.get('', { signal: agent.signal })) ?? {};
  const mode = networkMode(workspaceResource);
  const owner = rolloutOwner(agent.run, endpointName);
  const claim = claimOf(rolloutOf(endpointFound), owner, agent.clock.now(), files.breakLease);
  const found = foundShares(context, claim, endpointFound);
  const next = nextDeployment(deployment.main.name, found.traffic);
  const all = {
    ...planned,
    endpointFound,
    workspaceResource,
    found: endpointFound,
    mode,
    next: next ?? deployment.main.name,
  };
  problems.push(...claimProblems(endpointName, claim));
  if (endpointFound === undefined && endpoint === undefined) {
    problems.push({
      message: `There is no online endpoint '${endpointName}'; give its YAML as 'endpointFile' to have it created.`,
    });
  } else {
    problems.push(...kindProblems(all));
  }
  if (next === undefined) problems.push(noFreeName(endpointName, deployment.main.name, found.traffic));
  const isKubernetes = computeOf(all) !== undefined;
  problems.push(...stepProblems(context, files, steps, isKubernetes));
  if (files.network === 'private') problems.push(...(await checkPrivate(context, all)));
  problems.push(...(await checkRollout(context, all)));
  throwProblems(problems);
  return { ...all, owner, claim, found, previous: liveDeployment(found.traffic), steps };
}

async function readSteps({ agent }: Context, files: RolloutFiles): Promise<readonly RolloutStep[]> {
  const { rolloutPlanFile: path, rolloutPlan: inline } = files;
  if (path !== undefined && inline !== undefined) {
    throw new UserError("Give the plan either as 'rolloutPlanFile' or as 'rolloutPlan', not both.");
  }
  if (path === undefined) {
    return inline === undefined
      ? defaultSteps(files.smokeRequestFile !== undefined)
      : readRolloutPlan(inline, "input 'rolloutPlan'");
  }
  const content = await agent.files.readText(path);
  if (content === undefined) throw new UserError(`There is no rollout plan ${path}.`);
  return readRolloutPlan(content, shownPath(agent.run.sourcesDirectory, path));
}

function stepProblems(
  { agent }: Context,
  files: RolloutFiles,
  steps: readonly RolloutStep[],
  isKubernetes: boolean,
): readonly Problem[] {
  const file =
    files.rolloutPlanFile === undefined
      ? "input 'rolloutPlan'"
      : shownPath(agent.run.sourcesDirectory, files.rolloutPlanFile);
  const setting = {
    isKubernetes,
    hasSmokeRequest: files.smokeRequestFile !== undefined,
    allowsCommands: files.allowAnalysisCommands,
    timeoutMinutes: files.timeoutMinutes,
  };
  return planProblems(steps, setting).map((message) => ({ file, message }));
}

/** An unfinished rollout's own findings count, as long as the traffic is still of its making. */
function foundShares({ agent }: Context, claim: Claim, endpoint: Resource | undefined): Shares {
  if (claim.kind !== 'takeOver' || endpoint === undefined) return sharesOf(endpoint);
  const { rollout, why } = claim;
  if (!isOwnTraffic(rollout, endpoint)) {
    agent.log.warning(
      `An unfinished rollout (${rollout.run}) stands at the endpoint, but somebody has changed the traffic since; it stays as it is.`,
    );
    return sharesOf(endpoint);
  }
  const reasons = {
    own: 'this run began it',
    expired: 'its lease has ended',
    broken: 'its lease is broken as asked for',
  };
  agent.log.info(`Taking an unfinished rollout over (${rollout.run}): ${reasons[why]}.`);
  return { traffic: rollout.found, mirror: rollout.foundMirror };
}

function claimProblems(endpoint: string, claim: Claim): readonly Problem[] {
  if (claim.kind !== 'refused') return [];
  const { run, leaseUntil, state, asked } = claim.rollout;
  const what = state === 'waiting' ? 'waits for its next step' : 'is under way';
  return [
    {
      message:
        `Another rollout of ${endpoint} ${what} (${run}; traffic: ${trafficText(asked)}), and the endpoint is reserved for it until ` +
        `${new Date(leaseUntil).toISOString()}. Let it end, roll it back with AmlShiftTraffic, or set 'breakLease: true' if it is dead.`,
    },
  ];
}

function kindProblems(rollout: {
  readonly endpoint: Plan | undefined;
  readonly found: Resource | undefined;
  readonly deployment: Plan;
}): readonly Problem[] {
  const isOnCluster = computeOf(rollout) !== undefined;
  const kind = textAt(rollout.deployment.main.body as Json, 'properties', 'endpointComputeType');
  if ((kind === 'Kubernetes') === isOnCluster) return [];
  const message = isOnCluster
    ? "The endpoint is on a Kubernetes cluster, and this describes a managed deployment: set 'type: kubernetes'."
    : "This describes a Kubernetes deployment, and the endpoint is managed: its YAML names no 'compute'.";
  return [{ file: rollout.deployment.file, message }];
}

function noFreeName(endpoint: string, declared: string, traffic: Traffic): Problem {
  return {
    message:
      `There is no name for a new deployment beside those with traffic (${trafficText(traffic)}): '${declared}' and its other ` +
      `colour are in use or not possible. Give another name, or finish the rollout of ${endpoint} first.`,
  };
}
