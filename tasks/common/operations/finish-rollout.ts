/** Ends a rollout, or leaves it open for its next step. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { isJsonObject } from '../domain/json.ts';
import type { OldDeployment } from '../domain/rollout-plan.ts';
import { KEEP_UNTIL } from '../domain/rollout-tags.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { whenFree } from './endpoint-writes.ts';
import type { LiveRollout } from './live-rollout.ts';
import { shiftShares } from './rollout-lease.ts';
import type { Context } from './task-context.ts';

/** Gives the endpoint free. What tells the same run how to go back stays with it. */
export async function finishRollout(context: Context, rollout: LiveRollout): Promise<Resource> {
  const { endpointName, owner, timeline } = rollout;
  const leaseUntil = context.agent.clock.now();
  const endpoint = await shiftShares(context, endpointName, owner, { state: 'finished', leaseUntil });
  timeline.note('The rollout is finished; the endpoint is no longer reserved.');
  return endpoint;
}

/** Keeps the endpoint reserved for the next step of this run, for so many milliseconds. */
export async function leaveWaiting(context: Context, rollout: LiveRollout, ms: number): Promise<Resource> {
  const { endpointName, owner, timeline } = rollout;
  const leaseUntil = context.agent.clock.now() + ms;
  const endpoint = await shiftShares(context, endpointName, owner, { state: 'waiting', leaseUntil });
  timeline.note(`The rollout waits for its next step; the endpoint is reserved for this run for ${elapsedText(ms)}.`);
  return endpoint;
}

/**
 * Deletes the old deployment, or notes on it until when it is kept. The new one has everything by then: what fails here is said and
 * changes nothing about that. Throws ServiceError.
 */
export async function retireOld(context: Context, rollout: LiveRollout, old: OldDeployment): Promise<void> {
  const { workspace, agent } = context;
  const { previous, endpointName, deployment, timeline } = rollout;
  if (previous === undefined || previous === deployment) return;
  const path = `onlineEndpoints/${endpointName}/deployments/${previous}`;
  try {
    if (old.become === 'deleted') {
      await whenFree(context, path, () => workspace.delete(path, { signal: agent.signal }));
      timeline.note(`The old deployment ${previous} is deleted.`);
    } else if (old.hours > 0) {
      const until = new Date(agent.clock.now() + old.hours * 3_600_000).toISOString();
      await tag(context, path, { [KEEP_UNTIL]: until });
      timeline.note(`The old deployment ${previous} is kept until ${until}.`);
    } else {
      timeline.note(`The old deployment ${previous} is kept.`);
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const what = old.become === 'deleted' ? 'deleted' : 'marked for its removal';
    throw new ServiceError({
      status: error.status,
      code: error.code,
      message: `${deployment} has all traffic, as it should; only the old deployment ${previous} could not be ${what}: ${error.message}`,
      requestId: error.requestId,
      hint: error.hint,
      cause: error,
    });
  }
}

/** A deployment that gets traffic again is not to be removed any more. */
export async function keepForGood(
  context: Context,
  endpointName: string,
  deployments: readonly string[],
): Promise<void> {
  for (const name of deployments) {
    await tag(context, `onlineEndpoints/${endpointName}/deployments/${name}`, { [KEEP_UNTIL]: undefined });
  }
}

/** PATCH takes tags as a whole. */
async function tag(
  context: Context,
  path: string,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { workspace, agent } = context;
  const deployment = await workspace.get(path, { signal: agent.signal });
  if (deployment === undefined) return;
  const current = isJsonObject(deployment.tags) ? deployment.tags : {};
  const entries = Object.entries({ ...current, ...changes }).filter(([, value]) => value !== undefined);
  const tags = Object.fromEntries(entries);
  if (entries.length === Object.keys(current).length && entries.every(([name, value]) => current[name] === value))
    return;
  await whenFree(context, path, () => workspace.patch(path, { tags }, { signal: agent.signal }));
}
