/** Judges what was measured of a new deployment. */
import type { Analysis, Measure, MeasureLimit } from './rollout-plan.ts';

/** What was measured; what has no value yet is absent. */
export type Measured = Readonly<Partial<Record<Measure, number>>>;

export interface Verdict {
  /** Sentences of what is outside its limits. */
  readonly failures: readonly string[];
  /** What cannot be judged yet, because nothing was measured. */
  readonly missing: readonly string[];
}

/**
 * Compares a new deployment with its limits, and with the old one where they say so. Too few requests say nothing: a share of
 * errors among none is no pass.
 *
 * @param old undefined where there is no old deployment to compare with; what is relative to it is then left out
 */
export function judgeMeasures(analysis: Analysis, measured: Measured, old: Measured | undefined): Verdict {
  if (analysis.limits.length === 0) return { failures: [], missing: [] };
  const requests = measured.requests ?? 0;
  if (requests < analysis.minimumRequests) {
    return { failures: [], missing: [`requests (${requests} of at least ${analysis.minimumRequests})`] };
  }
  const verdicts = analysis.limits.map((limit) => judge(limit, measured[limit.measure], old));
  return {
    failures: verdicts.flatMap(({ failures }) => failures),
    missing: verdicts.flatMap(({ missing }) => missing),
  };
}

function judge(limit: MeasureLimit, value: number | undefined, old: Measured | undefined): Verdict {
  const { measure, minimum, maximum, maximumIncrease } = limit;
  if (value === undefined) return { failures: [], missing: [measure] };
  const failures: string[] = [];
  if (minimum !== undefined && value < minimum)
    failures.push(`${measure} is ${shown(value)}, below ${shown(minimum)}.`);
  if (maximum !== undefined && value > maximum)
    failures.push(`${measure} is ${shown(value)}, above ${shown(maximum)}.`);
  if (maximumIncrease === undefined || old === undefined) return { failures, missing: [] };
  const before = old[measure];
  if (before === undefined) return { failures, missing: [`${measure} of the old deployment`] };
  const most = before + maximumIncrease.amount * (maximumIncrease.kind === 'relative' ? before : 1);
  if (value > most) {
    failures.push(`${measure} is ${shown(value)}, above ${shown(most)}: the old deployment has ${shown(before)}.`);
  }
  return { failures, missing: [] };
}

/** True when an analysis compares with the old deployment. */
export function comparesWithOld({ limits }: Analysis): boolean {
  return limits.some(({ maximumIncrease }) => maximumIncrease !== undefined);
}

/** `requests 120, errorPercent 0.8`, in the order of the limits; the number of requests first. */
export function measuredText({ limits }: Analysis, measured: Measured): string {
  const names = new Set<Measure>(['requests', ...limits.map(({ measure }) => measure)]);
  return [...names]
    .map((name) => `${name} ${measured[name] === undefined ? 'unknown' : shown(measured[name])}`)
    .join(', ');
}

function shown(value: number): string {
  return String(Math.round(value * 100) / 100);
}
