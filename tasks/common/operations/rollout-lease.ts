/**
 * The endpoint during a rollout: reserved by tags, changed by whole read-modify-writes that first make sure that it still is the
 * rollout's own, and given back.
 */
import { hashedGuid } from '../aml-yaml/anonymous-versions.ts';
import type { Json } from '../domain/json.ts';
import {
  isOwnTraffic,
  rolloutOf,
  tagsWithRollout,
  type RolloutOwner,
  type RolloutRecord,
  type RolloutState,
} from '../domain/rollout-tags.ts';
import { identityText } from '../domain/submission-identity.ts';
import { endpointTraffic, mirrorTraffic, sameTraffic, trafficText, type Traffic } from '../domain/traffic.ts';
import { ServiceError } from '../errors.ts';
import type { PipelineRun, Resource } from '../ports.ts';
import { changeEndpoint } from './endpoint-writes.ts';
import type { Context } from './task-context.ts';

/** This step, on an endpoint. The attempt is left out: a re-run is the same. */
export function rolloutOwner(run: PipelineRun, endpoint: string): RolloutOwner {
  const whole = [run.collectionUri, run.projectId, run.definitionId, run.buildId, endpoint];
  return {
    id: hashedGuid(JSON.stringify(whole)),
    holder: hashedGuid(identityText(run, endpoint)),
    run: `${run.definitionName}, run ${run.buildId}`,
  };
}

/** Where traffic goes, copies included. */
export interface Shares {
  readonly traffic: Traffic;
  readonly mirror: Traffic;
}

export function sharesOf(endpoint: Json | undefined): Shares {
  return { traffic: endpointTraffic(endpoint), mirror: mirrorTraffic(endpoint) };
}

/** The tags of a rollout that begins. */
export function newRecord(owner: RolloutOwner, deployment: string, found: Shares, leaseUntil: number): RolloutRecord {
  return {
    ...owner,
    state: 'running',
    leaseUntil,
    found: found.traffic,
    foundMirror: found.mirror,
    asked: found.traffic,
    before: found.traffic,
    deployment,
  };
}

/**
 * Reserves an endpoint for a rollout, and gives it the shares that the rollout begins with.
 *
 * @param expected the endpoint as it was when all was checked. Throws ServiceError when it is no longer so.
 */
export function reserve(
  context: Context,
  name: string,
  record: RolloutRecord,
  shares: Shares,
  expected: Resource | undefined,
): Promise<Resource> {
  return changeEndpoint(
    context,
    name,
    (endpoint) => {
      checkUnchanged(name, endpoint, expected);
      return { ...shares, tags: tagsWithRollout(endpoint, record) };
    },
    (endpoint) => {
      // Two may have read before either wrote: the last one has it.
      const now = rolloutOf(endpoint);
      if (now !== undefined && now.holder !== record.holder && now.state === 'running') throw otherRollout(name, now);
    },
  );
}

/** Throws ServiceError when somebody else has begun a rollout of an endpoint, or changed its traffic, since it was read. */
export function checkUnchanged(name: string, endpoint: Resource, expected: Resource | undefined): void {
  const [now, then] = [rolloutOf(endpoint), rolloutOf(expected)];
  const isSame = now?.holder === then?.holder && now?.state === then?.state;
  if (!isSame && now !== undefined && now.state !== 'finished') throw otherRollout(name, now);
  const [current, before] = [endpointTraffic(endpoint), endpointTraffic(expected)];
  if (!sameTraffic(current, before)) throw changedMeanwhile(name, before, current);
}

/** What a step makes of the rollout it holds; what is absent stays. */
export interface Shift extends Partial<Shares> {
  readonly state: RolloutState;
  /** Milliseconds since 1970. */
  readonly leaseUntil: number;
}

/** Changes the shares of an endpoint that is reserved for this step. Throws ServiceError when it no longer is. */
export function shiftShares(context: Context, name: string, owner: RolloutOwner, shift: Shift): Promise<Resource> {
  const { state, leaseUntil } = shift;
  return changeEndpoint(context, name, (endpoint) => {
    const record = ownRecord(name, endpoint, owner);
    const current = sharesOf(endpoint);
    const { traffic = current.traffic, mirror = current.mirror } = shift;
    const next = { ...record, state, leaseUntil, asked: traffic, before: current.traffic };
    return { traffic, mirror, tags: tagsWithRollout(endpoint, next) };
  });
}

function ownRecord(name: string, endpoint: Resource, owner: RolloutOwner): RolloutRecord {
  const record = rolloutOf(endpoint);
  if (record === undefined) throw lostLease(name);
  if (record.id !== owner.id || record.holder !== owner.holder) throw otherRollout(name, record);
  if (!isOwnTraffic(record, endpoint)) throw changedMeanwhile(name, record.asked, endpointTraffic(endpoint));
  return record;
}

function otherRollout(name: string, { run, leaseUntil }: RolloutRecord): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'RolloutUnderWay',
    message:
      `Another rollout of ${name} is under way (${run}, until ${new Date(leaseUntil).toISOString()} at the latest). ` +
      'This step changes no traffic any more.',
    hint: 'Run the step again when the other rollout is done.',
  });
}

function lostLease(name: string): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'LeaseLost',
    message:
      `The tags by which this rollout had reserved ${name} are gone: somebody has written the endpoint without them. ` +
      'This step changes no traffic any more.',
  });
}

function changedMeanwhile(name: string, found: Traffic, current: Traffic): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'TrafficChangedMeanwhile',
    message:
      `The traffic of ${name} was ${trafficText(found)} by this step's own doing and is ${trafficText(current)} now: ` +
      'somebody else changes it, and it stays as they left it. Run the step again when they are done.',
  });
}
