/** A rollout of this run that has ended already: its remaining steps have nothing left to do. */
import { rolloutOf, type RolloutRecord } from '../domain/rollout-tags.ts';
import { endpointTraffic, type Traffic } from '../domain/traffic.ts';
import type { PipelineRun, Resource } from '../ports.ts';
import { rolloutOwner } from './rollout-lease.ts';
import type { ShiftRequest } from './plan-shift.ts';

export interface FinishedRollout {
  readonly record: RolloutRecord;
  readonly traffic: Traffic;
}

/**
 * The finished rollout of this run whose deployment has all traffic; undefined where there is a step to do. So a step may run
 * twice, and the steps after the first deployment of an endpoint, which takes all traffic at once, have nothing to do.
 */
export function finishedRollout(
  endpoint: Resource | undefined,
  { endpointName, deploymentName }: Pick<ShiftRequest, 'endpointName' | 'deploymentName'>,
  run: PipelineRun,
): FinishedRollout | undefined {
  const record = rolloutOf(endpoint);
  if (record?.state !== 'finished' || record.id !== rolloutOwner(run, endpointName).id) return undefined;
  if (deploymentName !== undefined && deploymentName !== record.deployment) return undefined;
  const traffic = endpointTraffic(endpoint);
  return traffic[record.deployment] === 100 ? { record, traffic } : undefined;
}
