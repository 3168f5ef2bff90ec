import { MEASURES, type Analysis, type MeasureLimit, type RolloutStep } from '../domain/rollout-plan.ts';
import { loadYaml } from './load-yaml.ts';
import { ProblemList } from './problems.ts';
import {
  childAt,
  emptyAllowed,
  expecting,
  integer,
  listOf,
  number,
  oneOf,
  record,
  refuse,
  text,
  type At,
  type Fields,
  type Reader,
  type Values,
} from './readers.ts';
import type { YamlNode } from './yaml-node.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `2h`, `1d`, in milliseconds. A number alone would leave the unit open. */
const duration: Reader<number> = expecting('a time like 90s, 10m, 2h or 1d', (node) => {
  const [, amount, unit] = node.kind === 'string' ? (/^\s*(\d+(?:\.\d+)?)\s*([smhd])\s*$/.exec(node.value) ?? []) : [];
  return amount === undefined || unit === undefined ? undefined : Math.round(Number(amount) * (UNITS[unit] ?? NaN));
});

function within(minimum: number, maximum: number): Reader<number> {
  return (node, at) => {
    const value = integer(node, at);
    if (value === undefined || (value >= minimum && value <= maximum)) return value;
    refuse(node, at, `a whole number from ${minimum} to ${maximum}`);
    return undefined;
  };
}

/** 5 is in the measure's unit; `20%` is relative to the old deployment's value. */
const increase: Reader<NonNullable<MeasureLimit['maximumIncrease']>> = expecting(
  'a number or a percentage like 20%',
  (node) => {
    if (node.kind === 'integer' || node.kind === 'float') return { kind: 'absolute', amount: Number(node.value) };
    const percent = node.kind === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(node.value)?.[1] : undefined;
    return percent === undefined ? undefined : { kind: 'relative', amount: Number(percent) / 100 };
  },
);

const limitFields = record({ minimum: number, maximum: number, maximumIncrease: increase });

const limit: Reader<Omit<MeasureLimit, 'measure'>> = (node, at) => {
  const values = limitFields(node, at);
  if (values === undefined) return undefined;
  if (Object.keys(values).length === 0 && node.kind === 'map' && node.entries.size === 0) {
    at.problems.add(node.place, `'${at.path}' has no limit: give minimum, maximum or maximumIncrease.`);
  }
  return values;
};

const limits = record(Object.fromEntries(MEASURES.map((measure) => [measure, limit])));

const analysisFields = {
  for: duration,
  every: duration,
  metricsWithin: duration,
  minimumRequests: within(0, 1_000_000),
  metrics: limits,
  smoke: emptyAllowed(record({ requests: within(1, 1000), allowedFailures: within(0, 1000) })),
  command: record({ run: listOf(text), timeout: duration }, { required: ['run'] }),
} satisfies Fields;
type AnalysisValues = Values<typeof analysisFields>;
const readAnalysisFields = record(analysisFields);

const DEFAULTS = { forMs: 0, everyMs: 60_000, metricsWithinMs: 600_000, minimumRequests: 1, limits: [] };

/** What a step says wins over what stands for all analyses, member by member. */
function analysisOf(values: AnalysisValues, defaults: AnalysisValues, node: YamlNode, at: At): Analysis {
  const all: AnalysisValues = { ...defaults, ...values };
  const [program, ...rest] = all.command?.run ?? [];
  if (all.command !== undefined && program === undefined) {
    at.problems.add(
      node.place,
      `'${childAt(at, 'command').path}' runs nothing: give the program and its arguments as a list.`,
    );
  }
  const smoke = hasKey(node, 'smoke') || all.smoke !== undefined ? (all.smoke ?? {}) : undefined;
  return {
    forMs: all.for ?? DEFAULTS.forMs,
    everyMs: all.every ?? DEFAULTS.everyMs,
    metricsWithinMs: all.metricsWithin ?? DEFAULTS.metricsWithinMs,
    minimumRequests: all.minimumRequests ?? DEFAULTS.minimumRequests,
    limits: MEASURES.flatMap((measure) => {
      const found = (all.metrics as Readonly<Record<string, Omit<MeasureLimit, 'measure'>>> | undefined)?.[measure];
      return found === undefined ? [] : [{ measure, ...found }];
    }),
    smoke: smoke && { requests: smoke.requests ?? 10, allowedFailures: smoke.allowedFailures ?? 0 },
    command:
      program === undefined ? undefined : { line: [program, ...rest], timeoutMs: all.command?.timeout ?? 120_000 },
  };
}

