/** Checks a job's file without a workspace: what `AmlRunJob` does with `mode: validate`. */
import { shownPath } from '../domain/paths.ts';
import { planJob, type SubmitRequest } from './submit-job.ts';
import type { OperationAgent } from './task-context.ts';
import { NO_WORKSPACE, reportValid } from './validation-report.ts';

/** Nothing is asked of any service. Throws UserError with every problem of the file and of those it refers to. */
export async function validateJob(
  agent: OperationAgent,
  request: Omit<SubmitRequest, 'cancelsWithStep'>,
): Promise<Record<string, never>> {
  const file = shownPath(agent.run.sourcesDirectory, request.jobFile);
  await reportValid(agent, async () => [await planJob(agent, NO_WORKSPACE, request, file, 'job')]);
  return {};
}
