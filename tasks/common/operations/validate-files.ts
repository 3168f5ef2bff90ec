/** Checks files of `az ml` YAML without a workspace: what `AmlApply` does with `mode: validate`. */
import type { ApplyOutputs } from './apply-files.ts';
import { planFiles, type PlanFilesRequest } from './plan-files.ts';
import type { OperationAgent } from './task-context.ts';
import { NO_WORKSPACE, reportValid } from './validation-report.ts';

/** Nothing is asked of any service. Throws UserError with every problem of every file. */
export async function validateFiles(agent: OperationAgent, request: PlanFilesRequest): Promise<ApplyOutputs> {
  const plans = await reportValid(agent, () => planFiles(agent, NO_WORKSPACE, request));
  const main = plans.at(-1)?.main;
  return {
    changed: 'false',
    changes: '[]',
    resourceName: main?.name ?? '',
    resourceVersion: main?.version?.rule === 'given' ? main.version.version : undefined,
  };
}
