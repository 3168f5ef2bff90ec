/** The steps by which a new deployment takes the traffic over, and what a list of them must be to make sense. */

/** What is measured of a deployment, in the words of a rollout plan. */
export const MEASURES = [
  'requests',
  'errors',
  'errorPercent',
  'averageMilliseconds',
  'p50Milliseconds',
  'p90Milliseconds',
  'p95Milliseconds',
  'p99Milliseconds',
  'cpuPercent',
  'memoryPercent',
] as const;
export type Measure = (typeof MEASURES)[number];

export interface MeasureLimit {
  readonly measure: Measure;
  readonly minimum?: number;
  readonly maximum?: number;
  /** How much more than the old deployment's value over the same time; relative amounts are parts of it (0.2 for 20 %). */
  readonly maximumIncrease?: { readonly kind: 'absolute' | 'relative'; readonly amount: number };
}

/** What is checked of the new deployment. Durations in milliseconds. */
export interface Analysis {
  /** How long it is checked again and again; 0: once. */
  readonly forMs: number;
  readonly everyMs: number;
  /** How long the first values may take to arrive: Azure Monitor lags behind. */
  readonly metricsWithinMs: number;
  /** Fewer requests than that say nothing. */
  readonly minimumRequests: number;
  readonly limits: readonly MeasureLimit[];
  readonly smoke?: { readonly requests: number; readonly allowedFailures: number } | undefined;
  readonly command?: { readonly line: readonly [string, ...string[]]; readonly timeoutMs: number } | undefined;
}

export type RolloutStep =
  /** Sends the smoke request to the new deployment, past the traffic rule. */
  | { readonly kind: 'smoke'; readonly requests: number }
  /** A copy of so much of the live traffic goes to the new deployment. */
  | { readonly kind: 'mirror'; readonly percent: number }
  | { readonly kind: 'traffic'; readonly percent: number }
  | { readonly kind: 'hold'; readonly ms: number }
  | { readonly kind: 'analyse'; readonly analysis: Analysis }
  /** Ends the rollout; undefined: as the task's inputs say. */
  | { readonly kind: 'finish'; readonly old?: OldDeployment | undefined }
  /** Ends the step and leaves the rollout open for another. */
  | { readonly kind: 'pause'; readonly ms: number };

/** What becomes of the old deployment. */
export type OldDeployment =
  | { readonly become: 'deleted' }
  /** 0 hours: without an end. */
  | { readonly become: 'kept'; readonly hours: number };

/** Where a plan is carried out. */
export interface PlanSetting {
  readonly isKubernetes: boolean;
  readonly hasSmokeRequest: boolean;
  readonly allowsCommands: boolean;
  /** 0: no limit. */
  readonly timeoutMinutes: number;
}

/** Azure Monitor mirrors at most half of the traffic (documentation of online endpoints, "Test the deployment with mirrored traffic"). */
export const MOST_MIRRORED = 50;

/** Without a plan of its own a deployment takes everything over at once, tested before and after. */
export function defaultSteps(hasSmokeRequest: boolean): readonly RolloutStep[] {
  const smoke: readonly RolloutStep[] = hasSmokeRequest ? [{ kind: 'smoke', requests: 1 }] : [];
  return [...smoke, { kind: 'traffic', percent: 100 }];
}

/** Everything that is wrong with a plan, a sentence each: what could never pass, never end, or is not allowed here. */
export function planProblems(steps: readonly RolloutStep[], setting: PlanSetting): readonly string[] {
  return [
    ...orderProblems(steps),
    ...endProblems(steps),
    ...steps.flatMap((step, index) => stepProblems(step, `Step ${index + 1} (${step.kind})`, setting)),
    ...measureProblems(steps),
    ...timeProblems(steps, setting),
  ];
}

function orderProblems(steps: readonly RolloutStep[]): readonly string[] {
  const problems: string[] = [];
  let share = 0;
  for (const [index, step] of steps.entries()) {
    const where = `Step ${index + 1} (${step.kind})`;
    if (step.kind === 'mirror' && share > 0) {
      problems.push(
        `${where} mirrors traffic to a deployment that has ${share} % of its own; mirror before the first 'traffic'.`,
      );
    }
    if (step.kind !== 'traffic') continue;
    if (step.percent <= share)
      problems.push(`${where} goes from ${share} % to ${step.percent} %: shares of the traffic only grow.`);
    share = Math.max(share, step.percent);
  }
  return problems;
}

