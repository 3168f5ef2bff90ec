/** Checks a job's file without a workspace: what `AmlRunJob` does with `mode: validate`. */
import { planBatchInvocation } from '../aml-yaml/batch-invocation.ts';
import type { Plan } from '../aml-yaml/plan.ts';
import { checkSource, jobDefinition } from './job-source.ts';
import { planJob, type SubmitRequest } from './submit-job.ts';
import type { OperationAgent } from './task-context.ts';
import { NO_WORKSPACE, reportValid } from './validation-report.ts';

/** Nothing is asked of any service. Throws UserError with every problem of the file and of those it refers to. */
export async function validateJob(
  agent: OperationAgent,
  request: Omit<SubmitRequest, 'cancelsWithStep'>,
): Promise<Record<string, never>> {
  checkSource(request);
  if (request.jobSource === 'batchEndpoint') {
    await reportValid(agent, async () => [await planInvocation(agent, request)]);
    return {};
  }
  const definition = await jobDefinition(agent, undefined, request);
  await reportValid(agent, async () => [await planJob(agent, NO_WORKSPACE, request, definition, 'job')]);
  return {};
}

/** The inputs of a batch endpoint's invocation are all there is to check without the endpoint. */
async function planInvocation(agent: OperationAgent, request: Omit<SubmitRequest, 'cancelsWithStep'>): Promise<Plan> {
  const plan = await planBatchInvocation({
    inputs: { name: 'jobInputs', text: request.jobInputs ?? '' },
    outputs: { name: 'outputs', text: '' },
    files: agent.files,
    workspace: NO_WORKSPACE,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: request.allowPathsOutsideSources,
  });
  return { ...plan, main: { ...plan.main, name: `of ${request.endpointName ?? ''}` } };
}
