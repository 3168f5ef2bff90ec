/** Whether the image of a new deployment can be built where its registry is private. */
import type { Plan } from '../aml-yaml/plan.ts';
import { at, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { isPublic, networkMode } from '../domain/network-mode.ts';
import { workspaceArmId } from '../domain/workspace-id.ts';
import type { Problem } from '../errors.ts';
import type { CheckedRollout } from './check-rollout.ts';
import { lookUp } from './look-up.ts';
import type { Context } from './task-context.ts';

/** Version of Microsoft.ContainerRegistry that has `publicNetworkAccess`. */
const REGISTRY_VERSION = '2023-07-01';

/**
 * The service builds images with tasks of the registry, which do not reach a private one: a compute of the workspace must do it
 * (documentation "Secure an Azure Machine Learning workspace with virtual networks", container registry).
 */
export async function checkImageBuild(context: Context, rollout: CheckedRollout): Promise<readonly Problem[]> {
  const { workspace, agent } = context;
  const { workspaceResource, deployment } = rollout;
  if (!(await needsBuild(context, deployment))) return [];
  const registry = textAt(workspaceResource, 'properties', 'containerRegistry');
  const compute = textAt(workspaceResource, 'properties', 'imageBuildCompute') ?? '';
  if (registry === undefined) return [];
  const found = await lookUp(context, 'whether the container registry is private', () =>
    workspace.get(registry, { scope: 'absolute', query: { 'api-version': REGISTRY_VERSION }, signal: agent.signal }),
  );
  if (found === undefined || isPublic(found)) return [];
  const name = registry.split('/').at(-1) ?? registry;
  if (compute === '') return withoutCompute(context, workspaceResource, deployment, name);
  if ((await workspace.get(`computes/${compute.split('/').at(-1) ?? ''}`, { signal: agent.signal })) !== undefined)
    return [];
  return [
    {
      message: `The workspace builds images on the compute '${compute}', which does not exist; its registry ${name} is private and cannot build them itself.`,
    },
  ];
}

function withoutCompute(
  { agent }: Context,
  workspace: JsonObject,
  deployment: Plan,
  registry: string,
): readonly Problem[] {
  const message =
    `The environment has to be built, the workspace's registry ${registry} is private, and no image build compute is set: ` +
    "the build would fail. Set it with 'az ml workspace update --image-build-compute <cluster>', or use an image that is built already.";
  const isNew = environmentsOf(deployment).some(isBuilt);
  if (isNew && networkMode(workspace) === 'legacy') return [{ file: deployment.file, message }];
  // A registered one may have been built before; in a managed network serverless compute may be allowed to do it.
  agent.log.warning(message);
  return [];
}

async function needsBuild({ workspace, agent }: Context, deployment: Plan): Promise<boolean> {
  if (environmentsOf(deployment).some(isBuilt)) return true;
  const id = textAt(deployment.main.body as Json, 'properties', 'environmentId') ?? '';
  const root = `${workspaceArmId(workspace.id)}/`.toLowerCase();
  if (!id.toLowerCase().startsWith(root)) return false;
  return isBuilt(await workspace.get(id.slice(root.length), { signal: agent.signal }));
}

/** The environments a deployment's file defines itself. */
function environmentsOf(deployment: Plan): readonly Json[] {
  return deployment.steps.flatMap((step) =>
    step.do === 'put' && step.collection === 'environments' ? [step.body as Json] : [],
  );
}

/** An environment with nothing but an image is taken as it is. */
function isBuilt(environment: Json | undefined): boolean {
  const condaFile = at(environment, 'properties', 'condaFile');
  return (
    (condaFile !== undefined && condaFile !== null && condaFile !== '') ||
    at(environment, 'properties', 'build', 'contextUri') !== undefined
  );
}
