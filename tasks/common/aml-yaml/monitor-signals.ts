import {
  describedData,
  placedText,
  productionData,
  readMonitorData,
  referenceData,
  type Monitor,
  type MonitorData,
  type PlacedText,
} from './monitor-data.ts';
import type { Template } from './plan.ts';
import {
  boolean,
  byType,
  integer,
  listOf,
  mapOf,
  mapped,
  number,
  record,
  refuse,
  text,
  textMap,
  type Fields,
  type Reader,
} from './readers.ts';
import { assetReference } from './references.ts';
import { camelCase, compact, type TemplateObject } from './templates.ts';
import type { Place } from './yaml-node.ts';

/** A signal that has been read; what it refers to is resolved later. */
type SignalPlan = (monitor: Monitor, place: Place) => TemplateObject;

const COMMON = { type: text, alert_enabled: boolean, properties: textMap };

const FEATURES: Reader<TemplateObject> = (node, at) => {
  if (node.kind === 'list')
    return mapped(listOf(text), (features) => ({ filterType: 'FeatureSubset', features }))(node, at);
  if (node.kind === 'map') {
    const top = record({ top_n_feature_importance: integer }, { required: ['top_n_feature_importance'] });
    return mapped(top, (values) => compact({ filterType: 'TopNByAttribution', top: values.top_n_feature_importance }))(
      node,
      at,
    );
  }
  if (node.kind === 'string' && node.value === 'all_features') return { filterType: 'AllFeatures' };
  refuse(node, at, 'all_features, a list of features or a mapping with top_n_feature_importance');
  return undefined;
};

const DRIFT = {
  numerical: {
    normalized_wasserstein_distance: number,
    jensen_shannon_distance: number,
    population_stability_index: number,
    two_sample_kolmogorov_smirnov_test: number,
  },
  categorical: {
    jensen_shannon_distance: number,
    population_stability_index: number,
    pearsons_chi_squared_test: number,
  },
};
const RATES = { null_value_rate: number, data_type_error_rate: number, out_of_bounds_rate: number };
const QUALITY = { numerical: RATES, categorical: RATES };

type Threshold = (metric: string, value: number) => TemplateObject;
const threshold =
  (dataType: string): Threshold =>
  (metric, value) => ({ dataType, metric: camelCase(metric), threshold: { value } });

/** `{numerical: {metric: value}, categorical: {…}}` as the list that is sent. */
function thresholds(metrics: {
  readonly numerical: Fields;
  readonly categorical: Fields;
}): Reader<readonly TemplateObject[]> {
  const values = (reader: Fields) =>
    mapped(record(reader), (read) => Object.entries(read as Readonly<Record<string, number>>));
  return mapped(
    record({ numerical: values(metrics.numerical), categorical: values(metrics.categorical) }),
    ({ numerical = [], categorical = [] }) => [
      ...numerical.map(([metric, value]) => threshold('Numerical')(metric, value)),
      ...categorical.map(([metric, value]) => threshold('Categorical')(metric, value)),
    ],
  );
}

const DEFAULT_DRIFT: readonly TemplateObject[] = [
  threshold('Numerical')('normalized_wasserstein_distance', 0.1),
  threshold('Categorical')('jensen_shannon_distance', 0.1),
];
const DEFAULT_QUALITY: readonly TemplateObject[] = ['Numerical', 'Categorical'].flatMap((dataType) =>
  Object.keys(RATES).map((metric) => threshold(dataType)(metric, 0)),
);

interface Comparison {
  readonly signalType: string;
  readonly collection: 'model_inputs' | 'model_outputs';
  readonly defaults: readonly TemplateObject[];
  readonly thresholds: Reader<readonly TemplateObject[]>;
}

const DATA_DRIFT: Comparison = {
  signalType: 'DataDrift',
  collection: 'model_inputs',
  defaults: DEFAULT_DRIFT,
  thresholds: thresholds(DRIFT),
};
const DATA_QUALITY: Comparison = {
  signalType: 'DataQuality',
  collection: 'model_inputs',
  defaults: DEFAULT_QUALITY,
  thresholds: thresholds(QUALITY),
};
const PREDICTION_DRIFT: Comparison = { ...DATA_DRIFT, signalType: 'PredictionDrift', collection: 'model_outputs' };

/** A signal that compares production data with a reference, metric by metric. */
function comparison(kind: Comparison): Reader<SignalPlan> {
  const fields = {
    ...COMMON,
    production_data: readMonitorData,
    reference_data: readMonitorData,
    features: FEATURES,
    metric_thresholds: kind.thresholds,
  };
  return mapped(record(fields), (values) => (monitor, place) => compare(kind, values, monitor, place));
}

interface ComparedValues {
  readonly alert_enabled?: boolean;
  readonly properties?: Readonly<Record<string, string>>;
  readonly production_data?: MonitorData;
  readonly reference_data?: MonitorData;
  readonly features?: TemplateObject;
  readonly metric_thresholds?: readonly TemplateObject[];
}

