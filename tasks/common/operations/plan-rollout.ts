/** Reads the YAML of an endpoint and of its deployment and settles what a rollout will do, before anything is changed. */
import { parseOverrides } from '../aml-yaml/override-lines.ts';
import type { Override } from '../aml-yaml/overrides.ts';
import type { Plan, PlanKind } from '../aml-yaml/plan.ts';
import { planFile } from '../aml-yaml/plan-file.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { textAt } from '../domain/json.ts';
import { lineageProperties } from '../domain/lineage.ts';
import { isPublic, networkMode, type NetworkMode } from '../domain/network-mode.ts';
import { shownPath } from '../domain/paths.ts';
import { modelReference, nameProblem } from '../domain/resource-names.ts';
import { endpointTraffic, liveDeployment, nextDeployment, trafficText, type Traffic } from '../domain/traffic.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import type { Context } from './task-context.ts';

export interface RolloutFiles {
  /** Absolute paths. */
  readonly endpointFile: string | undefined;
  readonly deploymentFile: string;
  readonly endpointName: string | undefined;
  readonly endpointOverrides: readonly string[];
  readonly deploymentOverrides: readonly string[];
  /** `name:version` or an id. */
  readonly model: string | undefined;
  readonly network: 'private' | 'asDeclared';
  readonly allowPathsOutsideSources: boolean;
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
  const endpoint = await planEndpoint(context, files);
  const deployment = await planDeployment(context, files, endpoint);
  const endpointName = deployment.main.collection.split('/')[1] ?? '';
  checkNames(endpoint, deployment, endpointName);
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

async function planEndpoint(context: Context, files: RolloutFiles): Promise<Plan | undefined> {
  if (files.endpointFile === undefined) {
    if (files.endpointOverrides.length > 0) throw new UserError("Input 'endpointOverrides' needs 'endpointFile'.");
    return undefined;
  }
  const overrides = [...parseOverrides(files.endpointOverrides), ...named('name', files.endpointName)];
  return plan(context, files, files.endpointFile, 'onlineEndpoint', overrides);
}

async function planDeployment(context: Context, files: RolloutFiles, endpoint: Plan | undefined): Promise<Plan> {
  const endpointName = files.endpointName ?? (await missingEndpointName(context, files, endpoint));
  const overrides = [
    ...parseOverrides(files.deploymentOverrides),
    ...named('endpoint_name', endpointName),
    ...named('model', files.model === undefined ? undefined : modelText(files.model)),
  ];
  return plan(context, files, files.deploymentFile, 'onlineDeployment', overrides);
}

/** Deployment files often leave their endpoint out, for the command line to name it. */
async function missingEndpointName(
  { agent }: Context,
  files: RolloutFiles,
  endpoint: Plan | undefined,
): Promise<string | undefined> {
  const text = await agent.files.readText(files.deploymentFile);
  return textAt(yamlData(text ?? ''), 'endpoint_name') === undefined ? endpoint?.main.name : undefined;
}

function named(path: string, value: string | undefined): readonly Override[] {
  return value === undefined ? [] : [{ path, value }];
}

function modelText(text: string): string {
  if (text.startsWith('azureml:')) return text;
  if (modelReference(text) === undefined) {
    throw new UserError(`Input 'model' must be name:version, a model's id or azureml://…, not '${text}'.`);
  }
  return `azureml:${text}`;
}

function plan(
  { agent, workspace }: Context,
  files: RolloutFiles,
  path: string,
  kind: PlanKind,
  overrides: readonly Override[],
): Promise<Plan> {
  return planFile({
    file: shownPath(agent.run.sourcesDirectory, path),
    absolutePath: path,
    kind,
    overrides,
    files: agent.files,
    workspace: workspace.id,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: files.allowPathsOutsideSources,
    lineage: lineageProperties(agent.run),
  });
}

function checkNames(endpoint: Plan | undefined, deployment: Plan, endpointName: string): void {
  const problems = [
    nameProblem('endpoint', endpointName),
    nameProblem('deployment', deployment.main.name),
    endpoint === undefined || endpoint.main.name === endpointName
      ? undefined
      : `The deployment belongs to the endpoint '${endpointName}', but ${endpoint.file} describes '${endpoint.main.name}'. ` +
        "Use the same name in both, or give 'endpointName'.",
  ].flatMap((message) => (message === undefined ? [] : [{ file: deployment.file, message }]));
  if (problems.length > 0) throw new UserError(problems);
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
