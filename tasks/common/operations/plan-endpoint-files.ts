/** Reads the YAML files of an endpoint and of a deployment to it, before anything is changed. */
import { parseOverrides } from '../aml-yaml/override-lines.ts';
import type { Override } from '../aml-yaml/overrides.ts';
import type { Plan, PlanKind } from '../aml-yaml/plan.ts';
import { planFile } from '../aml-yaml/plan-file.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { textAt } from '../domain/json.ts';
import { lineageProperties } from '../domain/lineage.ts';
import { shownPath } from '../domain/paths.ts';
import { modelReference, nameProblem } from '../domain/resource-names.ts';
import { UserError, type Problem } from '../errors.ts';
import { collect, throwProblems } from './collect-problems.ts';
import type { Context } from './task-context.ts';

export type EndpointType = 'online' | 'batch';

export interface EndpointFiles {
  /** Absolute paths. */
  readonly endpointFile: string | undefined;
  readonly deploymentFile: string;
  readonly endpointName: string | undefined;
  readonly endpointOverrides: readonly string[];
  readonly deploymentOverrides: readonly string[];
  /** `name:version` or an id. */
  readonly model: string | undefined;
  readonly allowPathsOutsideSources: boolean;
}

export interface PlannedEndpoint {
  readonly endpointName: string;
  /** Undefined when the endpoint is taken as it is. */
  readonly endpoint: Plan | undefined;
  readonly deployment: Plan;
}

const KINDS = {
  online: { endpoint: 'onlineEndpoint', deployment: 'onlineDeployment' },
  batch: { endpoint: 'batchEndpoint', deployment: 'batchDeployment' },
} as const;

/** Throws UserError with everything that is wrong with the files. */
export async function planEndpointFiles(
  context: Context,
  files: EndpointFiles,
  type: EndpointType,
): Promise<PlannedEndpoint> {
  const problems: Problem[] = [];
  const endpoint = await collect(problems, () => planEndpoint(context, files, type));
  const deployment = await collect(problems, () => planDeployment(context, files, type));
  const endpointName = deployment?.main.collection.split('/')[1] ?? '';
  if (deployment !== undefined) problems.push(...nameProblems(endpoint, deployment, endpointName));
  throwProblems(problems);
  if (deployment === undefined) throw new UserError(`${files.deploymentFile} describes no deployment.`);
  return { endpointName, endpoint, deployment };
}

async function planEndpoint(context: Context, files: EndpointFiles, type: EndpointType): Promise<Plan | undefined> {
  if (files.endpointFile === undefined) {
    if (files.endpointOverrides.length > 0) throw new UserError("Input 'endpointOverrides' needs 'endpointFile'.");
    return undefined;
  }
  const overrides = [...parseOverrides(files.endpointOverrides), ...named('name', files.endpointName)];
  return plan(context, files, files.endpointFile, KINDS[type].endpoint, overrides);
}

async function planDeployment(context: Context, files: EndpointFiles, type: EndpointType): Promise<Plan> {
  const endpointName = files.endpointName ?? (await missingEndpointName(context, files));
  const overrides = [
    ...parseOverrides(files.deploymentOverrides),
    ...named('endpoint_name', endpointName),
    ...named('model', files.model === undefined ? undefined : modelText(files.model)),
  ];
  return plan(context, files, files.deploymentFile, KINDS[type].deployment, overrides);
}

/** Deployment files often leave their endpoint out, for the command line to name it. */
async function missingEndpointName({ agent }: Context, files: EndpointFiles): Promise<string | undefined> {
  const { deploymentFile, endpointFile } = files;
  const nameIn = async (path: string, key: string): Promise<string | undefined> =>
    textAt(yamlData((await agent.files.readText(path)) ?? ''), key);
  if (endpointFile === undefined || (await nameIn(deploymentFile, 'endpoint_name')) !== undefined) return undefined;
  const override = parseOverrides(files.endpointOverrides).find(({ path }) => path === 'name');
  return typeof override?.value === 'string' ? override.value : nameIn(endpointFile, 'name');
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
  files: EndpointFiles,
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

function nameProblems(endpoint: Plan | undefined, deployment: Plan, endpointName: string): readonly Problem[] {
  return [
    nameProblem('endpoint', endpointName),
    nameProblem('deployment', deployment.main.name),
    endpoint === undefined || endpoint.main.name === endpointName
      ? undefined
      : `The deployment belongs to the endpoint '${endpointName}', but ${endpoint.file} describes '${endpoint.main.name}'. ` +
        "Use the same name in both, or give 'endpointName'.",
  ].flatMap((message) => (message === undefined ? [] : [{ file: deployment.file, message }]));
}