function compare(kind: Comparison, values: ComparedValues, monitor: Monitor, place: Place): TemplateObject {
  return compact({
    signalType: kind.signalType,
    mode: modeOf(values.alert_enabled),
    properties: values.properties,
    // Of predictions there are no features to choose from, but a kind of model.
    ...(kind === PREDICTION_DRIFT ? { modelType: monitor.task } : { features: values.features }),
    productionData: productionData(monitor, values.production_data, kind.collection, place),
    referenceData: referenceData(monitor, values.reference_data, kind.collection, place),
    metricThresholds: values.metric_thresholds ?? kind.defaults,
  });
}

const attributionDrift: Reader<SignalPlan> = mapped(
  record({
    ...COMMON,
    production_data: listOf(readMonitorData),
    reference_data: readMonitorData,
    metric_thresholds: record({ normalized_discounted_cumulative_gain: number }),
  }),
  (values) => (monitor, place) => {
    const gain = values.metric_thresholds?.normalized_discounted_cumulative_gain;
    const collections = ['model_inputs', 'model_outputs'] as const;
    const production =
      values.production_data === undefined
        ? collections.map((collection) => productionData(monitor, undefined, collection, place))
        : values.production_data.map((data) => productionData(monitor, data, 'model_inputs', place));
    return compact({
      signalType: 'FeatureAttributionDrift',
      mode: modeOf(values.alert_enabled),
      properties: values.properties,
      productionData: production.filter((data) => data !== undefined),
      referenceData: referenceData(monitor, values.reference_data, 'model_inputs', place),
      metricThreshold: compact({
        metric: 'normalizedDiscountedCumulativeGain',
        threshold: gain === undefined ? undefined : { value: gain },
      }),
    });
  },
);

const customThreshold = mapped(
  record({ metric_name: text, threshold: number }, { required: ['metric_name'] }),
  ({ metric_name, threshold: value }) =>
    compact({ metric: metric_name, threshold: value === undefined ? undefined : { value } }),
);

const custom: Reader<SignalPlan> = mapped(
  record(
    {
      ...COMMON,
      component_id: placedText,
      input_data: mapOf(readMonitorData),
      metric_thresholds: listOf(customThreshold),
      connection: record({ environment_variables: textMap, secret_config: textMap }),
    },
    { required: ['component_id', 'metric_thresholds'] },
  ),
  (values) => (monitor) => {
    const inputs = Object.entries(values.input_data ?? {});
    const { environment_variables: environmentVariables, secret_config: secrets } = values.connection ?? {};
    return compact({
      signalType: 'Custom',
      mode: modeOf(values.alert_enabled),
      properties: values.properties,
      componentId: customReference(monitor, 'components', values.component_id),
      inputAssets: Object.fromEntries(
        inputs.map(([name, data]) => {
          const uri = customReference(monitor, 'data', data.input_data?.path);
          return [name, compact({ ...describedData(monitor, data, undefined), uri })];
        }),
      ),
      metricThresholds: values.metric_thresholds,
      workspaceConnection: compact({ environmentVariables, secrets }),
    });
  },
);

/** What a custom signal refers to: the service's client only cuts the prefix, which names nothing in the workspace. */
function customReference(
  { planning }: Monitor,
  collection: 'components' | 'data',
  reference: PlacedText | undefined,
): Template | undefined {
  if (reference === undefined) return undefined;
  const { written, place } = reference;
  const resolved = assetReference(planning, collection, written, place);
  return planning.request.likeAzureAiMl === true ? written.replace(/^azureml:/, '') : resolved;
}

function modeOf(isAlertEnabled: boolean | undefined): string {
  return isAlertEnabled === true ? 'Enabled' : 'Disabled';
}

const SIGNALS: Readonly<Record<string, Reader<SignalPlan>>> = {
  data_drift: comparison(DATA_DRIFT),
  data_quality: comparison(DATA_QUALITY),
  prediction_drift: comparison(PREDICTION_DRIFT),
  feature_attribution_drift: attributionDrift,
  custom,
};

const anySignal = byType(SIGNALS);

/** `monitoring_signals`: what is watched, by the names the user gives. */
export const readSignals: Reader<Readonly<Record<string, (monitor: Monitor) => TemplateObject>>> = mapOf((node, at) => {
  const signal = anySignal(node, at);
  return signal && ((monitor: Monitor) => signal(monitor, node.place));
});

/** The signals of a monitor that names none: drift of what goes in and comes out, and the quality of what goes in. */
export function defaultSignals(monitor: Monitor, place: Place): TemplateObject {
  const plain = (kind: Comparison): TemplateObject =>
    compare(kind, { features: { filterType: 'AllFeatures' } }, monitor, place);
  return {
    'data-drift-signal': plain(DATA_DRIFT),
    'prediction-drift-signal': plain(PREDICTION_DRIFT),
    'data-quality-signal': plain(DATA_QUALITY),
  };
}
