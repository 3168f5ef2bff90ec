/** Writes to an online endpoint, which does one thing at a time. */
import { textAt, type JsonObject } from '../domain/json.ts';
import { endpointTraffic, sameTraffic, trafficText, withTraffic, type Traffic } from '../domain/traffic.ts';
import { elapsedText } from '../domain/elapsed-time.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import type { Context } from './task-context.ts';

/** How long to wait for an operation of somebody else, in milliseconds. */
const BUSY_MS = 20 * 60_000;
const BUSY_POLL_MS = 15_000;

/** Does a write, and again while the endpoint answers 409 because another operation runs. */
export async function whenFree<T>({ agent }: Context, what: string, work: () => Promise<T>): Promise<T> {
  const started = agent.clock.now();
  for (let told = false; ; told = true) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof ServiceError && error.status === 409;
      if (!isBusy || agent.clock.now() - started > BUSY_MS) throw error;
      if (!told) agent.log.info(`${what}: another operation runs (${error.message}); waiting for its end.`);
      await agent.clock.sleep(BUSY_POLL_MS, agent.signal);
    }
  }
}

/** PUT of something that takes minutes, with a line in the log now and then. */
export function putSlowly(context: Context, path: string, body: JsonObject): Promise<Resource> {
  const { workspace, agent } = context;
  let lastLine = 0;
  return whenFree(context, path, () =>
    workspace.put(path, body, {
      signal: agent.signal,
      onProgress: (status, elapsedMs) => {
        if (elapsedMs - lastLine < 60_000) return;
        lastLine = elapsedMs;
        agent.log.info(`  ${path}: ${status}, ${elapsedText(elapsedMs)} so far`);
      },
    }),
  );
}

/** How long a change may take to show at the endpoint: its operation ends a little earlier. */
const OBSERVED_MS = 5 * 60_000;
const OBSERVED_POLL_MS = 3000;

/** Changes nothing but the traffic, and waits until the endpoint itself shows it. */
export async function setTraffic(context: Context, name: string, traffic: Traffic): Promise<Resource> {
  const { workspace, agent } = context;
  await whenFree(context, `onlineEndpoints/${name}`, async () => {
    const endpoint = await readEndpoint(context, name);
    if (sameTraffic(endpointTraffic(endpoint), traffic)) return;
    await workspace.put(`onlineEndpoints/${name}`, withTraffic(endpoint, traffic), { signal: agent.signal });
  });
  const started = agent.clock.now();
  for (;;) {
    const endpoint = await readEndpoint(context, name);
    const isReady = textAt(endpoint, 'properties', 'provisioningState') === 'Succeeded';
    if (isReady && sameTraffic(endpointTraffic(endpoint), traffic)) return endpoint;
    if (agent.clock.now() - started > OBSERVED_MS) throw notObserved(name, traffic, endpointTraffic(endpoint));
    await agent.clock.sleep(OBSERVED_POLL_MS, agent.signal);
  }
}

async function readEndpoint({ workspace, agent }: Context, name: string): Promise<Resource> {
  const endpoint = await workspace.get(`onlineEndpoints/${name}`, { signal: agent.signal });
  if (endpoint !== undefined) return endpoint;
  throw new ServiceError({ status: 404, code: 'NoSuchEndpoint', message: `The online endpoint ${name} is gone.` });
}

function notObserved(name: string, wanted: Traffic, found: Traffic): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'TrafficNotObserved',
    message:
      `The endpoint ${name} was told to send its traffic to ${trafficText(wanted)}, ` +
      `but after ${elapsedText(OBSERVED_MS)} it still shows ${trafficText(found)}.`,
  });
}
