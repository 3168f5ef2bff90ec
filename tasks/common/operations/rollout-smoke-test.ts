/** Asks a deployment before it gets traffic, and the endpoint after it has. */
import type { ResponseAssertion } from '../domain/response-assertions.ts';
import { ServiceError } from '../errors.ts';
import type { Resource, ScoreResponse } from '../ports.ts';
import { endpointAccess, judge, score, type RequestBody } from './call-endpoint.ts';
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
  const options = { deployment, timeoutMs: ANSWER_MS };
  const response = await untilReady(context, () => score(context, access, smoke.body, options));
  const failures = judge(smoke.assertions, response);
  if (failures.length > 0) {
    timeline.note(`Smoke test of ${target} failed.`);
    throw new ServiceError({
      status: response.status,
      code: 'SmokeTestFailed',
      message: `${target} did not pass its smoke test: ${failures.join('\n')}`,
      requestId: response.headers['x-request-id'],
    });
  }
  timeline.note(`Smoke test of ${target} passed: ${response.status} in ${Math.round(response.durationMs)} ms.`);
}

async function untilReady({ agent }: Context, ask: () => Promise<ScoreResponse>): Promise<ScoreResponse> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await ask();
      if (attempt >= ATTEMPTS || !NOT_READY.has(response.status)) return response;
      agent.log.info(`Not ready yet (${response.status}); asking again.`);
    } catch (error) {
      if (attempt >= ATTEMPTS || !(error instanceof ServiceError) || !isTransient(error)) throw error;
      agent.log.info(`Not reachable yet (${error.message}); asking again.`);
    }
    await agent.clock.sleep(PAUSE_MS, agent.signal);
  }
}
