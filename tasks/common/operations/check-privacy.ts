/** Refuses what would leave an endpoint reachable from the internet, or let its deployment reach it, against `network: private`. */
import type { Plan } from '../aml-yaml/plan.ts';
import { textAt, type Json } from '../domain/json.ts';
import { ingressOfCompute, ingressOfExtensions, type Ingress } from '../domain/kubernetes-ingress.ts';
import { isPublic, type NetworkMode } from '../domain/network-mode.ts';
import type { Problem } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { lookUp } from './look-up.ts';
import type { Context } from './task-context.ts';

export interface PrivateRollout {
  readonly endpoint: Plan | undefined;
  readonly deployment: Plan;
  readonly found: Resource | undefined;
  readonly mode: NetworkMode;
  readonly workspaceResource: Resource;
}

const AS_DECLARED = "remove the line, or set 'network: asDeclared' if it is meant.";

/** What the YAML asks for in so many words, private mode must not silently turn into its opposite. */
export async function checkPrivate(context: Context, rollout: PrivateRollout): Promise<readonly Problem[]> {
  const { endpoint, deployment, found, mode } = rollout;
  const problems: Problem[] = [];
  const declares = (plan: Plan | undefined, field: string): boolean =>
    textAt(plan?.main.body as Json | undefined, 'properties', field)?.toLowerCase() === 'enabled';
  if (endpoint !== undefined && declares(endpoint, 'publicNetworkAccess')) {
    problems.push({
      ...placeOf(endpoint, 'public_network_access'),
      message: `'public_network_access: enabled' would leave the endpoint public; ${AS_DECLARED}`,
    });
  }
  if (mode === 'legacy' && declares(deployment, 'egressPublicNetworkAccess')) {
    problems.push({
      ...placeOf(deployment, 'egress_public_network_access'),
      message: `'egress_public_network_access: enabled' would let the deployment reach the internet; ${AS_DECLARED}`,
    });
  }
  const compute = computeOf(rollout);
  if (compute !== undefined) return [...problems, ...(await checkKubernetes(context, rollout, compute))];
  if (endpoint === undefined && found !== undefined && isPublic(found)) {
    problems.push({
      message:
        "The endpoint is public; give its YAML as 'endpointFile' to have that changed, or set 'network: asDeclared'.",
    });
  }
  return problems;
}

function placeOf({ file, keyLines }: Plan, key: string): Pick<Problem, 'file' | 'line'> {
  const line = keyLines?.[key];
  return line === undefined ? { file } : { file, line };
}

/** The id of the cluster an endpoint is on; undefined for managed ones. */
export function computeOf({ endpoint, found }: Pick<PrivateRollout, 'endpoint' | 'found'>): string | undefined {
  const declared = textAt(endpoint?.main.body as Json | undefined, 'properties', 'compute');
  return declared ?? textAt(found, 'properties', 'compute');
}

/** Kubernetes endpoints have no switch of their own: the workspace and the cluster's ingress decide who reaches them. */
async function checkKubernetes(
  context: Context,
  { workspaceResource, endpoint }: PrivateRollout,
  computeId: string,
): Promise<readonly Problem[]> {
  const name = computeId.split('/').at(-1) ?? computeId;
  const asDeclared = "set 'network: asDeclared' if that is meant.";
  const place = endpoint === undefined ? {} : { file: endpoint.file };
  const problems: Problem[] = [];
  if (isPublic(workspaceResource)) {
    problems.push({
      ...place,
      message: `The workspace has public network access, and with it the endpoint on the cluster '${name}'; turn it off, or ${asDeclared}`,
    });
  }
  const compute = await context.workspace.get(`computes/${name}`, { signal: context.agent.signal });
  if (compute === undefined) return problems;
  const ingress = await ingressOf(context, compute);
  if (ingress === 'public') {
    problems.push({
      ...place,
      message:
        `The cluster '${name}' serves its endpoints at a public address. Give the machine learning extension an internal load ` +
        `balancer (internalLoadBalancerProvider=azure), or ${asDeclared}`,
    });
  }
  if (ingress === 'unknown') {
    problems.push({
      ...place,
      message:
        `Whether the cluster '${name}' serves its endpoints privately cannot be told: the settings of its machine learning extension ` +
        `cannot be read or do not say it. Let the connection read the cluster's extensions, or ${asDeclared}`,
    });
  }
  return problems;
}

async function ingressOf(context: Context, compute: Resource): Promise<Ingress> {
  const own = ingressOfCompute(compute);
  const cluster = textAt(compute, 'properties', 'resourceId');
  if (own !== 'unknown' || cluster === undefined) return own;
  const extensions = await lookUp(context, "the settings of the cluster's machine learning extension", async () => {
    const found: Json[] = [];
    const path = `${cluster}/providers/Microsoft.KubernetesConfiguration/extensions`;
    const options = {
      scope: 'absolute',
      query: { 'api-version': '2023-05-01' },
      signal: context.agent.signal,
    } as const;
    for await (const extension of context.workspace.list(path, options)) found.push(extension);
    return found;
  });
  return ingressOfExtensions(extensions ?? []);
}
