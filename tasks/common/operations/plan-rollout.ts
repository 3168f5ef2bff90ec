/** Reads the YAML of an endpoint and of its deployment and settles what a rollout will do, before anything is changed. */
import type { Plan } from '../aml-yaml/plan.ts';
import { textAt } from '../domain/json.ts';
import { isPublic, networkMode, type NetworkMode } from '../domain/network-mode.ts';
import { endpointTraffic, liveDeployment, nextDeployment, trafficText, type Traffic } from '../domain/traffic.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { planEndpointFiles, type EndpointFiles } from './plan-endpoint-files.ts';
import type { Context } from './task-context.ts';

export interface RolloutFiles extends EndpointFiles {
  readonly network: 'private' | 'asDeclared';
}

export interface RolloutPlan {
  readonly endpointName: string;
  /** Undefined when the endpoint is taken as it is. */
  readonly endpoint: Plan | undefined;
  readonly deployment: Plan;
  /** The endpoint as it was found. */
  readonly found: Resource | undefined;
  readonly foundTraffic: Traffic;
  readonly previous: string | undefined;
  /** The name the new deployment gets. */
  readonly next: string;
  readonly mode: NetworkMode;
}

/** Throws UserError with everything that is wrong with the files, or that would leave the endpoint public. */
export async function planRollout(context: Context, files: RolloutFiles): Promise<RolloutPlan> {
  const { workspace, agent } = context;
  const { endpoint, deployment, endpointName } = await planEndpointFiles(context, files, 'online');
  const found = await workspace.get(`onlineEndpoints/${endpointName}`, { signal: agent.signal });
  if (found === undefined && endpoint === undefined) {
    throw new UserError(
      `There is no online endpoint '${endpointName}'; give its YAML as 'endpointFile' to have it created.`,
    );
  }
  const foundTraffic = endpointTraffic(found);
  const next = nextDeployment(deployment.main.name, foundTraffic);
  if (next === undefined) throw noFreeName(endpointName, deployment.main.name, foundTraffic);
  const mode = networkMode((await workspace.get('', { signal: agent.signal })) ?? {});
  if (files.network === 'private') checkPrivate(endpoint, deployment, found, mode);
  return {
    endpointName,
    endpoint,
    deployment,
    found,
    foundTraffic,
    previous: liveDeployment(foundTraffic),
    next,
    mode,
  };
}

function noFreeName(endpoint: string, declared: string, traffic: Traffic): UserError {
  return new UserError(
    `There is no name for a new deployment beside those with traffic (${trafficText(traffic)}): '${declared}' and its other ` +
      `colour are in use or not possible. Give another name, or finish the rollout of ${endpoint} first.`,
  );
}

/** What the YAML asks for in so many words, private mode must not silently turn into its opposite. */
function checkPrivate(
  endpoint: Plan | undefined,
  deployment: Plan,
  found: Resource | undefined,
  mode: NetworkMode,
): void {
  const asDeclared = "remove the line, or set 'network: asDeclared' if it is meant.";
  const problems: { readonly file?: string; readonly message: string }[] = [];
  const declares = (plan: Plan | undefined, field: string): boolean =>
    textAt(plan?.main.body as never, 'properties', field)?.toLowerCase() === 'enabled';
  if (endpoint !== undefined && declares(endpoint, 'publicNetworkAccess')) {
    problems.push({
      file: endpoint.file,
      message: `'public_network_access: enabled' would leave the endpoint public; ${asDeclared}`,
    });
  }
  if (mode === 'legacy' && declares(deployment, 'egressPublicNetworkAccess')) {
    problems.push({
      file: deployment.file,
      message: `'egress_public_network_access: enabled' would let the deployment reach the internet; ${asDeclared}`,
    });
  }
  const isKubernetes = textAt(found, 'properties', 'compute') !== undefined;
  if (endpoint === undefined && found !== undefined && !isKubernetes && isPublic(found)) {
    problems.push({
      message:
        "The endpoint is public; give its YAML as 'endpointFile' to have that changed, or set 'network: asDeclared'.",
    });
  }
  if (problems.length > 0) throw new UserError(problems);
}
