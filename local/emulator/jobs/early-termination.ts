/** When a sweep gives a trial up before its end: the three policies of the service, over the metric's values so far. */
import { textAt } from '../json.ts';
import type { Json } from '../json.ts';

export interface TerminationPolicy {
  readonly kind: 'bandit' | 'medianStopping' | 'truncationSelection';
  /** A trial is judged each time its metric has been logged so many times more. */
  readonly interval: number;
  /** … and not before so many. */
  readonly delay: number;
  readonly slackFactor: number;
  readonly slackAmount: number;
  readonly truncationPercentage: number;
}

/** Reads the policy of a job (`policyType: Bandit`) or a node (`policy_type: bandit`); undefined for none. */
export function readPolicy(policy: Json | undefined): TerminationPolicy | undefined {
  const kind = textAt(policy, 'policyType') ?? textAt(policy, 'policy_type') ?? textAt(policy, 'type');
  const kinds: Readonly<Record<string, TerminationPolicy['kind']>> = {
    bandit: 'bandit',
    medianstopping: 'medianStopping',
    truncationselection: 'truncationSelection',
  };
  const known = kinds[(kind ?? '').replaceAll('_', '').toLowerCase()];
  if (known === undefined) return undefined;
  const number = (camel: string, snake: string): number => {
    const object = policy as Readonly<Record<string, Json | undefined>>;
    return Number(object[camel] ?? object[snake] ?? 0);
  };
  return {
    kind: known,
    interval: Math.max(1, number('evaluationInterval', 'evaluation_interval')),
    delay: number('delayEvaluation', 'delay_evaluation'),
    slackFactor: number('slackFactor', 'slack_factor'),
    slackAmount: number('slackAmount', 'slack_amount'),
    truncationPercentage: number('truncationPercentage', 'truncation_percentage'),
  };
}

/** One trial's values of the primary metric, in the order they were logged. */
export type Series = readonly number[];

/**
 * True when the policy ends the trial now.
 *
 * @param others the series of all other trials, ended or not
 */
export function isTerminated(
  policy: TerminationPolicy,
  trial: Series,
  others: readonly Series[],
  goal: 'minimize' | 'maximize',
): boolean {
  const count = trial.length;
  if (count === 0 || count < policy.delay || count % policy.interval !== 0) return false;
  // As if more were always better.
  const sign = goal === 'maximize' ? 1 : -1;
  const own = best(trial, sign);
  const rivals = others.filter((series) => series.length >= count).map((series) => series.slice(0, count));
  if (rivals.length === 0) return false;
  switch (policy.kind) {
    case 'bandit': {
      const lead = Math.max(...rivals.map((series) => best(series, sign)));
      const slack =
        policy.slackFactor > 0 ? Math.abs(lead) - Math.abs(lead) / (1 + policy.slackFactor) : policy.slackAmount;
      return own < lead - slack;
    }
    case 'medianStopping':
      return own < median(rivals.map((series) => sign * mean(series)));
    case 'truncationSelection': {
      const ranking = [...rivals.map((series) => best(series, sign)), own].sort((a, b) => a - b);
      const doomed = Math.floor((ranking.length * policy.truncationPercentage) / 100);
      return doomed > 0 && own <= (ranking[doomed - 1] ?? -Infinity);
    }
  }
}

function best(series: Series, sign: number): number {
  return Math.max(...series.map((value) => sign * value));
}

function mean(series: Series): number {
  return series.reduce((sum, value) => sum + value, 0) / series.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
