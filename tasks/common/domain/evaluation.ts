/** Judges a candidate against a champion by rules per metric. */

export type Direction = 'higher' | 'lower';

export interface MetricRule {
  readonly metric: string;
  readonly direction: Direction;
  /** The candidate must reach it, champion or not. */
  readonly minimum?: number;
  /** The candidate must not pass it, champion or not. */
  readonly maximum?: number;
  /** How much better than the champion: in the metric's unit, or as a fraction of the champion's value (0.02 for 2 %). */
  readonly requiredImprovement?: { readonly kind: 'absolute' | 'relative'; readonly amount: number };
  /** How much worse than the champion is still as good, in the metric's unit. */
  readonly tolerance?: number;
}

export type Metrics = Readonly<Record<string, number>>;

/** `error`: there was nothing to judge by; it says nothing about the candidate. */
export type Outcome = 'promote' | 'keepChampion' | 'error';

export interface RuleResult {
  readonly metric: string;
  readonly candidate: number | undefined;
  readonly champion: number | undefined;
  readonly outcome: 'passed' | 'notPassed' | 'error';
  /** One sentence. */
  readonly reason: string;
}

export interface Evaluation {
  readonly outcome: Outcome;
  readonly results: readonly RuleResult[];
}

/**
 * The candidate is promoted when it passes every rule. A metric that is missing or not a number, on either side, is an error.
 * Without a champion only minimum and maximum count.
 */
export function evaluate(rules: readonly MetricRule[], candidate: Metrics, champion: Metrics | undefined): Evaluation {
  const results = rules.map((rule) => judge(rule, candidate[rule.metric], champion));
  const outcomes = new Set(results.map((result) => result.outcome));
  const outcome = outcomes.has('error') ? 'error' : outcomes.has('notPassed') ? 'keepChampion' : 'promote';
  return { outcome, results };
}

function judge(rule: MetricRule, candidate: number | undefined, metrics: Metrics | undefined): RuleResult {
  const champion = metrics?.[rule.metric];
  const result = (outcome: RuleResult['outcome'], reason: string): RuleResult => ({
    metric: rule.metric,
    candidate,
    champion,
    outcome,
    reason,
  });
  const unusable = unusableReason('candidate', candidate);
  if (candidate === undefined || unusable !== undefined) return result('error', unusable ?? '');
  if (rule.minimum !== undefined && candidate < rule.minimum) {
    return result('notPassed', `${show(candidate)} is below the minimum ${show(rule.minimum)}.`);
  }
  if (rule.maximum !== undefined && candidate > rule.maximum) {
    return result('notPassed', `${show(candidate)} is above the maximum ${show(rule.maximum)}.`);
  }
  if (metrics === undefined) return result('passed', 'There is no champion to compare with.');
  const unusableChampion = unusableReason('champion', champion);
  if (champion === undefined || unusableChampion !== undefined) return result('error', unusableChampion ?? '');
  return { ...result('passed', ''), ...compare(rule, candidate, champion) };
}

function unusableReason(who: string, value: number | undefined): string | undefined {
  if (value === undefined) return `The ${who} has no such metric.`;
  return Number.isFinite(value) ? undefined : `The ${who}'s value is ${value}, which cannot be compared.`;
}

/** Rounding of sums and differences must not decide: values this close, relative to their size, are equal. */
const ROUNDING = 1e-12;

function compare(rule: MetricRule, candidate: number, champion: number): Pick<RuleResult, 'outcome' | 'reason'> {
  const gain = rule.direction === 'higher' ? candidate - champion : champion - candidate;
  const slack = ROUNDING * Math.max(1, Math.abs(candidate), Math.abs(champion));
  const change = describeChange(gain, champion);
  if (rule.requiredImprovement !== undefined) {
    const { kind, amount } = rule.requiredImprovement;
    const needed = kind === 'relative' ? amount * Math.abs(champion) : amount;
    const wanted = kind === 'relative' ? `${show(amount * 100)} %` : show(amount);
    if (gain + slack >= needed)
      return { outcome: 'passed', reason: `${change}; at least ${wanted} better was asked for.` };
    return { outcome: 'notPassed', reason: `${change}; at least ${wanted} better is asked for.` };
  }
  const tolerance = rule.tolerance ?? 0;
  if (gain + slack >= -tolerance) {
    return {
      outcome: 'passed',
      reason: gain < -slack ? `${change}, within the tolerance ${show(tolerance)}.` : `${change}.`,
    };
  }
  return { outcome: 'notPassed', reason: `${change}, beyond the tolerance ${show(tolerance)}.` };
}

function describeChange(gain: number, champion: number): string {
  if (Math.abs(gain) <= ROUNDING * Math.max(1, Math.abs(champion))) return 'As good as the champion';
  const relative = champion === 0 ? '' : ` (${Number(Math.abs((gain / champion) * 100).toPrecision(3))} %)`;
  return `${show(Math.abs(gain))}${relative} ${gain > 0 ? 'better' : 'worse'} than the champion`;
}

/** Up to five significant digits. */
function show(value: number): string {
  return String(Number(value.toPrecision(5)));
}
