/** Asks a deployment before it gets traffic, and the endpoint after it has. */
import { percentile } from '../domain/latency.ts';
import { latencyFailures, type ResponseAssertion } from '../domain/response-assertions.ts';
import { ServiceError, TimedOutError } from '../errors.ts';
import type { Resource, ScoreResponse } from '../ports.ts';
import { endpointAccess, judge, score, type EndpointAccess, type RequestBody } from './call-endpoint.ts';
import { readEndpoint } from './endpoint-writes.ts';
import type { LiveRollout } from './live-rollout.ts';
import type { Timeline } from './rollout-timeline.ts';
import type { Context } from './task-context.ts';
import { isTransient } from './tolerant.ts';

/** What the new deployment is asked before and after it gets traffic. */
export interface Smoke {
  readonly body: RequestBody;
  readonly assertions: readonly ResponseAssertion[];
}

const ATTEMPTS = 5;
const PAUSE_MS = 10_000;
const ANSWER_MS = 60_000;

/** What an endpoint says while its routes are still being made. */
const NOT_READY = new Set([404, 408, 429, 502, 503, 504]);

/**
 * Sends the smoke request to a deployment, or, without one, to whatever the traffic rule chooses.
 * Routes need a moment after a change, so that not being ready is asked again a few times. Throws ServiceError.
 */
export async function smokeTest(
  context: Context,
  endpoint: Resource,
  endpointName: string,
  deployment: string | undefined,
  smoke: Smoke,
  timeline: Timeline,
): Promise<void> {
  const access = await endpointAccess(context, endpoint, endpointName);
  const target = deployment ?? endpointName;
  const response = await untilReady(context, () => ask(context, access, smoke, deployment));
  const failures = [...judge(smoke.assertions, response), ...latencyFailures(smoke.assertions, response.durationMs)];
  if (failures.length > 0) {
    timeline.note(`Smoke test of ${target} failed.`);
    throw smokeTestFailed(target, failures, response);
  }
  timeline.note(`Smoke test of ${target} passed: ${response.status} in ${Math.round(response.durationMs)} ms.`);
}

/** Sends the smoke request again and again to the new deployment alone. Throws ServiceError when more fail than may. */
export async function sendSmokeRequests(
  context: Context,
  { endpointName, deployment, smoke, timeline }: LiveRollout,
  requests: number,
  allowedFailures: number,
): Promise<void> {
  if (smoke === undefined) return;
  const access = await endpointAccess(context, await readEndpoint(context, endpointName), endpointName);
  const failures: string[] = [];
  const durations: number[] = [];
  let failed = 0;
  let last: ScoreResponse | undefined;
  for (let number = 1; number <= requests; number += 1) {
    const send = (): Promise<ScoreResponse> => ask(context, access, smoke, deployment);
    const wrong = await unreachableAsFailure(context, async () => {
      last = await (number === 1 ? untilReady(context, send) : send());
      durations.push(last.durationMs);
      return judge(smoke.assertions, last);
    });
    if (wrong.length > 0) failed += 1;
    failures.push(...wrong.map((failure) => `Request ${number}: ${failure}`));
  }
  const p95 = percentile(durations, 95);
  const slow = durations.length === 0 ? [] : latencyFailures(smoke.assertions, p95);
  const text = `${requests - failed} of ${requests} smoke requests to ${deployment} passed`;
  timeline.note(`${text}${Number.isNaN(p95) ? '' : `, 95th percentile ${Math.round(p95)} ms`}.`);
  if (failed <= allowedFailures && slow.length === 0) return;
  const shown =
    failed > allowedFailures ? [`${text}, at most ${allowedFailures} may fail.`, ...failures.slice(0, 5)] : [];
  throw smokeTestFailed(deployment, [...shown, ...slow], last);
}

function ask(
  context: Context,
  access: EndpointAccess,
  smoke: Smoke,
  deployment: string | undefined,
): Promise<ScoreResponse> {
  return score(context, access, smoke.body, { deployment, timeoutMs: ANSWER_MS });
}

/** No answer is one that failed: it counts against the deployment, not against this step. */
async function unreachableAsFailure(
  { agent }: Context,
  work: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  try {
    return await work();
  } catch (error) {
    agent.signal.throwIfAborted();
    if (error instanceof TimedOutError || (error instanceof ServiceError && isTransient(error))) return [error.message];
    throw error;
  }
}

function smokeTestFailed(
  target: string,
  failures: readonly string[],
  response: ScoreResponse | undefined,
): ServiceError {
  return new ServiceError({
    status: response?.status ?? 0,
    code: 'SmokeTestFailed',
    message: `${target} did not pass its smoke test: ${failures.join('\n')}`,
    requestId: response?.headers['x-request-id'],
  });
}

async function untilReady({ agent }: Context, send: () => Promise<ScoreResponse>): Promise<ScoreResponse> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await send();
      if (attempt >= ATTEMPTS || !NOT_READY.has(response.status)) return response;
      agent.log.info(`Not ready yet (${response.status}); asking again.`);
    } catch (error) {
      if (attempt >= ATTEMPTS || !(error instanceof ServiceError) || !isTransient(error)) throw error;
      agent.log.info(`Not reachable yet (${error.message}); asking again.`);
    }
    await agent.clock.sleep(PAUSE_MS, agent.signal);
  }
}
