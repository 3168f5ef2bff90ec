/**
 * What a rollout writes on the endpoint it changes, so that nobody else changes it meanwhile, and so that what it had found can
 * be restored by whoever comes after a crash. Values stay below the 256 characters a tag may have.
 */
import { at, isJsonObject, textAt, type Json, type JsonObject } from './json.ts';
import { endpointTraffic, sameTraffic, type Traffic } from './traffic.ts';

/** On a deployment: until when a rollout promised to keep it, ISO 8601. */
export const KEEP_UNTIL = 'azdo.keepUntil';

const ID = 'azdo.rollout';
const HOLDER = 'azdo.rollout.holder';
const STATE = 'azdo.rollout.state';
const LEASE = 'azdo.rollout.leaseUntil';
const FOUND = 'azdo.rollout.found';
const FOUND_MIRROR = 'azdo.rollout.foundMirror';
const ASKED = 'azdo.rollout.asked';
const BEFORE = 'azdo.rollout.before';
const DEPLOYMENT = 'azdo.rollout.deployment';
const RUN = 'azdo.rollout.run';

/**
 * `running`: a step works on it. `waiting`: it stands between two steps, for an approval for example. `finished`: the new
 * deployment has everything; what is left tells the same run how to go back.
 */
export type RolloutState = 'running' | 'waiting' | 'finished';

export interface RolloutRecord {
  /** The pipeline run and the endpoint: every step of one rollout has the same. */
  readonly id: string;
  /** The step that works on it; a re-run of the step is the same holder. */
  readonly holder: string;
  readonly state: RolloutState;
  /** Milliseconds since 1970. */
  readonly leaseUntil: number;
  /** What was there before the first shift. */
  readonly found: Traffic;
  readonly foundMirror: Traffic;
  /** What the rollout asked for last. */
  readonly asked: Traffic;
  /** What there was before it asked for that: a change that failed in the service leaves it there. */
  readonly before: Traffic;
  /** The new deployment. */
  readonly deployment: string;
  /** For people: the pipeline and its run. */
  readonly run: string;
}

/** The rollout an endpoint is in; undefined when it is in none. */
export function rolloutOf(endpoint: Json | undefined): RolloutRecord | undefined {
  const tag = (name: string): string | undefined => textAt(endpoint, 'tags', name);
  const id = tag(ID);
  if (id === undefined) return undefined;
  return {
    id,
    holder: tag(HOLDER) ?? '',
    state: stateOf(tag(STATE)),
    leaseUntil: timeOf(tag(LEASE)),
    found: sharesOf(tag(FOUND)),
    foundMirror: sharesOf(tag(FOUND_MIRROR)),
    asked: sharesOf(tag(ASKED)),
    before: sharesOf(tag(BEFORE)),
    deployment: tag(DEPLOYMENT) ?? '',
    run: tag(RUN) ?? 'an unknown run',
  };
}

/** True while nobody but the rollout's own run may change the endpoint. `now` in milliseconds since 1970. */
export function isLeased(rollout: RolloutRecord | undefined, now: number): boolean {
  return rollout !== undefined && rollout.state !== 'finished' && rollout.leaseUntil > now;
}

/** True when the endpoint's traffic is of the rollout's making; otherwise somebody else has changed it. */
export function isOwnTraffic(rollout: RolloutRecord, endpoint: Json): boolean {
  const traffic = endpointTraffic(endpoint);
  return [rollout.asked, rollout.before, rollout.found].some((known) => sameTraffic(known, traffic));
}

/** Who works on a rollout. */
export interface RolloutOwner {
  readonly id: string;
  readonly holder: string;
  readonly run: string;
}

/** Whether somebody may change an endpoint: `free` of rollouts, or a `takeOver` of one, or refused with a sentence. */
export type Claim =
  | { readonly kind: 'free' }
  | { readonly kind: 'takeOver'; readonly rollout: RolloutRecord; readonly why: 'own' | 'expired' | 'broken' }
  | { readonly kind: 'refused'; readonly rollout: RolloutRecord };

/**
 * What a rollout that stands at an endpoint means for somebody who wants to begin. A step that runs again takes its own one over
 * at once, and so does another step of the same run while nobody works on it; everybody else when its lease has ended.
 */
export function claimOf(rollout: RolloutRecord | undefined, owner: RolloutOwner, now: number, breaks: boolean): Claim {
  if (rollout === undefined || rollout.state === 'finished') return { kind: 'free' };
  const isOwn = rollout.id === owner.id && (rollout.holder === owner.holder || rollout.state === 'waiting');
  if (isOwn) return { kind: 'takeOver', rollout, why: 'own' };
  if (rollout.leaseUntil <= now) return { kind: 'takeOver', rollout, why: 'expired' };
  return breaks ? { kind: 'takeOver', rollout, why: 'broken' } : { kind: 'refused', rollout };
}

/** The endpoint's tags with those of a rollout; without any where it is undefined. Tags of others stay. */
export function tagsWithRollout(endpoint: Json | undefined, rollout: RolloutRecord | undefined): JsonObject {
  const tags = at(endpoint, 'tags');
  const others = Object.entries(isJsonObject(tags) ? tags : {}).filter(([name]) => !isRolloutTag(name));
  return { ...Object.fromEntries(others), ...(rollout === undefined ? {} : rolloutTags(rollout)) };
}

/** True for the tags a rollout writes on an endpoint. */
export function isRolloutTag(name: string): boolean {
  return name === ID || name.startsWith(`${ID}.`);
}

/** Until when a deployment is to be kept, in milliseconds since 1970; undefined where nothing was promised. */
export function keepUntil(deployment: Json | undefined): number | undefined {
  const text = textAt(deployment, 'tags', KEEP_UNTIL);
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function rolloutTags(rollout: RolloutRecord): Readonly<Record<string, string>> {
  const mirror = sharesText(rollout.foundMirror);
  return {
    [ID]: rollout.id,
    [HOLDER]: rollout.holder,
    [STATE]: rollout.state,
    [LEASE]: new Date(rollout.leaseUntil).toISOString(),
    [FOUND]: sharesText(rollout.found),
    ...(mirror === 'none' ? {} : { [FOUND_MIRROR]: mirror }),
    [ASKED]: sharesText(rollout.asked),
    [BEFORE]: sharesText(rollout.before),
    [DEPLOYMENT]: rollout.deployment,
    [RUN]: rollout.run.slice(0, 250),
  };
}

/** `blue=90 green=10`, `none` without any. */
function sharesText(shares: Traffic): string {
  const texts = Object.entries(shares).flatMap(([name, share]) => (share > 0 ? [`${name}=${share}`] : []));
  return texts.length === 0 ? 'none' : texts.join(' ');
}

function sharesOf(text: string | undefined): Traffic {
  const shares = (text ?? '').split(' ').flatMap((part) => {
    const [, name, share] = /^([^=]+)=(\d+)$/.exec(part) ?? [];
    return name === undefined ? [] : [[name, Number(share)] as const];
  });
  return Object.fromEntries(shares);
}

function stateOf(text: string | undefined): RolloutState {
  return text === 'waiting' || text === 'finished' ? text : 'running';
}

/** A lease that cannot be read has ended: nobody could ever renew it. */
function timeOf(text: string | undefined): number {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? 0 : time;
}
