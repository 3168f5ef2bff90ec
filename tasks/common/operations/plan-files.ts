/** Plans files of `az ml` YAML, and says everything that is wrong with any of them at once. */
import { parseOverrides } from '../aml-yaml/override-lines.ts';
import type { Plan } from '../aml-yaml/plan.ts';
import { planFile, type Override } from '../aml-yaml/plan-file.ts';
import { lineageProperties } from '../domain/lineage.ts';
import { workspaceArmId, type WorkspaceId } from '../domain/workspace-id.ts';
import { UserError, type Problem } from '../errors.ts';
import { collect } from './collect-problems.ts';
import { findFiles, type FoundFile } from './find-files.ts';
import type { OperationAgent } from './task-context.ts';

export interface PlanFilesRequest {
  /** Paths or patterns, in the order in which they are applied. */
  readonly files: readonly string[];
  /** `path=value` lines that apply to every file. */
  readonly overrides: readonly string[];
  readonly allowPathsOutsideSources: boolean;
  /** Where assets are made; the workspace where it is absent. */
  readonly registryName?: string | undefined;
}

/** The plans of all files, in their order. Throws UserError with every problem of every line and file. */
export async function planFiles(
  agent: OperationAgent,
  workspace: WorkspaceId,
  request: PlanFilesRequest,
): Promise<readonly Plan[]> {
  const problems: Problem[] = [];
  const overrides = (await collect(problems, async () => Promise.resolve(parseOverrides(request.overrides)))) ?? [];
  const found = new Map<string, FoundFile>();
  for (const line of request.files) {
    const files = await collect(problems, () => findFiles(agent.files, agent.run.sourcesDirectory, [line]));
    for (const file of files ?? []) found.set(file.absolutePath, file);
  }
  if (found.size === 0 && problems.length === 0)
    throw new UserError("Input 'files' is empty; give at least one YAML file.");
  const plans: Plan[] = [];
  for (const file of found.values()) {
    const plan = await collect(problems, () => planOne(agent, workspace, request, file, overrides));
    if (plan !== undefined) plans.push(plan);
  }
  if (problems.length > 0) throw new UserError(problems);
  return plans;
}

async function planOne(
  agent: OperationAgent,
  workspace: WorkspaceId,
  request: PlanFilesRequest,
  { absolutePath, shown }: FoundFile,
  overrides: readonly Override[],
): Promise<Plan> {
  const plan = await planFile({
    file: shown,
    absolutePath,
    overrides,
    files: agent.files,
    workspace,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: request.allowPathsOutsideSources,
    registry: request.registryName,
    lineage: lineageProperties(agent.run),
    // A job is planned only to be refused for what it is, not for the name it lacks.
    job: { name: 'job' },
  });
  if (request.registryName !== undefined) checkNothingOfAWorkspace(plan, workspace);
  if (plan.kind === 'job')
    throw new UserError({ file: shown, message: 'The file describes a job: run it with AmlRunJob.' });
  return plan;
}

/** What planning did not notice: a compute of a component's node, for one. */
function checkNothingOfAWorkspace(plan: Plan, workspace: WorkspaceId): void {
  const id = new RegExp(`${workspaceArmId(workspace)}/([\\w/.-]+)`).exec(JSON.stringify(plan.steps))?.[1];
  if (id === undefined) return;
  throw new UserError({
    file: plan.file,
    message: `The file refers to ${id} of a workspace, which nothing in a registry can. Leave it to the job that uses the asset.`,
  });
}
