/** What the post-job step needs to restore an endpoint when the step itself was killed or cancelled in the middle of a rollout. */
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import { isOwnTraffic, rolloutOf, tagsWithRollout, type RolloutOwner } from '../domain/rollout-tags.ts';
import { trafficText, type Traffic } from '../domain/traffic.ts';
import { ServiceError } from '../errors.ts';
import type { TaskMemory } from '../ports.ts';
import { changeEndpoint } from './endpoint-writes.ts';
import { sharesOf, type Shares } from './rollout-lease.ts';
import type { Context } from './task-context.ts';

const ENDPOINT = 'rolloutEndpoint';
const OWNER = 'rolloutOwner';
const BACK_TO = 'rolloutBackTo';
const DONE = 'rolloutDone';

export interface UnfinishedRollout {
  readonly endpoint: string;
  readonly owner: RolloutOwner;
  /** Set where a failed step goes back to what it had found itself, and the rollout goes on waiting; otherwise all of it is undone. */
  readonly backTo: Shares | undefined;
}

/** Notes a rollout before its first write. */
export function noteRollout(memory: TaskMemory, rollout: UnfinishedRollout): void {
  memory.set(ENDPOINT, rollout.endpoint);
  memory.set(OWNER, JSON.stringify(rollout.owner));
  memory.set(BACK_TO, rollout.backTo === undefined ? '' : JSON.stringify(rollout.backTo));
  memory.set(DONE, 'false');
}

/** Notes that the endpoint is as it is meant to be. */
export function noteDone(memory: TaskMemory): void {
  memory.set(DONE, 'true');
}

/** The rollout that was left in between. */
export function unfinishedRollout(memory: TaskMemory): UnfinishedRollout | undefined {
  const [endpoint, owner] = [memory.get(ENDPOINT), parsed(memory.get(OWNER))];
  if (memory.get(DONE) === 'true' || endpoint === undefined || owner === undefined) return undefined;
  const backTo = parsed(memory.get(BACK_TO));
  const text = (key: string): string => (typeof owner[key] === 'string' ? owner[key] : '');
  return {
    endpoint,
    owner: { id: text('id'), holder: text('holder'), run: text('run') },
    backTo: backTo && sharesOf({ properties: { traffic: backTo.traffic, mirrorTraffic: backTo.mirror } }),
  };
}

function parsed(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text === '') return undefined;
  const value = JSON.parse(text) as Json;
  return isJsonObject(value) ? value : undefined;
}

/** What the post-job step did. `nothing`: the endpoint was not this step's any more, or its traffic is somebody else's. */
export type Restored =
  { readonly kind: 'restored'; readonly traffic: Traffic } | { readonly kind: 'nothing'; readonly why: string };

/**
 * Gives an endpoint back what this step had found, as far as it is still this step's. Throws ServiceError when that is not possible.
 *
 * @param leaseMs how long a rollout that goes on waiting stays reserved, in milliseconds
 */
export async function undoRollout(context: Context, rollout: UnfinishedRollout, leaseMs: number): Promise<Restored> {
  const { endpoint: name, owner, backTo } = rollout;
  let restored: Restored = { kind: 'nothing', why: 'this step had not changed it' };
  await changeEndpoint(context, name, (endpoint) => {
    const record = rolloutOf(endpoint);
    if (record?.state !== 'running') return undefined;
    if (record.id !== owner.id || record.holder !== owner.holder) {
      restored = { kind: 'nothing', why: `another rollout has taken it over (${record.run})` };
      return undefined;
    }
    if (!isOwnTraffic(record, endpoint)) {
      restored = { kind: 'nothing', why: 'somebody else has changed its traffic since' };
      return { tags: tagsWithRollout(endpoint, undefined) };
    }
    const shares = backTo ?? { traffic: record.found, mirror: record.foundMirror };
    restored = { kind: 'restored', traffic: shares.traffic };
    const waiting = {
      ...record,
      state: 'waiting' as const,
      asked: shares.traffic,
      before: shares.traffic,
      leaseUntil: context.agent.clock.now() + leaseMs,
    };
    return { ...shares, tags: tagsWithRollout(endpoint, backTo === undefined ? undefined : waiting) };
  });
  return restored;
}

const DAY_MS = 86_400_000;

/** The post-job step: restores what the step could not. Throws ServiceError that says plainly what was not restored. */
export async function restoreUnfinishedRollout(context: Context): Promise<void> {
  const { agent } = context;
  const rollout = unfinishedRollout(agent.memory);
  if (rollout === undefined) return;
  const { endpoint } = rollout;
  agent.log.info(`The rollout of the endpoint ${endpoint} was left unfinished: restoring its traffic.`);
  try {
    const result = await undoRollout(context, rollout, DAY_MS);
    agent.log.info(
      result.kind === 'restored'
        ? `The traffic of the endpoint ${endpoint} is as it was found: ${trafficText(result.traffic)}.`
        : `The endpoint ${endpoint} is left as it is: ${result.why}.`,
    );
    noteDone(agent.memory);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code !== 'NoSuchEndpoint') throw notRestored(endpoint, error);
    agent.log.info(`There is no endpoint ${endpoint}; nothing is to be restored.`);
  }
}

/** Says plainly that an endpoint is left in between. */
export function notRestored(endpoint: string, error: ServiceError): ServiceError {
  return new ServiceError({
    status: error.status,
    code: error.code,
    message: `The traffic of the endpoint ${endpoint} could NOT be restored and may be in between: ${error.message}`,
    requestId: error.requestId,
    hint:
      error.hint ??
      "Run AmlShiftTraffic with 'mode: rollback', or the step again: the endpoint's tags say what was there before.",
    cause: error,
  });
}
