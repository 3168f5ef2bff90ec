/** A rollout of this run that has ended already: its remaining steps have nothing left to do. */
import { rolloutOf, type RolloutRecord } from '../domain/rollout-tags.ts';
import { endpointTraffic, type Traffic } from '../domain/traffic.ts';
import { rolloutOwner } from './rollout-lease.ts';
import type { ShiftRequest } from './plan-shift.ts';
import type { Context } from './task-context.ts';

/**
 * The finished rollout of this run whose deployment has all traffic; undefined where there is a step to do. So a step may run
 * twice, and the steps after the first deployment of an endpoint, which takes all traffic at once, have nothing to do.
 */
export async function finishedRollout(
  { workspace, agent }: Context,
  { endpointName, deploymentName }: ShiftRequest,
): Promise<{ readonly record: RolloutRecord; readonly traffic: Traffic } | undefined> {
  const endpoint = await workspace.get(`onlineEndpoints/${endpointName}`, { signal: agent.signal });
  const record = rolloutOf(endpoint);
  if (record?.state !== 'finished' || record.id !== rolloutOwner(agent.run, endpointName).id) return undefined;
  if (deploymentName !== undefined && deploymentName !== record.deployment) return undefined;
  const traffic = endpointTraffic(endpoint);
  return traffic[record.deployment] === 100 ? { record, traffic } : undefined;
}
