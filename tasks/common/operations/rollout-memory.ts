/** What the post-job step needs to restore an endpoint when the step itself was killed in the middle of a shift. */
import { isJsonObject, type Json } from '../domain/json.ts';
import { trafficText, type Traffic } from '../domain/traffic.ts';
import type { TaskMemory } from '../ports.ts';
import { setTraffic } from './endpoint-writes.ts';
import type { Context } from './task-context.ts';

const ENDPOINT = 'rolloutEndpoint';
const TRAFFIC = 'rolloutTraffic';
const DONE = 'rolloutDone';

/** Notes the traffic that was found, before it is changed. */
export function noteTraffic(memory: TaskMemory, endpoint: string, traffic: Traffic): void {
  memory.set(ENDPOINT, endpoint);
  memory.set(TRAFFIC, JSON.stringify(traffic));
}

/** Notes that the traffic is as it is meant to be. */
export function noteDone(memory: TaskMemory): void {
  memory.set(DONE, 'true');
}

/** The endpoint whose traffic was left in between, with the traffic to restore. */
export function unfinishedRollout(
  memory: TaskMemory,
): { readonly endpoint: string; readonly traffic: Traffic } | undefined {
  const [endpoint, text] = [memory.get(ENDPOINT), memory.get(TRAFFIC)];
  if (memory.get(DONE) === 'true' || endpoint === undefined || text === undefined) return undefined;
  const traffic = JSON.parse(text) as Json;
  if (!isJsonObject(traffic)) return undefined;
  const shares = Object.entries(traffic).map(([name, share]) => [name, Number(share)] as const);
  return { endpoint, traffic: Object.fromEntries(shares) };
}

/** The post-job step: gives an endpoint the traffic back that the step had found. */
export async function restoreUnfinishedRollout(context: Context): Promise<void> {
  const { agent } = context;
  const rollout = unfinishedRollout(agent.memory);
  if (rollout === undefined) return;
  const { endpoint, traffic } = rollout;
  agent.log.info(
    `The rollout of the endpoint ${endpoint} was left unfinished: restoring its traffic (${trafficText(traffic)}).`,
  );
  await setTraffic(context, endpoint, traffic);
  noteDone(agent.memory);
  agent.log.info(`The traffic of the endpoint ${endpoint} is as it was found: ${trafficText(traffic)}.`);
}
