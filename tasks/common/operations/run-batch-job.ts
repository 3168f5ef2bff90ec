/** Has a batch endpoint score data and waits for the job: what `AmlInvokeEndpoint` does for one. */
import { UserError } from '../errors.ts';
import { awaitJob, type AwaitOptions } from './await-job.ts';
import { withBatchOutputs } from './batch-job-outputs.ts';
import { disownJob } from './cancel-job.ts';
import { finishJob, type FinishRequest } from './finish-job.ts';
import { invokeBatchEndpoint } from './invoke-batch-endpoint.ts';
import { jobStatus, jobSummary, studioUrl } from './job-summary.ts';
import type { Context, Publish } from './task-context.ts';

export interface RunBatchRequest extends AwaitOptions, FinishRequest {
  readonly endpointName: string;
  readonly deploymentName: string | undefined;
  /** YAML: inputs and outputs by name. */
  readonly batchInputs: string | undefined;
  readonly batchOutputs: string | undefined;
  readonly waitForCompletion: boolean;
  readonly allowPathsOutsideSources: boolean;
  /** What has no meaning for a batch endpoint. */
  readonly requestFile: string | undefined;
  readonly request: string | undefined;
  readonly assertions: string | undefined;
}

export interface RunBatchOutputs {
  readonly jobName: string;
  readonly jobStatus: string;
  readonly jobUrl: string;
  readonly outputs?: string | undefined;
}

/**
 * Starts the job and, if asked, waits for it and downloads outputs. Only `Completed` is success.
 * Throws UserError for wrong inputs, before anything is started, and ServiceError for a job that failed or was cancelled.
 */
export async function runBatchJob(
  context: Context,
  request: RunBatchRequest,
  publish: Publish<RunBatchOutputs>,
): Promise<RunBatchOutputs> {
  checkRequest(request);
  const { agent, workspace } = context;
  const { endpointName, deploymentName } = request;
  const invoked = await agent.log.group(`Invoke ${endpointName}`, () =>
    invokeBatchEndpoint(context, {
      endpointName,
      deploymentName,
      inputs: { name: "input 'batchInputs'", text: request.batchInputs ?? '' },
      outputs: { name: "input 'batchOutputs'", text: request.batchOutputs ?? '' },
      allowPathsOutsideSources: request.allowPathsOutsideSources,
      cancelsWithStep: request.onCancel === 'cancelJob',
    }),
  );
  const job = (await workspace.get(`jobs/${invoked.name}`, { signal: agent.signal })) ?? {};
  const started = { jobName: invoked.name, jobStatus: jobStatus(job), jobUrl: studioUrl(job) };
  publish(started);
  announce(context, invoked, started.jobUrl);
  if (!request.waitForCompletion) {
    disownJob(agent.memory);
    agent.addSummary(jobSummary(invoked.name, job));
    return started;
  }
  const ended = await awaitJob(context, invoked.name, request);
  disownJob(agent.memory);
  const outcome = { ...started, jobUrl: studioUrl(ended.job) || started.jobUrl, jobStatus: ended.status };
  publish(outcome);
  const whole = await withBatchOutputs(context, ended, endpointName, invoked.outputs);
  const { outputs } = await finishJob(context, whole, request, () => undefined);
  return { ...outcome, outputs };
}

function checkRequest(request: RunBatchRequest): void {
  const online = (['requestFile', 'request', 'assertions'] as const).filter((name) => request[name] !== undefined);
  const problems = [
    ...online.map((name) => ({
      message: `Input '${name}' is for online endpoints; a batch endpoint takes 'batchInputs'.`,
    })),
    ...(request.timeoutMinutes < 0 ? [{ message: "Input 'timeoutMinutes' must be 0 (no limit) or more." }] : []),
  ];
  if (problems.length > 0) throw new UserError(problems);
}

function announce(
  { agent }: Context,
  { name, how, deployment }: Awaited<ReturnType<typeof invokeBatchEndpoint>>,
  url: string,
): void {
  const by = deployment === undefined ? '' : ` of the deployment ${deployment}`;
  const what =
    how === 'submitted'
      ? `Started the job ${name}${by}.`
      : `An earlier attempt of this step has started the job ${name}: attached to it.`;
  agent.log.info(url === '' ? what : `${what}\n${url}`);
}
