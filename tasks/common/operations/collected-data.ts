/** The data that an online deployment's data collector writes. */
import type { Plan, ResolveCollectedDataStep } from '../aml-yaml/plan.ts';
import { textAt } from '../domain/json.ts';
import { workspaceArmId } from '../domain/workspace-id.ts';
import { UserError } from '../errors.ts';
import type { StepResult } from './plan-results.ts';
import type { Context } from './task-context.ts';

/** Finds the collection's data asset. Throws UserError where the deployment collects nothing under that name. */
export async function resolveCollectedData(
  { workspace, agent }: Context,
  plan: Plan,
  { endpoint, deployment, collection }: ResolveCollectedDataStep,
): Promise<StepResult> {
  const live = await workspace.get(`onlineEndpoints/${endpoint}/deployments/${deployment}`, { signal: agent.signal });
  const id = textAt(live, 'properties', 'dataCollector', 'collections', collection, 'dataId');
  const path = id === undefined ? undefined : pathInWorkspace(id, workspaceArmId(workspace.id));
  const asset = path === undefined ? undefined : await workspace.get(path, { signal: agent.signal });
  const found = { id: textAt(asset, 'id') ?? id, type: textAt(asset, 'properties', 'dataType') };
  if (found.id !== undefined && found.type !== undefined) return { id: found.id, type: found.type };
  throw new UserError({
    file: plan.file,
    message:
      `The deployment '${deployment}' of the endpoint '${endpoint}' does not collect '${collection}', which the monitor needs. ` +
      "Switch it on under 'data_collector.collections' of the deployment, or give the signal its own 'production_data' " +
      "and 'reference_data'.",
  });
}

/** Ids are answered with the `azureml:` prefix or without, and in any case. */
function pathInWorkspace(id: string, workspace: string): string | undefined {
  const bare = id.replace(/^azureml:/, '');
  const prefix = `${workspace}/`;
  return bare.toLowerCase().startsWith(prefix.toLowerCase()) ? bare.slice(prefix.length) : undefined;
}
