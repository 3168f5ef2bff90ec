import type { MetricRule } from '../domain/evaluation.ts';
import { loadYaml } from './load-yaml.ts';
import { ProblemList } from './problems.ts';
import { mapOf, number, oneOf, record, refuse, type Reader } from './readers.ts';
import type { YamlNode } from './yaml-node.ts';

/** 0.01 is in the metric's unit; `2%` is relative to the champion's value. */
const improvement: Reader<NonNullable<MetricRule['requiredImprovement']>> = (node, at) => {
  const percent = node.kind === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(node.value)?.[1] : undefined;
  if (percent !== undefined) return { kind: 'relative', amount: Number(percent) / 100 };
  const amount = node.kind === 'string' ? undefined : number(node, at);
  if (node.kind === 'string') {
    refuse(node, at, 'a number or a percentage like 2%');
    return;
  }
  if (amount !== undefined && amount < 0) refuse(node, at, 'a number that is not negative, or a percentage like 2%');
  return amount === undefined ? undefined : { kind: 'absolute', amount };
};

const notNegative: Reader<number> = (node, at) => {
  const value = number(node, at);
  if (value === undefined || value >= 0) return value;
  refuse(node, at, 'a number that is not negative');
  return undefined;
};

const ruleFields = record(
  {
    direction: oneOf(['higher', 'lower']),
    minimum: number,
    maximum: number,
    requiredImprovement: improvement,
    tolerance: notNegative,
  },
  { required: ['direction'] },
);

const rule: Reader<Omit<MetricRule, 'metric'>> = (node, at) => {
  const values = ruleFields(node, at);
  if (values?.direction === undefined) return undefined;
  const { direction, minimum, maximum, requiredImprovement, tolerance } = values;
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    at.problems.add(node.place, `'${at.path}' asks for at least ${minimum} and at most ${maximum}, which no value is.`);
  }
  if (requiredImprovement !== undefined && tolerance !== undefined) {
    at.problems.add(node.place, `'${at.path}' has a requiredImprovement and a tolerance; choose one of them.`);
  }
  return {
    direction,
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(requiredImprovement === undefined ? {} : { requiredImprovement }),
    ...(tolerance === undefined ? {} : { tolerance }),
  };
};

const rulesFile = record({ metrics: mapOf(rule) }, { required: ['metrics'] });

/**
 * Reads the rules of an evaluation: `metrics`, and below it for each metric `direction` and any of `minimum`, `maximum`,
 * `requiredImprovement` and `tolerance`.
 *
 * @param file how the user knows the text; it stands in every error
 * @throws UserError with every problem and its place
 */
export function readEvaluationRules(text: string, file: string): readonly MetricRule[] {
  const problems = new ProblemList();
  const node: YamlNode = loadYaml(text, file);
  const values = rulesFile(node, { problems, path: '' });
  const rules = Object.entries(values?.metrics ?? {}).map(([metric, fields]) => ({ metric, ...fields }));
  if (rules.length === 0) problems.add(node.place, "There are no rules: give at least one metric below 'metrics'.");
  problems.throwIfAny();
  return rules;
}
