/** Has a batch endpoint start a job, through the endpoint's own address as the service's client does. */
import { hashedGuid } from '../aml-yaml/anonymous-versions.ts';
import { planBatchInvocation, type NamedText } from '../aml-yaml/batch-invocation.ts';
import { hasEnded } from '../domain/job-states.ts';
import { at, isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { lineageProperties, recordedFact, SUBMISSION } from '../domain/lineage.ts';
import { canonicalJson } from '../domain/resource-difference.ts';
import { identityText } from '../domain/submission-identity.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { PipelineRun, ScoreResponse } from '../ports.ts';
import { prepareBody } from './apply-plan.ts';
import { ownJob } from './cancel-job.ts';
import { scoringUriOf } from './call-endpoint.ts';
import type { Context } from './task-context.ts';
import { isTransient } from './tolerant.ts';

export interface BatchInvocation {
  readonly endpointName: string;
  /** Undefined: the endpoint's default deployment. */
  readonly deploymentName: string | undefined;
  /** YAML of the task's input by that name: a mapping of names to inputs, as in a job's `inputs`. */
  readonly inputs: NamedText;
  readonly outputs: NamedText;
  readonly allowPathsOutsideSources: boolean;
  /** Whether the step cancels the job when it is cancelled itself. */
  readonly cancelsWithStep: boolean;
}

export interface StartedBatchJob {
  /** The job's name in the workspace: `jobs/<name>`. */
  readonly name: string;
  /** The deployment that runs it, as far as the endpoint says. */
  readonly deployment: string | undefined;
  /** `attached`: an earlier attempt of this step started it, and it still runs or has completed. */
  readonly how: 'submitted' | 'attached';
  /** URI of each output the invocation has given a place. */
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Starts a job of a batch endpoint. A retried step finds the job it started instead of starting another.
 * Throws UserError for inputs, an endpoint or a deployment that are wrong, before anything is uploaded or started, and
 * ServiceError when the endpoint refuses.
 */
export async function invokeBatchEndpoint(context: Context, invocation: BatchInvocation): Promise<StartedBatchJob> {
  const { agent, workspace } = context;
  const { endpointName, deploymentName } = invocation;
  const plan = await planBatchInvocation({
    inputs: invocation.inputs,
    outputs: invocation.outputs,
    files: agent.files,
    workspace: workspace.id,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: invocation.allowPathsOutsideSources,
  });
  const scoringUri = await addressOf(context, endpointName, deploymentName);
  const body = await prepareBody(context, plan);
  const submission = submissionOf(agent.run, invocation, body);
  const earlier = await findEarlier(context, submission);
  if (earlier !== undefined) {
    if (invocation.cancelsWithStep) ownJob(agent.memory, earlier);
    return { name: earlier, deployment: deploymentName, how: 'attached', outputs: outputUris(body) };
  }
  const started = await start(context, invocation, scoringUri, withIdentity(body, submission, agent.run));
  if (invocation.cancelsWithStep) ownJob(agent.memory, started.name);
  return started;
}

/** Tells this step of this run from others; what it asks for belongs to it, because a step may be repeated with other data. */
function submissionOf(
  run: PipelineRun,
  { endpointName, deploymentName = '' }: BatchInvocation,
  body: JsonObject,
): string {
  return hashedGuid(identityText(run, canonicalJson({ endpointName, deploymentName, body })));
}

function withIdentity(body: JsonObject, submission: string, run: PipelineRun): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  return {
    ...body,
    properties: {
      ...properties,
      tags: { [SUBMISSION]: submission },
      properties: { ...lineageProperties(run), [SUBMISSION]: submission },
    },
  };
}

function outputUris(body: JsonObject): Readonly<Record<string, string>> {
  const outputs = at(body, 'properties', 'outputData');
  const names = isJsonObject(outputs) ? Object.keys(outputs) : [];
  return Object.fromEntries(names.map((name) => [name, textAt(outputs, name, 'uri') ?? '']));
}

async function addressOf({ workspace, agent }: Context, name: string, deployment: string | undefined): Promise<string> {
  const { signal } = agent;
  const endpoint = await workspace.get(`batchEndpoints/${name}`, { signal });
  if (endpoint === undefined)
    throw new UserError(`Input 'endpointName': the workspace has no batch endpoint '${name}'.`);
  const scoringUri = scoringUriOf(endpoint, name);
  if (deployment === undefined) {
    if (textAt(endpoint, 'properties', 'defaults', 'deploymentName') !== undefined) return scoringUri;
    throw new UserError(`The batch endpoint ${name} has no default deployment; name one as 'deploymentName'.`);
  }
  if ((await workspace.get(`batchEndpoints/${name}/deployments/${deployment}`, { signal })) !== undefined)
    return scoringUri;
  throw new UserError(`Input 'deploymentName': the endpoint ${name} has no deployment '${deployment}'.`);
}

/** The job an earlier attempt of this step started, unless it has failed or was cancelled. */
async function findEarlier({ workspace, agent }: Context, submission: string): Promise<string | undefined> {
  const query = { properties: `${SUBMISSION}=${submission}`, listViewType: 'ActiveOnly' };
  for await (const job of workspace.list('jobs', { query, signal: agent.signal })) {
    const status = textAt(job, 'properties', 'status') ?? '';
    const isOurs = recordedFact(job, SUBMISSION) === submission;
    if (isOurs && (!hasEnded(status) || status === 'Completed')) return textAt(job, 'name');
  }
  return undefined;
}

const ATTEMPTS = 5;
const PAUSE_MS = 10_000;
const ANSWER_MS = 120_000;

/** The service knows a repeated request by its id, so that asking again after a lost answer starts no second job. */
async function start(
  context: Context,
  { endpointName, deploymentName }: BatchInvocation,
  scoringUri: string,
  request: JsonObject,
): Promise<StartedBatchJob> {
  const { workspace, agent } = context;
  const body = JSON.stringify(request);
  const requestId = hashedGuid(`${body} ${agent.clock.now()}`);
  agent.signal.throwIfAborted();
  const response = await untilAnswered(context, () =>
    workspace.scoring.score({
      scoringUri,
      authorization: { kind: 'entra' },
      deployment: deploymentName,
      contentType: 'application/json',
      headers: { 'repeatability_request-id': requestId },
      body,
      timeoutMs: ANSWER_MS,
      signal: agent.signal,
    }),
  );
  const job = parse(response.body);
  const name = textAt(job, 'name');
  if (response.status >= 300 || name === undefined) throw refused(endpointName, response, job);
  return {
    name,
    deployment: response.headers['azureml-model-deployment'] ?? deploymentName,
    how: 'submitted',
    outputs: outputUris(request),
  };
}

async function untilAnswered({ agent }: Context, ask: () => Promise<ScoreResponse>): Promise<ScoreResponse> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await ask();
      const isPassing = response.status === 408 || response.status === 429 || response.status >= 500;
      if (attempt >= ATTEMPTS || !isPassing) return response;
      agent.log.info(`The endpoint answers ${response.status}; asking again.`);
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      agent.log.info(`The endpoint cannot be reached (${(error as ServiceError).message}); asking again.`);
    }
    await agent.clock.sleep(PAUSE_MS, agent.signal);
  }
}

function refused(endpoint: string, response: ScoreResponse, answer: Json | undefined): ServiceError {
  const said = textAt(answer, 'error', 'message') ?? response.body.trim().slice(0, 500);
  const isDenied = response.status === 401 || response.status === 403;
  return new ServiceError({
    status: response.status,
    code: textAt(answer, 'error', 'code') ?? 'InvocationRefused',
    message: `The batch endpoint ${endpoint} did not start a job (${response.status}): ${said}`,
    requestId: response.headers['x-request-id'],
    hint: isDenied
      ? "The service connection's identity needs a role that may invoke batch endpoints, such as AzureML Data Scientist, on the workspace."
      : undefined,
  });
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
