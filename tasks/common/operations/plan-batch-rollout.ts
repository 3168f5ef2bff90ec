/** Reads the YAML of a batch endpoint and of its deployment and settles what will be done, before anything is changed. */
import { planBatchInvocation } from '../aml-yaml/batch-invocation.ts';
import type { Plan } from '../aml-yaml/plan.ts';
import { defaultDeployment } from '../domain/batch-endpoint.ts';
import { isPublic } from '../domain/network-mode.ts';
import { nextDeployment } from '../domain/traffic.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { planEndpointFiles, type EndpointFiles } from './plan-endpoint-files.ts';
import type { Context } from './task-context.ts';

export interface BatchRolloutFiles extends EndpointFiles {
  readonly network: 'private' | 'asDeclared';
  /** YAML: inputs by name. */
  readonly testInputs: string | undefined;
}

export interface BatchRolloutPlan {
  readonly endpointName: string;
  /** Undefined when the endpoint is taken as it is. */
  readonly endpoint: Plan | undefined;
  readonly deployment: Plan;
  /** The endpoint as it was found. */
  readonly found: Resource | undefined;
  /** The default deployment as it was found. */
  readonly previous: string | undefined;
  /** The name the new deployment gets. */
  readonly next: string;
}

export const TEST_INPUTS = "input 'testInputs'";

/** Throws UserError with what is wrong with the files, the test's inputs or the workspace. */
export async function planBatchRollout(context: Context, files: BatchRolloutFiles): Promise<BatchRolloutPlan> {
  const { workspace, agent } = context;
  const { endpoint, deployment, endpointName } = await planEndpointFiles(context, files, 'batch');
  await checkTestInputs(context, files);
  const found = await workspace.get(`batchEndpoints/${endpointName}`, { signal: agent.signal });
  if (found === undefined && endpoint === undefined) {
    throw new UserError(
      `There is no batch endpoint '${endpointName}'; give its YAML as 'endpointFile' to have it created.`,
    );
  }
  const previous = defaultDeployment(found);
  const next = nextDeployment(deployment.main.name, previous === undefined ? {} : { [previous]: 100 });
  if (next === undefined) {
    throw new UserError({
      file: deployment.file,
      message: `'${deployment.main.name}' is the default of ${endpointName}, and its other colour is no possible name. Give another name.`,
    });
  }
  if (files.network === 'private') await checkPrivate(context);
  return { endpointName, endpoint, deployment, found, previous, next };
}

async function checkTestInputs({ agent, workspace }: Context, files: BatchRolloutFiles): Promise<void> {
  if (files.testInputs === undefined) return;
  await planBatchInvocation({
    inputs: { name: TEST_INPUTS, text: files.testInputs },
    outputs: { name: '', text: '' },
    files: agent.files,
    workspace: workspace.id,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: files.allowPathsOutsideSources,
  });
}

/** A batch endpoint is as reachable as its workspace. */
async function checkPrivate({ workspace, agent }: Context): Promise<void> {
  const resource = await workspace.get('', { signal: agent.signal });
  if (!isPublic(resource ?? {})) return;
  throw new UserError(
    `The workspace ${workspace.id.name} can be reached from the internet, and a batch endpoint with it. Turn the workspace's ` +
      "public network access off, or set 'network: asDeclared' if it is meant.",
  );
}