function hasKey(node: YamlNode, key: string): boolean {
  return node.kind === 'map' && node.entries.has(key);
}

const old = record({ oldDeployment: oneOf(['keep', 'delete']), keepHours: within(0, 24 * 365) });

/** One step: a mapping with one key, or that key alone. */
function stepReader(defaults: AnalysisValues): Reader<RolloutStep> {
  const readers: Readonly<Record<string, (node: YamlNode, at: At) => RolloutStep | undefined>> = {
    smoke: (node, at) => {
      const values = node.kind === 'null' ? {} : record({ requests: within(1, 1000) })(node, at);
      return values && { kind: 'smoke', requests: values.requests ?? 1 };
    },
    mirror: (node, at) => percentStep('mirror', within(1, 50)(node, at)),
    traffic: (node, at) => percentStep('traffic', within(1, 100)(node, at)),
    hold: (node, at) => {
      const ms = duration(node, at);
      return ms === undefined ? undefined : { kind: 'hold', ms };
    },
    analyse: (node, at) => {
      const values = node.kind === 'null' ? {} : readAnalysisFields(node, at);
      return values && { kind: 'analyse', analysis: analysisOf(values, defaults, node, at) };
    },
    finish: (node, at) => {
      const values = node.kind === 'null' ? {} : old(node, at);
      if (values === undefined) return undefined;
      if (values.oldDeployment === 'delete') return { kind: 'finish', old: { become: 'deleted' } };
      if (values.oldDeployment === undefined && values.keepHours === undefined) return { kind: 'finish' };
      return { kind: 'finish', old: { become: 'kept', hours: values.keepHours ?? 0 } };
    },
    pause: (node, at) => {
      const ms = node.kind === 'null' ? 86_400_000 : duration(node, at);
      return ms === undefined ? undefined : { kind: 'pause', ms };
    },
  };
  const names = Object.keys(readers);
  return (node, at) => {
    const entry = node.kind === 'map' && node.entries.size === 1 ? [...node.entries.values()][0] : undefined;
    const key = node.kind === 'string' ? node.value : entry?.key;
    const reader = key === undefined || !Object.hasOwn(readers, key) ? undefined : readers[key];
    if (reader === undefined || key === undefined) {
      refuse(node, at, `one step, with one of the keys ${names.join(', ')}`);
      return undefined;
    }
    return reader(entry?.value ?? { kind: 'null', place: node.place }, childAt(at, key));
  };
}

function percentStep(kind: 'mirror' | 'traffic', percent: number | undefined): RolloutStep | undefined {
  return percent === undefined ? undefined : { kind, percent };
}

/**
 * Reads a rollout plan: `steps`, and `analysis` with what holds for every `analyse` step that does not say otherwise.
 *
 * @param file how the user knows the text; it stands in every error
 * @throws UserError with every problem and its place
 */
export function readRolloutPlan(content: string, file: string): readonly RolloutStep[] {
  const problems = new ProblemList();
  const node = loadYaml(content, file);
  const at: At = { problems, path: '' };
  const defaultsNode = node.kind === 'map' ? node.entries.get('analysis')?.value : undefined;
  const defaults =
    (defaultsNode && readAnalysisFields(defaultsNode, { problems: new ProblemList(), path: 'analysis' })) ?? {};
  const values = record({ steps: listOf(stepReader(defaults)), analysis: readAnalysisFields }, { required: ['steps'] })(
    node,
    at,
  );
  if (values?.steps?.length === 0) problems.add(node.place, "The plan has no steps: give at least 'traffic: 100'.");
  problems.throwIfAny();
  return values?.steps ?? [];
}

/** Reads one analysis, as an `analyse` step has it. An empty text has none. Throws UserError with every problem and its place. */
export function readAnalysis(content: string, file: string): Analysis | undefined {
  if (content.trim() === '') return undefined;
  const problems = new ProblemList();
  const node = loadYaml(content, file);
  const at: At = { problems, path: '' };
  const values = readAnalysisFields(node, at);
  const analysis = values && analysisOf(values, {}, node, at);
  problems.throwIfAny();
  return analysis;
}
