/** What each deployment answered, kept for whoever asks how a rollout went. */
import type { Clock } from '../clock.ts';

export interface ScoringSample {
  /** Virtual milliseconds since 1970. */
  readonly time: number;
  /** What the caller got. */
  readonly status: number;
  /** Real milliseconds from the request's arrival to its answer. */
  readonly latencyMs: number;
  /** A copy whose answer nobody saw. */
  readonly mirrored: boolean;
}

export interface DeploymentCounters {
  /** The deployment's ARM id. */
  readonly deployment: string;
  /** Without copies. */
  readonly requests: number;
  /** Of the requests, those not answered with 200. */
  readonly errors: number;
  readonly mirrored: number;
  /** How often each status was answered, copies included. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The newest samples, oldest first. */
  readonly samples: readonly ScoringSample[];
}

export interface ScoringCounters {
  count(deployment: string, sample: Omit<ScoringSample, 'time'>): void;
  list(): readonly DeploymentCounters[];
}

const KEPT_SAMPLES = 1000;

/** Counters that start at zero. */
export function createScoringCounters(clock: Clock): ScoringCounters {
  const all = new Map<string, DeploymentCounters>();
  return {
    count: (deployment, measured) => {
      const key = deployment.toLowerCase();
      const before = all.get(key) ?? { deployment, requests: 0, errors: 0, mirrored: 0, statuses: {}, samples: [] };
      const sample = { ...measured, time: clock.now() };
      const { status, mirrored } = sample;
      all.set(key, {
        deployment,
        requests: before.requests + (mirrored ? 0 : 1),
        errors: before.errors + (!mirrored && status !== 200 ? 1 : 0),
        mirrored: before.mirrored + (mirrored ? 1 : 0),
        statuses: { ...before.statuses, [status]: (before.statuses[status] ?? 0) + 1 },
        samples: [...before.samples.slice(1 - KEPT_SAMPLES), sample],
      });
    },
    list: () => [...all.values()],
  };
}
