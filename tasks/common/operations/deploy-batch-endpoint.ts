/** Deploys to a batch endpoint: what `AmlDeployBatchEndpoint` does. */
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { defaultDeployment, withDefault, withoutDefault } from '../domain/batch-endpoint.ts';
import { textAt, type JsonObject } from '../domain/json.ts';
import { differences } from '../domain/resource-difference.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { keepTraffic, prepareBody } from './apply-plan.ts';
import { putSlowly, whenFree } from './endpoint-writes.ts';
import { planBatchRollout, type BatchRolloutFiles, type BatchRolloutPlan } from './plan-batch-rollout.ts';
import { StepNotes } from './step-notes.ts';
import type { Context, Publish } from './task-context.ts';
import { testBatchDeployment } from './test-batch-deployment.ts';
import { withTimeLimit } from './time-limit.ts';

export interface DeployBatchRequest extends BatchRolloutFiles {
  readonly makeDefault: boolean;
  readonly keepOldDeployment: boolean;
  /** 0: no limit. */
  readonly timeoutMinutes: number;
}

export interface DeployBatchOutputs {
  readonly endpointName: string;
  readonly deploymentName: string;
  readonly scoringUri: string;
  readonly previousDeployment?: string | undefined;
  readonly defaultDeployment?: string | undefined;
  readonly testJobName?: string | undefined;
}

/** What one run of the task works with. */
interface Work {
  /** Ends with the step. The time limit is `limited`'s, or the test job's own. */
  readonly context: Context;
  readonly limited: Context;
  readonly request: DeployBatchRequest;
  readonly plan: BatchRolloutPlan;
  readonly notes: StepNotes;
  readonly publish: Publish<DeployBatchOutputs>;
}

/**
 * Creates or updates the endpoint, creates the new deployment beside the default one, tests it, makes it the default. The default
 * stays what it is when anything before that fails. Throws UserError before anything is changed, ServiceError when a step fails,
 * TimedOutError after `timeoutMinutes`.
 */
export async function deployBatchEndpoint(
  context: Context,
  request: DeployBatchRequest,
  publish: Publish<DeployBatchOutputs>,
): Promise<DeployBatchOutputs> {
  if (request.timeoutMinutes < 0) throw new UserError("Input 'timeoutMinutes' must be 0 (no limit) or more.");
  const plan = await planBatchRollout(context, request);
  const { endpointName, previous } = plan;
  publish({
    endpointName,
    deploymentName: plan.next,
    previousDeployment: previous,
    defaultDeployment: previous,
  });
  const notes = new StepNotes(context.agent);
  let result = 'failed';
  try {
    const what = `The deployment to ${endpointName}`;
    const outputs = await withTimeLimit(context, request.timeoutMinutes, what, (limited) =>
      rollOut({ context, limited, request, plan, notes, publish }),
    );
    result = 'done';
    return outputs;
  } finally {
    context.agent.addSummary(notes.summary(`Deployment to ${endpointName}: ${result}`));
  }
}

async function rollOut(work: Work): Promise<DeployBatchOutputs> {
  const { limited, request, plan, notes } = work;
  const { log } = limited.agent;
  const endpoint = await log.group(`Endpoint ${plan.endpointName}`, () => writeEndpoint(work));
  const body = await log.group(`Deployment ${plan.next}`, () => prepareBody(limited, plan.deployment));
  if (request.makeDefault && (await isAlready(limited, plan, plan.previous, body))) {
    notes.add(`The deployment ${plan.previous ?? ''} already is exactly this; nothing is deployed.`);
    return outputsOf(plan, plan.previous ?? '', plan.previous, endpoint);
  }
  await writeDeployment(work, body);
  const testJobName = await testBatchDeployment(work, work.publish);
  if (!request.makeDefault) {
    notes.add(`The default stays ${plan.previous ?? 'none'}.`);
    return { ...outputsOf(plan, plan.next, plan.previous, endpoint), testJobName };
  }
  const switched = await makeDefault(work);
  work.publish({ defaultDeployment: plan.next });
  await removeOld(work);
  return { ...outputsOf(plan, plan.next, plan.next, switched), testJobName };
}

/** The endpoint as its YAML wants it, with the default it has: the YAML may name a deployment that does not exist yet. */
async function writeEndpoint({ limited, plan, notes }: Work): Promise<Resource> {
  const { endpoint, endpointName, found } = plan;
  if (endpoint === undefined) return found ?? {};
  const wanted = withoutDefault(await prepareBody(limited, endpoint));
  const body = found === undefined ? wanted : keepTraffic(endpoint.main, wanted, found);
  const changes = found === undefined ? [] : differences(body, found, yamlData);
  for (const { path } of changes) limited.agent.log.info(`  ${path} changes.`);
  if (found !== undefined && changes.length === 0 && isReady(found)) {
    notes.add(`Endpoint ${endpointName} is as its YAML says.`);
    return found;
  }
  const written = await putSlowly(limited, `batchEndpoints/${endpointName}`, body);
  notes.add(`Endpoint ${endpointName} ${found === undefined ? 'created' : 'updated'}.`);
  return written;
}

