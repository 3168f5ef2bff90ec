/** Checks a job's file without a workspace: what `AmlRunJob` does with `mode: validate`. */
import { jobDefinition } from './job-source.ts';
import { planJob, type SubmitRequest } from './submit-job.ts';
import type { OperationAgent } from './task-context.ts';
import { NO_WORKSPACE, reportValid } from './validation-report.ts';

/** Nothing is asked of any service. Throws UserError with every problem of the file and of those it refers to. */
export async function validateJob(
  agent: OperationAgent,
  request: Omit<SubmitRequest, 'cancelsWithStep'>,
): Promise<Record<string, never>> {
  const definition = await jobDefinition(agent, undefined, request);
  await reportValid(agent, async () => [await planJob(agent, NO_WORKSPACE, request, definition, 'job')]);
  return {};
}
