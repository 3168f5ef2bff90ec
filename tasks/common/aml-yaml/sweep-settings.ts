import { isoSeconds } from './durations.ts';
import { numberTemplate } from './number-text.ts';
import type { Template } from './plan.ts';
import {
  anything,
  byType,
  expecting,
  integer,
  listOf,
  mapOf,
  mapped,
  number,
  oneOf,
  record,
  text,
  type Reader,
} from './readers.ts';
import { camelKeys, compact, passThrough, type TemplateObject } from './templates.ts';

/*
 * What a sweep job and a sweep node say about trying values. A node has it nearly as written, a job in the shapes of the
 * service's API.
 */

/** A parameter of the search: its distribution and what that takes, in the order the API wants. */
export interface SearchExpression {
  readonly type: string;
  readonly members: TemplateObject;
}

const numeric = expecting('a number', (node) =>
  node.kind === 'integer' || node.kind === 'float' ? (numberTemplate(node) as Template) : undefined,
);

function expression(type: string, ...names: readonly string[]): Reader<SearchExpression> {
  const fields = Object.fromEntries(names.map((name) => [name, numeric] as const));
  return mapped(record({ type: text, ...fields }, { required: names }), (values) => {
    const read = values as Readonly<Record<string, Template>>;
    return { type, members: compact(Object.fromEntries(names.map((name) => [name, read[name]]))) };
  });
}

const choiceExpression: Reader<SearchExpression> = mapped(
  record({ type: text, values: listOf(anything) }, { required: ['values'] }),
  ({ values }) => ({ type: 'choice', members: { values: (values ?? []).map(passThrough) } }),
);

export const searchSpace = mapOf(
  byType<SearchExpression>({
    choice: choiceExpression,
    uniform: expression('uniform', 'min_value', 'max_value'),
    loguniform: expression('loguniform', 'min_value', 'max_value'),
    quniform: expression('quniform', 'min_value', 'max_value', 'q'),
    qloguniform: expression('qloguniform', 'min_value', 'max_value', 'q'),
    normal: expression('normal', 'mu', 'sigma'),
    lognormal: expression('lognormal', 'mu', 'sigma'),
    qnormal: expression('qnormal', 'mu', 'sigma', 'q'),
    qlognormal: expression('qlognormal', 'mu', 'sigma', 'q'),
    randint: expression('randint', 'upper'),
  }),
);

/** `["uniform", [0.01, 0.9]]` */
export function jobExpression({ type, members }: SearchExpression): Template {
  return [type, Object.values(members)];
}

/** `{type: "uniform", min_value: 0.01, max_value: 0.9}` */
export function nodeExpression({ type, members }: SearchExpression): TemplateObject {
  return { type, ...members };
}

const SAMPLING_TYPES = ['random', 'grid', 'bayesian'] as const;

export interface Sampling {
  /** As written, in lower case. */
  readonly type: string;
  readonly members: TemplateObject;
}

const samplingObject = mapped(
  record(
    { type: oneOf(SAMPLING_TYPES), rule: oneOf(['random', 'sobol']), seed: integer, logbase: anything },
    { required: ['type'] },
  ),
  ({ type = '', rule, seed, logbase }): Sampling => ({
    type,
    members: compact({ rule, seed, logbase: logbase === undefined ? undefined : passThrough(logbase) }),
  }),
);

/** `sampling_algorithm`: a name, or a mapping with `type`. */
export const samplingAlgorithm: Reader<Sampling> = (node, at) => {
  if (node.kind === 'map') return samplingObject(node, at);
  const type = oneOf(SAMPLING_TYPES)(node, at);
  return type && { type, members: {} };
};

/** `{samplingAlgorithmType: "Random", …}` */
export function jobSampling({ type, members }: Sampling): TemplateObject {
  return { samplingAlgorithmType: capital(type), ...members };
}

/** The bare name where nothing else is said. */
export function nodeSampling({ type, members }: Sampling): Template {
  return Object.keys(members).length === 0 ? type : { type, ...members };
}

export const objective = record(
  { goal: oneOf(['minimize', 'maximize']), primary_metric: text },
  { required: ['goal', 'primary_metric'] },
);

const POLICY = { type: text, evaluation_interval: integer, delay_evaluation: integer };

interface PolicyTiming {
  readonly evaluation_interval?: number;
  readonly delay_evaluation?: number;
}

function policy(policyType: string, timing: PolicyTiming, members: TemplateObject = {}): TemplateObject {
  return {
    policy_type: policyType,
    evaluation_interval: timing.evaluation_interval ?? 1,
    delay_evaluation: timing.delay_evaluation ?? 0,
    ...members,
  };
}

/** `early_termination`, as a node has it. */
export const earlyTermination: Reader<TemplateObject> = byType({
  bandit: mapped(record({ ...POLICY, slack_factor: number, slack_amount: number }), (values) =>
    policy('Bandit', values, {
      slack_factor: values.slack_factor ?? 0,
      slack_amount: values.slack_amount ?? 0,
    }),
  ),
  median_stopping: mapped(record(POLICY), (values) => policy('MedianStopping', values)),
  truncation_selection: mapped(record({ ...POLICY, truncation_percentage: integer }), (values) =>
    policy('TruncationSelection', values, compact({ truncation_percentage: values.truncation_percentage })),
  ),
});

/** Shorter limits are sent as one minute, the least the service takes. */
const atLeastAMinute = mapped(integer, (seconds) => (seconds === 0 ? 0 : Math.max(60, seconds)));

export const sweepLimits = record({
  max_total_trials: integer,
  max_concurrent_trials: integer,
  timeout: atLeastAMinute,
  trial_timeout: atLeastAMinute,
});

/** `limits` of a job: in camelCase, times as ISO durations. */
export function jobSweepLimits(limits: NonNullable<ReturnType<typeof sweepLimits>>): TemplateObject {
  const { timeout, trial_timeout, ...counts } = limits;
  return compact({
    jobLimitsType: 'Sweep',
    ...camelKeys(counts),
    timeout: isoSeconds(timeout),
    trialTimeout: isoSeconds(trial_timeout),
  });
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
