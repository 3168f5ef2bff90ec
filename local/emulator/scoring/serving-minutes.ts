/** What each deployment answered, minute by minute: what Azure Monitor's metrics are made of. */
import type { Clock } from '../clock.ts';

export interface ServedRequest {
  /** What the caller got. */
  readonly status: number;
  /** What the model answered; undefined where it was not reached. */
  readonly modelStatus: number | undefined;
  readonly latencyMs: number;
}

/** The requests of one virtual minute with the same outcome. */
export interface ServedGroup {
  readonly status: number;
  readonly modelStatus: number | undefined;
  readonly latencies: readonly number[];
}

export interface ServingMinutes {
  add(deployment: string, request: ServedRequest): void;
  /** The groups of a deployment in the minute that begins then (virtual milliseconds since 1970). */
  groups(deployment: string, minute: number): readonly ServedGroup[];
}

export const MINUTE = 60_000;
/** How long values are kept, in virtual minutes: more than any rollout's analysis looks back. */
const KEPT_MINUTES = 24 * 60;

/** Nothing served at first; deployments are known by their ARM ids, without case. */
export function createServingMinutes(clock: Clock): ServingMinutes {
  const all = new Map<string, Map<number, Map<string, ServedGroup & { readonly latencies: number[] }>>>();
  return {
    add: (deployment, { status, modelStatus, latencyMs }) => {
      const key = deployment.toLowerCase();
      const minutes = all.get(key) ?? new Map<number, Map<string, ServedGroup & { readonly latencies: number[] }>>();
      all.set(key, minutes);
      const minute = Math.floor(clock.now() / MINUTE) * MINUTE;
      const groups = minutes.get(minute) ?? new Map<string, ServedGroup & { readonly latencies: number[] }>();
      minutes.set(minute, groups);
      const outcome = `${status} ${modelStatus ?? ''}`;
      const group = groups.get(outcome) ?? { status, modelStatus, latencies: [] };
      group.latencies.push(latencyMs);
      groups.set(outcome, group);
      for (const old of minutes.keys()) if (old < minute - KEPT_MINUTES * MINUTE) minutes.delete(old);
    },
    groups: (deployment, minute) => [...(all.get(deployment.toLowerCase())?.get(minute)?.values() ?? [])],
  };
}
