/** Undoes what a rollout has changed when anything of it fails. */
import { sameTraffic } from '../domain/traffic.ts';
import { CancelledError, ServiceError, UserError } from '../errors.ts';
import { readEndpoint } from './endpoint-writes.ts';
import type { LiveRollout } from './live-rollout.ts';
import { sharesOf, type Shares } from './rollout-lease.ts';
import { noteDone, noteRollout, notRestored, undoRollout } from './rollout-memory.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

/**
 * Runs the work; whatever it throws is thrown on once the endpoint is as it was found, or with the plain word that it is not. After a
 * signal there is no time for that: the post-job step does it.
 *
 * @param unlimited without the step's own time limit, which may have passed
 * @param backTo what to go back to; undefined: what the rollout had found, which ends it
 */
export async function guardRollout<T>(
  unlimited: Context,
  rollout: LiveRollout,
  backTo: Shares | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { agent } = unlimited;
  const unfinished = { endpoint: rollout.endpointName, owner: rollout.owner, backTo };
  noteRollout(agent.memory, unfinished);
  try {
    const result = await work();
    noteDone(agent.memory);
    return result;
  } catch (error) {
    const isKnown = error instanceof Error;
    if (agent.signal.aborted || error instanceof CancelledError) {
      rollout.timeline.note('Cancelled in the middle of the rollout: the post-job step restores the traffic.');
      throw error;
    }
    rollout.timeline.note(`Restoring the traffic that was found, because: ${isKnown ? error.message : String(error)}`);
    await undo(unlimited, rollout, unfinished, error);
    throw error;
  }
}

async function undo(
  context: Context,
  rollout: LiveRollout,
  unfinished: Parameters<typeof undoRollout>[1],
  cause: unknown,
): Promise<void> {
  const { timeline, endpointName, leaseMs } = rollout;
  try {
    const result = await undoRollout(context, unfinished, leaseMs);
    noteDone(context.agent.memory);
    if (result.kind === 'restored') timeline.note('The traffic is as it was found.', result.traffic);
    else timeline.note(`The traffic is left as it is: ${result.why}.`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (await isAsFound(context, rollout)) {
      timeline.note(`The traffic is as it was found; the endpoint stays reserved for now (${error.message}).`);
      return;
    }
    const plain = notRestored(endpointName, error);
    timeline.note(plain.message);
    if (cause instanceof UserError) throw plain;
    const first = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceError({
      status: plain.status,
      code: plain.code,
      message: `${first}\n${plain.message} The post-job step tries once more.`,
      requestId: plain.requestId,
      hint: plain.hint,
      cause,
    });
  }
}

/** True when nothing but the reservation is left behind. */
async function isAsFound(context: Context, { endpointName, found }: LiveRollout): Promise<boolean> {
  const endpoint = await tolerant(context.agent.log, `the endpoint ${endpointName}`, () =>
    readEndpoint(context, endpointName),
  );
  if (endpoint === undefined) return false;
  const { traffic, mirror } = sharesOf(endpoint);
  return sameTraffic(traffic, found.traffic) && sameTraffic(mirror, found.mirror);
}
