/** A rollout while a step works on it. */
import type { RolloutOwner } from '../domain/rollout-tags.ts';
import type { Shares } from './rollout-lease.ts';
import type { Smoke } from './rollout-smoke-test.ts';
import type { Timeline } from './rollout-timeline.ts';
import type { Context } from './task-context.ts';

export interface LiveRollout {
  readonly endpointName: string;
  /** The new deployment. */
  readonly deployment: string;
  /** The deployment that had most of the traffic before; undefined for the first one. */
  readonly previous: string | undefined;
  /** What there was before the rollout's first shift. */
  readonly found: Shares;
  readonly owner: RolloutOwner;
  readonly smoke: Smoke | undefined;
  readonly timeline: Timeline;
  /** How long the endpoint stays reserved after each write, in milliseconds. */
  readonly leaseMs: number;
}

/** Milliseconds since 1970 until which a write made now reserves the endpoint. */
export function leaseUntil({ agent }: Context, rollout: Pick<LiveRollout, 'leaseMs'>): number {
  return agent.clock.now() + rollout.leaseMs;
}
