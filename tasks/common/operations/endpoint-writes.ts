/** Writes to an online endpoint, which does one thing at a time. */
import { isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import {
  changedEndpoint,
  endpointTraffic,
  mirrorTraffic,
  sameTraffic,
  trafficText,
  type EndpointChange,
} from '../domain/traffic.ts';
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
      const isTaken = error instanceof ServiceError && error.status === 409;
      if (!isTaken || agent.clock.now() - started > BUSY_MS) throw error;
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

/**
 * Reads the endpoint, lets `decide` say what is to change (undefined: nothing), writes the whole of it with nothing else changed,
 * and waits until the endpoint itself shows it. Throws what `decide` throws, and ServiceError.
 *
 * @param watch sees the endpoint while its change is waited for, and throws when that is in vain
 */
export async function changeEndpoint(
  context: Context,
  name: string,
  decide: (endpoint: Resource) => EndpointChange | undefined,
  watch: (endpoint: Resource) => void = () => undefined,
): Promise<Resource> {
  const { workspace, agent } = context;
  let wanted: EndpointChange = {};
  await whenFree(context, `onlineEndpoints/${name}`, async () => {
    // Read anew at each attempt: whoever kept the endpoint busy may have changed it.
    const endpoint = await readEndpoint(context, name);
    if (isBusy(endpoint)) throw busy(name);
    wanted = decide(endpoint) ?? {};
    if (shows(endpoint, wanted)) return;
    await workspace.put(`onlineEndpoints/${name}`, changedEndpoint(endpoint, wanted), { signal: agent.signal });
  });
  return observed(context, name, wanted, watch);
}

/** While an operation runs, the endpoint shows neither what was nor what will be. */
function isBusy(endpoint: Resource): boolean {
  return /^(Creating|Updating|Deleting)$/i.test(textAt(endpoint, 'properties', 'provisioningState') ?? '');
}

function busy(name: string): ServiceError {
  return new ServiceError({ status: 409, code: 'EndpointBusy', message: `${name} is being changed` });
}

async function observed(
  context: Context,
  name: string,
  wanted: EndpointChange,
  watch: (endpoint: Resource) => void,
): Promise<Resource> {
  const { agent } = context;
  const started = agent.clock.now();
  for (;;) {
    const endpoint = await readEndpoint(context, name);
    const isReady = textAt(endpoint, 'properties', 'provisioningState') === 'Succeeded';
    if (isReady && shows(endpoint, wanted)) return endpoint;
    if (isReady) watch(endpoint);
    if (agent.clock.now() - started > OBSERVED_MS) throw notObserved(name, wanted, endpoint);
    await agent.clock.sleep(OBSERVED_POLL_MS, agent.signal);
  }
}

function shows(endpoint: Resource, { traffic, mirror, tags }: EndpointChange): boolean {
  return (
    (traffic === undefined || sameTraffic(endpointTraffic(endpoint), traffic)) &&
    (mirror === undefined || sameTraffic(mirrorTraffic(endpoint), mirror)) &&
    (tags === undefined || sameTags(endpoint.tags, tags))
  );
}

function sameTags(left: Json | undefined, right: JsonObject): boolean {
  const found = isJsonObject(left) ? left : {};
  const names = new Set([...Object.keys(found), ...Object.keys(right)]);
  return [...names].every((name) => found[name] === right[name]);
}

/** The endpoint as it is. Throws ServiceError when it is gone. */
export async function readEndpoint({ workspace, agent }: Context, name: string): Promise<Resource> {
  const endpoint = await workspace.get(`onlineEndpoints/${name}`, { signal: agent.signal });
  if (endpoint !== undefined) return endpoint;
  throw new ServiceError({ status: 404, code: 'NoSuchEndpoint', message: `The online endpoint ${name} is gone.` });
}

function notObserved(name: string, wanted: EndpointChange, found: Resource): ServiceError {
  const traffic = trafficText(wanted.traffic ?? endpointTraffic(found));
  return new ServiceError({
    status: 200,
    code: 'TrafficNotObserved',
    message:
      `The endpoint ${name} was told to send its traffic to ${traffic}, ` +
      `but after ${elapsedText(OBSERVED_MS)} it still shows ${trafficText(endpointTraffic(found))}.`,
  });
}
