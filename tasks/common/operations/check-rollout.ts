/** What must be there and be possible before a rollout changes anything. */
import type { Plan } from '../aml-yaml/plan.ts';
import { at, isJsonObject, textAt, type Json } from '../domain/json.ts';
import { trafficProblem } from '../domain/traffic.ts';
import { childArmId } from '../domain/workspace-id.ts';
import type { Problem } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { checkRequired, resolveLatest } from './apply-plan.ts';
import { checkCapacity } from './check-capacity.ts';
import { checkImageBuild } from './check-image-build.ts';
import { collect } from './collect-problems.ts';
import type { Context } from './task-context.ts';

export interface CheckedRollout {
  readonly endpointName: string;
  readonly endpoint: Plan | undefined;
  readonly deployment: Plan;
  /** The name the new deployment gets. */
  readonly next: string;
  readonly workspaceResource: Resource;
}

/** Everything that would make the rollout fail later, a problem each. What cannot be looked up is warned about. */
export async function checkRollout(context: Context, rollout: CheckedRollout): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const { endpoint, deployment, endpointName } = rollout;
  const planned = endpoint === undefined ? [] : [[`onlineEndpoints/${endpointName}`, true] as const];
  for (const plan of [endpoint, deployment].filter((one) => one !== undefined)) {
    await collect(problems, () => checkRequired(context, plan, new Map(planned)));
    for (const step of plan.steps) {
      if (step.do === 'resolveLatest') await collect(problems, () => resolveLatest(context, plan, step));
    }
  }
  problems.push(...declaredTraffic(endpoint));
  problems.push(...(await missingAssets(context, endpoint, deployment)));
  problems.push(...(await checkCapacity(context, rollout)));
  problems.push(...(await checkImageBuild(context, rollout)));
  return problems;
}

/** The shares come from the rollout, but a file that cannot be right is not passed over. */
function declaredTraffic(endpoint: Plan | undefined): readonly Problem[] {
  if (endpoint === undefined) return [];
  const declared = at(endpoint.main.body as Json, 'properties', 'traffic');
  const shares = Object.entries(isJsonObject(declared) ? declared : {}).map(
    ([name, share]) => [name, Number(share)] as const,
  );
  const problem = trafficProblem(Object.fromEntries(shares));
  return problem === undefined ? [] : [{ file: endpoint.file, message: problem }];
}

/** Assets and computes of this workspace that a body names by their id. */
async function missingAssets(
  context: Context,
  endpoint: Plan | undefined,
  deployment: Plan,
): Promise<readonly Problem[]> {
  const wanted: readonly (readonly [Plan | undefined, string, string])[] = [
    [deployment, 'model', 'model'],
    [deployment, 'environmentId', 'environment'],
    [endpoint, 'compute', 'compute'],
  ];
  const problems: Problem[] = [];
  for (const [plan, field, what] of wanted) {
    const path = workspacePath(context, textAt(plan?.main.body as Json | undefined, 'properties', field));
    if (plan === undefined || path === undefined) continue;
    if ((await context.workspace.get(path, { signal: context.agent.signal })) !== undefined) continue;
    problems.push({ file: plan.file, message: `The ${what} ${shownAsset(path)} does not exist in this workspace.` });
  }
  return problems;
}

/** The path inside this workspace; undefined for what is elsewhere (registries, other workspaces). */
function workspacePath({ workspace }: Context, id: string | undefined): string | undefined {
  const root = `${childArmId(workspace.id)}/`;
  return id?.toLowerCase().startsWith(root.toLowerCase()) === true ? id.slice(root.length) : undefined;
}

/** `models/churn/versions/3` as users write it. */
function shownAsset(path: string): string {
  const [, name = '', , version] = path.split('/');
  return version === undefined ? `'${name}'` : `'${name}:${version}'`;
}
