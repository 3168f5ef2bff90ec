/** Goes back to the traffic from before this run's rollout: what `AmlShiftTraffic` does with `mode: rollback`. */
import { isOwnTraffic, rolloutOf, tagsWithRollout, type RolloutRecord } from '../domain/rollout-tags.ts';
import { endpointTraffic, trafficText, type Traffic } from '../domain/traffic.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { changeEndpoint } from './endpoint-writes.ts';
import { keepForGood } from './finish-rollout.ts';
import { noteDone, noteRollout } from './rollout-memory.ts';
import { rolloutOwner } from './rollout-lease.ts';
import { Timeline } from './rollout-timeline.ts';
import type { Context } from './task-context.ts';

export interface RollBackRequest {
  readonly endpointName: string;
  readonly breakLease: boolean;
}

export interface RolledBack {
  /** Undefined when there was nothing to roll back. */
  readonly deployment: string | undefined;
  readonly before: Traffic;
  readonly after: Traffic;
}

/**
 * Restores what this run's rollout had found, whether it is under way, waits or is finished. Nothing to roll back is fine.
 * Throws ServiceError that says plainly what could not be restored.
 */
export async function rollBack(context: Context, request: RollBackRequest): Promise<RolledBack> {
  const { agent, workspace } = context;
  const { endpointName } = request;
  const endpoint = await workspace.get(`onlineEndpoints/${endpointName}`, { signal: agent.signal });
  const before = endpointTraffic(endpoint);
  const reason = nothingToRollBack(context, request, endpoint);
  const record = rolloutOf(endpoint);
  if (reason !== undefined || record === undefined) {
    agent.log.info(`There is nothing to roll back at ${endpointName}: ${reason ?? ''}`);
    return { deployment: undefined, before, after: before };
  }
  await checkThere(context, endpointName, record.found);
  const timeline = new Timeline(context, before);
  timeline.note(
    `Rolling back to ${trafficText(record.found)}, from before ${record.deployment} (${record.run}).`,
    before,
  );
  // The post-job step of a cancelled rollback does the same: it undoes a running rollout of this holder.
  const holder = { id: record.id, holder: record.holder, run: record.run };
  noteRollout(agent.memory, { endpoint: endpointName, owner: holder, backTo: undefined });
  await changeEndpoint(context, endpointName, (current) => back(endpointName, record, current));
  noteDone(agent.memory);
  timeline.note('The traffic from before the rollout is back.', record.found);
  await keepForGood(context, endpointName, Object.keys(record.found));
  agent.addSummary(timeline.summary(`Rollback of ${endpointName}`));
  return { deployment: record.deployment, before, after: record.found };
}

function nothingToRollBack(
  { agent }: Context,
  { endpointName, breakLease }: RollBackRequest,
  endpoint: Resource | undefined,
): string | undefined {
  const record = rolloutOf(endpoint);
  if (endpoint === undefined) return 'there is no such endpoint.';
  if (record === undefined) return 'no rollout stands there.';
  if (record.state === 'finished' && Object.keys(record.found).length === 0) {
    return `nothing was there before ${record.deployment}, the first deployment, and it keeps its traffic.`;
  }
  if (record.id === rolloutOwner(agent.run, endpointName).id || breakLease) return undefined;
  return `the rollout there belongs to another run (${record.run}); set 'breakLease: true' to roll it back all the same.`;
}

/** Traffic cannot go back to what is gone. */
async function checkThere({ workspace, agent }: Context, endpoint: string, traffic: Traffic): Promise<void> {
  for (const name of Object.keys(traffic)) {
    const found = await workspace.get(`onlineEndpoints/${endpoint}/deployments/${name}`, { signal: agent.signal });
    if (found !== undefined) continue;
    throw new ServiceError({
      status: 404,
      code: 'OldDeploymentGone',
      message: `The traffic of ${endpoint} could NOT be rolled back to ${trafficText(traffic)}: the deployment ${name} does not exist any more.`,
      hint: 'Deploy the model it had again; its run is in the history of the pipeline.',
    });
  }
}

function back(name: string, expected: RolloutRecord, endpoint: Resource) {
  const record = rolloutOf(endpoint);
  const isSame = record?.id === expected.id && record.deployment === expected.deployment;
  if (isSame && isOwnTraffic(record, endpoint)) {
    return { traffic: record.found, mirror: record.foundMirror, tags: tagsWithRollout(endpoint, undefined) };
  }
  throw new ServiceError({
    status: 200,
    code: 'TrafficChangedMeanwhile',
    message:
      `The traffic of ${name} could NOT be rolled back: somebody else has changed it since the rollout, ` +
      `and it stays as they left it (${trafficText(endpointTraffic(endpoint))}).`,
  });
}
