/** Settles what one step of a rollout will do, before anything is changed. */
import { readAnalysis } from '../aml-yaml/rollout-plan.ts';
import { textAt } from '../domain/json.ts';
import { analysisProblems, mirrorProblems, type Analysis } from '../domain/rollout-plan.ts';
import { claimOf, isOwnTraffic, rolloutOf, type Claim, type RolloutOwner } from '../domain/rollout-tags.ts';
import { liveDeployment, trafficText } from '../domain/traffic.ts';
import { UserError, type Problem } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { collect, throwProblems } from './collect-problems.ts';
import { readSmoke, type SmokeInputs } from './read-smoke.ts';
import { rolloutOwner, sharesOf, type Shares } from './rollout-lease.ts';
import type { Smoke } from './rollout-smoke-test.ts';
import type { Context } from './task-context.ts';

export interface ShiftRequest extends SmokeInputs {
  readonly endpointName: string;
  readonly deploymentName: string | undefined;
  readonly trafficPercent: number | undefined;
  readonly mirrorPercent: number | undefined;
  readonly holdMinutes: number;
  readonly analysis: string | undefined;
  readonly onFailure: 'restoreRollout' | 'restoreStep';
  readonly keepOldDeployment: boolean;
  readonly keepOldDeploymentHours: number;
  readonly waitHours: number;
  readonly timeoutMinutes: number;
  readonly allowAnalysisCommands: boolean;
  readonly breakLease: boolean;
}

export interface ShiftPlan {
  readonly endpointFound: Resource;
  readonly deployment: string;
  readonly previous: string | undefined;
  readonly owner: RolloutOwner;
  readonly claim: Claim;
  /** From before the rollout's first shift. */
  readonly found: Shares;
  /** What this step begins with: the shares as they are, or, of somebody else's dead rollout, what that had found. */
  readonly start: Shares;
  readonly smoke: Smoke | undefined;
  readonly analysis: Analysis | undefined;
}

/** `endpoint` as the workspace has it. Throws UserError with everything that is wrong. */
export async function planShift(
  context: Context,
  request: ShiftRequest,
  endpoint: Resource | undefined,
): Promise<ShiftPlan> {
  const { agent } = context;
  const { endpointName } = request;
  const problems: Problem[] = numberProblems(request).map((message) => ({ message }));
  const smoke = await collect(problems, () => readSmoke(context, request));
  const analysis = await collect(problems, () => readAnalysis(request.analysis ?? '', "input 'analysis'"));
  if (endpoint === undefined) {
    throw new UserError([
      ...problems,
      { message: `Input 'endpointName': the workspace has no online endpoint '${endpointName}'.` },
    ]);
  }
  const owner = rolloutOwner(agent.run, endpointName);
  const claim = claimOf(rolloutOf(endpoint), owner, agent.clock.now(), request.breakLease);
  const standing = claim.kind === 'takeOver' ? claim.rollout : undefined;
  const deployment = request.deploymentName ?? standing?.deployment ?? '';
  const shares = sharesAtStart(claim, endpoint);
  problems.push(
    ...[...claimProblems(request, claim), ...(await deploymentProblems(context, request, claim, deployment))].map(
      (message) => ({ message }),
    ),
  );
  problems.push(...checkProblems(request, endpoint, deployment, analysis).map((message) => ({ message })));
  throwProblems(problems);
  return {
    endpointFound: endpoint,
    deployment,
    previous: liveDeployment(shares.found.traffic),
    owner,
    claim,
    ...shares,
    smoke,
    analysis,
  };
}

/** A rollout of this run goes on from where it is; one that somebody left behind is undone first. */
function sharesAtStart(claim: Claim, endpoint: Resource): { readonly found: Shares; readonly start: Shares } {
  const current = sharesOf(endpoint);
  if (claim.kind !== 'takeOver' || !isOwnTraffic(claim.rollout, endpoint)) return { found: current, start: current };
  const found = { traffic: claim.rollout.found, mirror: claim.rollout.foundMirror };
  return { found, start: claim.why === 'own' ? current : found };
}

