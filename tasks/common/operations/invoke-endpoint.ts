/** Sends requests to an online endpoint and judges the answers: what `AmlInvokeEndpoint` does for one. */
import { percentile } from '../domain/latency.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import { latencyFailures, type ResponseAssertion } from '../domain/response-assertions.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Resource, ScoreResponse } from '../ports.ts';
import { endpointAccess, judge, readRequest, score, type RequestBody } from './call-endpoint.ts';
import { readAssertions } from './read-assertions.ts';
import type { Context, Publish } from './task-context.ts';

export interface InvokeRequest {
  readonly endpointName: string;
  readonly deploymentName: string | undefined;
  /** Absolute path. */
  readonly requestFile: string | undefined;
  readonly request: string | undefined;
  readonly contentType: string;
  readonly requests: number;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  readonly timeoutSeconds: number;
  readonly assertions: string | undefined;
}

export interface InvokeOutputs {
  readonly statusCode: string;
  readonly responseFile: string;
  readonly p95Milliseconds: string;
}

/** How many wrong answers are told one by one. */
const FAILURES_SHOWN = 10;

/** Throws UserError for wrong inputs, before anything is sent, and ServiceError when an answer is not what it must be. */
export async function invokeEndpoint(
  context: Context,
  request: InvokeRequest,
  publish: Publish<InvokeOutputs>,
): Promise<InvokeOutputs> {
  const assertions = await readAssertions(context.agent, request.assertions, "input 'assertions'");
  checkNumbers(request);
  const body = await requestBody(context, request);
  const endpoint = await findEndpoint(context, request);
  const access = await endpointAccess(context, endpoint, request.endpointName);
  const options = { deployment: request.deploymentName, timeoutMs: request.timeoutSeconds * 1000 };
  const responses = await repeat(request, () => score(context, access, body, options));
  const failures = responses.flatMap((response, index) => {
    const which = request.requests === 1 ? '' : `Request ${index + 1}: `;
    return judge(assertions, response).map((failure) => which + failure);
  });
  const p95 = percentile(
    responses.map(({ durationMs }) => durationMs),
    95,
  );
  failures.push(...latencyFailures(assertions, p95));
  const last = responses.at(-1);
  const outputs = {
    statusCode: String(last?.status ?? 0),
    responseFile: await context.agent.writeTemporaryFile('response.json', last?.body ?? ''),
    p95Milliseconds: String(Math.round(p95)),
  };
  publish(outputs);
  report(context, request, responses, assertions, failures, p95);
  if (failures.length > 0) throw assertionsFailed(request, last, failures);
  return outputs;
}

/** The answers in the order of their requests, of which so many are under way at once. */
async function repeat(
  { requests, concurrency }: InvokeRequest,
  ask: () => Promise<ScoreResponse>,
): Promise<readonly ScoreResponse[]> {
  const responses: ScoreResponse[] = [];
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < requests) {
      const index = next;
      next += 1;
      responses[index] = await ask();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, sender));
  return responses;
}

const MOST_AT_ONCE = 100;

function checkNumbers({ requests, concurrency, timeoutSeconds }: InvokeRequest): void {
  if (requests < 1) throw new UserError(`Input 'requests' must be 1 or more, not ${requests}.`);
  if (concurrency < 1 || concurrency > MOST_AT_ONCE) {
    throw new UserError(`Input 'concurrency' must be from 1 to ${MOST_AT_ONCE}, not ${concurrency}.`);
  }
  if (timeoutSeconds < 1) throw new UserError(`Input 'timeoutSeconds' must be 1 or more, not ${timeoutSeconds}.`);
}

async function requestBody(context: Context, request: InvokeRequest): Promise<RequestBody> {
  const { requestFile, request: inline, contentType } = request;
  if ((requestFile === undefined) === (inline === undefined)) {
    throw new UserError("Give the request either as 'requestFile' or as 'request', not both and not neither.");
  }
  return requestFile === undefined
    ? { contentType, body: inline ?? '' }
    : readRequest(context, requestFile, contentType);
}

async function findEndpoint({ workspace, agent }: Context, request: InvokeRequest): Promise<Resource> {
  const { endpointName: name, deploymentName: deployment } = request;
  const endpoint = await workspace.get(`onlineEndpoints/${name}`, { signal: agent.signal });
  if (endpoint === undefined)
    throw new UserError(`Input 'endpointName': the workspace has no online endpoint '${name}'.`);
  if (deployment === undefined) return endpoint;
  const found = await workspace.get(`onlineEndpoints/${name}/deployments/${deployment}`, { signal: agent.signal });
  if (found !== undefined) return endpoint;
  throw new UserError(`Input 'deploymentName': the endpoint ${name} has no deployment '${deployment}'.`);
}

function report(
  { agent }: Context,
  request: InvokeRequest,
  responses: readonly ScoreResponse[],
  assertions: readonly ResponseAssertion[],
  failures: readonly string[],
  p95: number,
): void {
  const counts = new Map<number, number>();
  for (const { status } of responses) counts.set(status, (counts.get(status) ?? 0) + 1);
  const statuses = [...counts].map(([status, count]) => `${status} × ${count}`).join(', ');
  const target =
    request.deploymentName === undefined ? request.endpointName : `${request.endpointName}/${request.deploymentName}`;
  agent.log.info(`${target}: ${statuses}; 95th percentile ${Math.round(p95)} ms.`);
  for (const [header, value] of Object.entries(responses.at(-1)?.headers ?? {})) {
    if (header === 'azureml-model-deployment') agent.log.info(`The last answer came from the deployment ${value}.`);
  }
  const rows = [
    ['Requests', String(responses.length)],
    ['Statuses', escapeMarkdown(statuses)],
    ['95th percentile', `${Math.round(p95)} ms`],
    ['Assertions', assertions.length === 0 ? 'status 200' : String(assertions.length)],
  ];
  const result = failures.length === 0 ? 'answered as it must' : 'did not answer as it must';
  const list = failures.slice(0, FAILURES_SHOWN).map((failure) => `- ${escapeMarkdown(failure)}`);
  agent.addSummary(
    [`### ${escapeMarkdown(target)} ${result}`, markdownTable(['', ''], rows), list.join('\n')]
      .filter(Boolean)
      .join('\n\n'),
  );
}

function assertionsFailed(
  request: InvokeRequest,
  last: ScoreResponse | undefined,
  failures: readonly string[],
): ServiceError {
  const more = failures.length - FAILURES_SHOWN;
  const shown = [...failures.slice(0, FAILURES_SHOWN), ...(more > 0 ? [`… and ${more} more.`] : [])];
  return new ServiceError({
    status: last?.status ?? 0,
    code: 'AssertionFailed',
    message: `The endpoint ${request.endpointName} did not answer as it must: ${shown.join('\n')}`,
    requestId: last?.headers['x-request-id'],
  });
}