function endProblems(steps: readonly RolloutStep[]): readonly string[] {
  const end = steps.findIndex(({ kind }) => kind === 'finish' || kind === 'pause');
  const last = steps.at(-1);
  const share = shareAfter(steps);
  if (end >= 0 && end < steps.length - 1)
    return [`Step ${end + 2} comes after '${steps[end]?.kind ?? ''}', which ends the plan.`];
  if (last?.kind === 'pause')
    return share === 100 ? ["The plan pauses with all traffic shifted; end it with 'finish'."] : [];
  return share === 100
    ? []
    : [
        `The plan never ends: after its last step the new deployment has ${share} % of the traffic. ` +
          "Go on to 'traffic: 100', or end with 'pause' and let AmlShiftTraffic go on.",
      ];
}

function shareAfter(steps: readonly RolloutStep[]): number {
  return Math.max(0, ...steps.map((step) => (step.kind === 'traffic' ? step.percent : 0)));
}

function stepProblems(step: RolloutStep, where: string, setting: PlanSetting): readonly string[] {
  switch (step.kind) {
    case 'smoke':
      return setting.hasSmokeRequest ? [] : [`${where} has nothing to send: give 'smokeRequestFile'.`];
    case 'mirror':
      return mirrorProblems(step.percent, where, setting);
    case 'analyse':
      return analysisProblems(step.analysis, where, setting);
    default:
      return [];
  }
}

/** What is wrong with mirroring so much, a sentence each. */
export function mirrorProblems(
  percent: number,
  where: string,
  { isKubernetes }: Pick<PlanSetting, 'isKubernetes'>,
): readonly string[] {
  return [
    ...(percent < 1 || percent > MOST_MIRRORED
      ? [`${where} mirrors ${percent} %: from 1 to ${MOST_MIRRORED} are possible.`]
      : []),
    ...(isKubernetes ? [`${where}: Kubernetes endpoints cannot mirror traffic.`] : []),
  ];
}

/** What is wrong with an analysis where it stands, a sentence each. */
export function analysisProblems(
  { limits, smoke, command, forMs, everyMs }: Analysis,
  where: string,
  setting: Pick<PlanSetting, 'hasSmokeRequest' | 'allowsCommands'>,
): readonly string[] {
  const problems: string[] = [];
  if (limits.length === 0 && smoke === undefined && command === undefined) {
    problems.push(`${where} checks nothing: give metrics, smoke or command.`);
  }
  if (smoke !== undefined && !setting.hasSmokeRequest)
    problems.push(`${where} has nothing to send: give 'smokeRequestFile'.`);
  if (command !== undefined && !setting.allowsCommands) {
    problems.push(`${where} runs a command on the agent, which is off: set 'allowAnalysisCommands' if that is meant.`);
  }
  if (everyMs < 1000) problems.push(`${where} would check more than once a second.`);
  if (forMs > 0 && everyMs > forMs)
    problems.push(`${where} is over before its second check: 'every' is longer than 'for'.`);
  return problems;
}

/** A deployment that gets neither traffic nor a copy of it emits nothing that could be measured. */
function measureProblems(steps: readonly RolloutStep[]): readonly string[] {
  return steps.flatMap((step, index) => {
    if (step.kind !== 'analyse' || step.analysis.limits.length === 0) return [];
    const isServed = steps.slice(0, index).some(({ kind }) => kind === 'traffic' || kind === 'mirror');
    return isServed
      ? []
      : [`Step ${index + 1} (analyse) measures a deployment that has no traffic yet; shift or mirror some first.`];
  });
}

function timeProblems(steps: readonly RolloutStep[], { timeoutMinutes }: PlanSetting): readonly string[] {
  const minutes = waitingTime(steps) / 60_000;
  if (timeoutMinutes === 0 || minutes < timeoutMinutes) return [];
  return [
    `The plan cannot end in time: it waits ${Math.round(minutes)} minutes, and 'timeoutMinutes' is ${timeoutMinutes}. ` +
      'Allow for the deployment itself, too: it takes some ten minutes.',
  ];
}

/** How long a plan waits by itself, in milliseconds. */
export function waitingTime(steps: readonly RolloutStep[]): number {
  return steps.reduce((sum, step) => {
    if (step.kind === 'hold') return sum + step.ms;
    return step.kind === 'analyse' ? sum + step.analysis.forMs : sum;
  }, 0);
}
