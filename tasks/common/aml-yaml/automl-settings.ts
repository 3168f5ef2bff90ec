import { isoDuration } from './durations.ts';
import {
  anyMap,
  boolean,
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
import type { SearchExpression } from './sweep-settings.ts';
import { camelCase, camelKeys, compact, passThrough, type TemplateObject } from './templates.ts';
import type { YamlNode } from './yaml-node.ts';

const minutes = mapped(integer, (value) => isoDuration(value * 60_000));

/** `limits` of an AutoML job, in camelCase. */
export const autoMlLimits = mapped(
  record({
    timeout_minutes: minutes,
    trial_timeout_minutes: minutes,
    max_trials: integer,
    max_concurrent_trials: integer,
    max_cores_per_trial: integer,
    max_nodes: integer,
    enable_early_termination: boolean,
    exit_score: number,
  }),
  ({ timeout_minutes, trial_timeout_minutes, ...rest }): TemplateObject =>
    compact({ ...camelKeys(rest), timeout: timeout_minutes, trialTimeout: trial_timeout_minutes }),
);

const isAuto = (node: YamlNode): boolean => node.kind === 'string' && node.value.toLowerCase() === 'auto';

/** `auto` or a number: `{mode: "Auto"}`, `{mode: "Custom", value: 14}`. */
export const autoOrNumber: Reader<TemplateObject> = (node, at) => {
  if (isAuto(node)) return { mode: 'Auto' };
  const value = integer(node, at);
  return value === undefined ? undefined : { mode: 'Custom', value };
};

const autoOrNumbers: Reader<TemplateObject> = (node, at) => {
  if (isAuto(node)) return { mode: 'Auto' };
  if (node.kind === 'list') return { mode: 'Custom', values: listOf(integer)(node, at) ?? [] };
  const value = integer(node, at);
  return value === undefined ? undefined : { mode: 'Custom', values: [value] };
};

const textOrTexts: Reader<readonly string[]> = (node, at) => {
  if (node.kind === 'list') return listOf(text)(node, at);
  const single = text(node, at);
  return single === undefined ? undefined : [single];
};

/** `forecasting`, in camelCase. */
export const forecasting = mapped(
  record({
    time_column_name: text,
    time_series_id_column_names: textOrTexts,
    forecast_horizon: autoOrNumber,
    frequency: text,
    target_lags: autoOrNumbers,
    target_rolling_window_size: autoOrNumber,
    seasonality: autoOrNumber,
    country_or_region_for_holidays: text,
    cv_step_size: integer,
    feature_lags: text,
    short_series_handling_config: text,
    target_aggregate_function: text,
    use_stl: text,
  }),
  (values) => camelKeys(values),
);

function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

const transformer = record({ fields: listOf(text), parameters: mapped(anyMap, passThrough) });

/** `featurization`, in camelCase; transformers under the names of the service. */
export const featurization = mapped(
  record({
    mode: oneOf(['auto', 'custom', 'off']),
    dataset_language: text,
    blocked_transformers: mapped(listOf(text), (names) => names.map(pascalCase)),
    column_name_and_types: mapOf(text),
    transformer_params: mapped(mapOf(listOf(transformer)), (transformers) =>
      Object.fromEntries(Object.entries(transformers).map(([name, uses]) => [pascalCase(name), uses.map(compact)])),
    ),
  }),
  (values) => camelKeys(values),
);

const ALGORITHMS = [
  'LogisticRegression',
  'SGD',
  'MultinomialNaiveBayes',
  'BernoulliNaiveBayes',
  'SVM',
  'LinearSVM',
  'KNN',
  'DecisionTree',
  'RandomForest',
  'ExtremeRandomTrees',
  'LightGBM',
  'GradientBoosting',
  'XGBoostClassifier',
  'ElasticNet',
  'LassoLars',
  'XGBoostRegressor',
  'AutoArima',
  'Prophet',
  'Naive',
  'SeasonalNaive',
  'Average',
  'SeasonalAverage',
  'ExponentialSmoothing',
  'Arimax',
  'TCNForecaster',
] as const;

const algorithms = listOf(oneOf(ALGORITHMS, 'snake'));

/** `training` of a tabular task, in camelCase. */
export const training = mapped(
  record({
    enable_dnn_training: boolean,
    enable_model_explainability: boolean,
    enable_onnx_compatible_models: boolean,
    enable_stack_ensemble: boolean,
    enable_vote_ensemble: boolean,
    ensemble_model_download_timeout: minutes,
    allowed_training_algorithms: algorithms,
    blocked_training_algorithms: algorithms,
  }),
  (values) => camelKeys(values),
);

/** `training_parameters` of image and text tasks. */
export const trainingParameters = mapped(anyMap, (node) => camelKeys(passThrough(node) as TemplateObject));

/** One part of a search space as the service reads it: `choice('a','b')`, `uniform(0.1,1)`. */
export function expressionText({ type, members }: SearchExpression): string {
  const values: readonly unknown[] = Object.values(members);
  const list = type === 'choice' && Array.isArray(values[0]) ? (values[0] as readonly unknown[]) : values;
  return `${type}(${list.map(literalText).join(',')})`;
}

function literalText(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'object' && value !== null && '$number' in value) return String(value.$number);
  return String(value);
}