async function isAlready(
  context: Context,
  plan: BatchRolloutPlan,
  name: string | undefined,
  body: JsonObject,
): Promise<boolean> {
  const live = name === undefined ? undefined : await readDeployment(context, plan, name);
  return live !== undefined && isReady(live) && differences(body, live, yamlData).length === 0;
}

/** Creates the new deployment, or updates the one that has its name and is not the default. */
async function writeDeployment({ limited, plan, notes }: Work, body: JsonObject): Promise<void> {
  const { workspace, agent } = limited;
  const { endpointName, next } = plan;
  if (await isAlready(limited, plan, next, body)) {
    notes.add(`Deployment ${next} is there already, exactly like this.`);
    return;
  }
  const path = `batchEndpoints/${endpointName}/deployments/${next}`;
  const existing = await readDeployment(limited, plan, next);
  if (textAt(existing, 'properties', 'provisioningState') === 'Failed') {
    await whenFree(limited, path, () => workspace.delete(path, { signal: agent.signal }));
    notes.add(`The failed deployment ${next} of an earlier run is deleted.`);
  }
  try {
    await putSlowly(limited, path, body);
  } catch (error) {
    if (!(error instanceof ServiceError) || agent.signal.aborted) throw error;
    notes.add(`Deployment ${next} failed.`);
    throw new ServiceError({
      status: error.status,
      code: error.code,
      message: `The deployment ${next} failed: ${error.message} The default stays what it was.`,
      requestId: error.requestId,
      hint: error.hint,
      cause: error,
    });
  }
  notes.add(`Deployment ${next} ${existing === undefined ? 'created' : 'updated'}, not yet the default.`);
}

/** How long a change may take to show at the endpoint, and how often it is looked for, in milliseconds. */
const OBSERVED_MS = 5 * 60_000;
const OBSERVED_POLL_MS = 3000;

async function makeDefault({ limited: context, plan, notes }: Work): Promise<Resource> {
  const { workspace, agent } = context;
  const { endpointName, previous, next } = plan;
  await whenFree(context, `batchEndpoints/${endpointName}`, async () => {
    const endpoint = await readEndpoint(context, endpointName);
    const current = defaultDeployment(endpoint);
    if (current === next) return;
    if (current !== previous) throw changedMeanwhile(endpointName, previous, current);
    await workspace.put(`batchEndpoints/${endpointName}`, withDefault(endpoint, next), { signal: agent.signal });
  });
  const started = agent.clock.now();
  for (;;) {
    const endpoint = await readEndpoint(context, endpointName);
    if (isReady(endpoint) && defaultDeployment(endpoint) === next) {
      notes.add(`${next} is the default.`);
      return endpoint;
    }
    if (agent.clock.now() - started > OBSERVED_MS) throw notObserved(endpointName, next);
    await agent.clock.sleep(OBSERVED_POLL_MS, agent.signal);
  }
}

async function removeOld({ limited: context, request, plan, notes }: Work): Promise<void> {
  const { endpointName, previous } = plan;
  if (request.keepOldDeployment || previous === undefined) return;
  const path = `batchEndpoints/${endpointName}/deployments/${previous}`;
  await whenFree(context, path, () => context.workspace.delete(path, { signal: context.agent.signal }));
  notes.add(`The old deployment ${previous} is deleted.`);
}

function isReady(resource: Resource): boolean {
  return textAt(resource, 'properties', 'provisioningState') === 'Succeeded';
}

function readDeployment({ workspace, agent }: Context, plan: BatchRolloutPlan, name: string) {
  return workspace.get(`batchEndpoints/${plan.endpointName}/deployments/${name}`, { signal: agent.signal });
}

async function readEndpoint({ workspace, agent }: Context, name: string): Promise<Resource> {
  const endpoint = await workspace.get(`batchEndpoints/${name}`, { signal: agent.signal });
  if (endpoint !== undefined) return endpoint;
  throw new ServiceError({ status: 404, code: 'NoSuchEndpoint', message: `The batch endpoint ${name} is gone.` });
}

function changedMeanwhile(name: string, found: string | undefined, current: string | undefined): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'DefaultChangedMeanwhile',
    message:
      `The default of ${name} was ${found ?? 'none'} when this step began and is ${current ?? 'none'} now: somebody else ` +
      'changes it. It stays as it is; run the step again when they are done.',
  });
}

function notObserved(name: string, wanted: string): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'DefaultNotObserved',
    message: `The endpoint ${name} was told to make ${wanted} its default, but still shows another one.`,
  });
}

function outputsOf(
  { endpointName, previous }: BatchRolloutPlan,
  deploymentName: string,
  current: string | undefined,
  endpoint: Resource,
): DeployBatchOutputs {
  return {
    endpointName,
    deploymentName,
    scoringUri: textAt(endpoint, 'properties', 'scoringUri') ?? '',
    previousDeployment: previous,
    defaultDeployment: current,
  };
}