function numberProblems(request: ShiftRequest): readonly string[] {
  const { trafficPercent, mirrorPercent } = request;
  const range = (name: 'trafficPercent' | 'mirrorPercent', most: number): readonly string[] => {
    const value = request[name];
    return value === undefined || (value >= 0 && value <= most)
      ? []
      : [`Input '${name}' must be from 0 to ${most}, not ${value}.`];
  };
  return [
    ...range('trafficPercent', 100),
    ...range('mirrorPercent', 50),
    ...(['holdMinutes', 'waitHours', 'keepOldDeploymentHours', 'timeoutMinutes'] as const).flatMap((name) =>
      request[name] < 0 ? [`Input '${name}' must be 0 or more.`] : [],
    ),
    ...((trafficPercent ?? 0) > 0 && (mirrorPercent ?? 0) > 0
      ? ["A deployment with traffic of its own gets no copy of it: give either 'trafficPercent' or 'mirrorPercent'."]
      : []),
  ];
}

function claimProblems({ endpointName }: ShiftRequest, claim: Claim): readonly string[] {
  if (claim.kind !== 'refused') return [];
  const { run, leaseUntil, asked } = claim.rollout;
  return [
    `A rollout of ${endpointName} belongs to another run (${run}; traffic: ${trafficText(asked)}), and the endpoint is reserved for it ` +
      `until ${new Date(leaseUntil).toISOString()}. Let it end, or set 'breakLease: true' if it is dead.`,
  ];
}

async function deploymentProblems(
  { workspace, agent }: Context,
  { endpointName, deploymentName }: ShiftRequest,
  claim: Claim,
  deployment: string,
): Promise<readonly string[]> {
  if (deployment === '')
    return [`No rollout waits at ${endpointName}; say which deployment is meant: 'deploymentName'.`];
  if (
    claim.kind === 'takeOver' &&
    claim.why === 'own' &&
    deploymentName !== undefined &&
    deploymentName !== claim.rollout.deployment
  ) {
    return [
      `The rollout that waits at ${endpointName} is that of ${claim.rollout.deployment}, not of ${deploymentName}.`,
    ];
  }
  const path = `onlineEndpoints/${endpointName}/deployments/${deployment}`;
  const found = await workspace.get(path, { signal: agent.signal });
  if (found === undefined) return [`The endpoint ${endpointName} has no deployment '${deployment}'.`];
  const state = textAt(found, 'properties', 'provisioningState');
  return state === 'Succeeded'
    ? []
    : [`The deployment ${deployment} is not ready (${state ?? 'unknown'}); it gets no traffic.`];
}

function checkProblems(
  request: ShiftRequest,
  endpoint: Resource,
  deployment: string,
  analysis: Analysis | undefined,
): readonly string[] {
  const { trafficPercent, mirrorPercent, holdMinutes, timeoutMinutes, smokeRequestFile, allowAnalysisCommands } =
    request;
  const current = sharesOf(endpoint);
  const problems: string[] = [];
  if (mirrorPercent !== undefined && mirrorPercent > 0) {
    const isKubernetes = textAt(endpoint, 'properties', 'compute') !== undefined;
    problems.push(...mirrorProblems(mirrorPercent, "Input 'mirrorPercent'", { isKubernetes }));
    if ((current.traffic[deployment] ?? 0) > 0) {
      problems.push(
        `${deployment} has ${current.traffic[deployment] ?? 0} % of the traffic and can get no copy of it.`,
      );
    }
  }
  const setting = { hasSmokeRequest: smokeRequestFile !== undefined, allowsCommands: allowAnalysisCommands };
  if (analysis !== undefined) problems.push(...analysisProblems(analysis, "Input 'analysis'", setting));
  const isServed =
    (trafficPercent ?? current.traffic[deployment] ?? 0) + (mirrorPercent ?? current.mirror[deployment] ?? 0) > 0;
  if (analysis !== undefined && analysis.limits.length > 0 && !isServed) {
    problems.push(`Input 'analysis' measures ${deployment}, which has neither traffic nor a copy of it.`);
  }
  const minutes = holdMinutes + (analysis?.forMs ?? 0) / 60_000;
  if (timeoutMinutes > 0 && minutes >= timeoutMinutes) {
    problems.push(
      `The step cannot end in time: it waits ${Math.round(minutes)} minutes, and 'timeoutMinutes' is ${timeoutMinutes}.`,
    );
  }
  const isIdle = [trafficPercent, mirrorPercent, analysis, smokeRequestFile].every((value) => value === undefined);
  return isIdle
    ? [...problems, "There is nothing to do: give 'trafficPercent', 'mirrorPercent', 'analysis' or 'smokeRequestFile'."]
    : problems;
}
