import {
  autoMlLimits,
  autoOrNumber,
  expressionText,
  featurization,
  forecasting,
  training,
  trainingParameters,
} from './automl-settings.ts';
import { jobResources } from './job-command.ts';
import { jobOutputsBody, jobPut } from './job-common.ts';
import { jobInput, jobOutputs, planInputUri, type JobInput, type JobOutput } from './job-data.ts';
import { COMMON_JOB_FIELDS, jobIdentity, queueSettings, resources } from './job-settings.ts';
import { withPlainNumbers } from './number-text.ts';
import type { Template } from './plan.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { choice, listOf, record, text } from './readers.ts';
import { earlyTermination, nodeSampling, samplingAlgorithm, searchSpace } from './sweep-settings.ts';
import { camelCase, camelKeys, compact, type TemplateObject } from './templates.ts';

interface Task {
  readonly taskType: string;
  readonly area: 'tabular' | 'image' | 'text';
  /** The service chooses the metric of these itself. */
  readonly hasFixedMetric?: boolean;
}

const TASKS: Readonly<Record<string, Task>> = {
  classification: { taskType: 'Classification', area: 'tabular' },
  regression: { taskType: 'Regression', area: 'tabular' },
  forecasting: { taskType: 'Forecasting', area: 'tabular' },
  image_classification: { taskType: 'ImageClassification', area: 'image' },
  image_classification_multilabel: { taskType: 'ImageClassificationMultilabel', area: 'image' },
  image_instance_segmentation: { taskType: 'ImageInstanceSegmentation', area: 'image' },
  image_object_detection: { taskType: 'ImageObjectDetection', area: 'image' },
  text_classification: { taskType: 'TextClassification', area: 'text' },
  text_classification_multilabel: { taskType: 'TextClassificationMultilabel', area: 'text', hasFixedMetric: true },
  text_ner: { taskType: 'TextNER', area: 'text', hasFixedMetric: true },
};

const METRICS = {
  accuracy: 'Accuracy',
  auc_weighted: 'AUCWeighted',
  average_precision_score_weighted: 'AveragePrecisionScoreWeighted',
  iou: 'IOU',
  mean_average_precision: 'MeanAveragePrecision',
  norm_macro_recall: 'NormMacroRecall',
  normalized_mean_absolute_error: 'NormalizedMeanAbsoluteError',
  normalized_root_mean_squared_error: 'NormalizedRootMeanSquaredError',
  precision_score_weighted: 'PrecisionScoreWeighted',
  r2_score: 'R2Score',
  spearman_correlation: 'SpearmanCorrelation',
};

const VERBOSITY = {
  not_set: 'NotSet',
  debug: 'Debug',
  info: 'Info',
  warning: 'Warning',
  error: 'Error',
  critical: 'Critical',
};

const readAutoMlJob = record(
  {
    ...COMMON_JOB_FIELDS,
    task: choice(TASKS),
    primary_metric: choice(METRICS),
    log_verbosity: choice(VERBOSITY),
    target_column_name: text,
    weight_column_name: text,
    positive_label: text,
    training_data: jobInput,
    validation_data: jobInput,
    test_data: jobInput,
    n_cross_validations: autoOrNumber,
    limits: autoMlLimits,
    featurization,
    forecasting,
    training,
    training_parameters: trainingParameters,
    search_space: listOf(searchSpace),
    sweep: record({ sampling_algorithm: samplingAlgorithm, early_termination: earlyTermination }),
    outputs: jobOutputs,
    identity: jobIdentity,
    resources,
    queue_settings: queueSettings,
  },
  { required: ['task', 'training_data'] },
);
type AutoMlValues = NonNullable<ReturnType<typeof readAutoMlJob>>;

/** An AutoML job: the service looks for the model. */
export async function planAutoMlJob(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readAutoMlJob(source.node, { path: '', problems: planning.problems });
  if (values?.task === undefined) return undefined;
  const taskDetails = compact({
    ...taskSettings(values, values.task),
    trainingData: await autoMlData(planning, source, values.training_data),
    validationData: await autoMlData(planning, source, values.validation_data),
    testData: await autoMlData(planning, source, values.test_data),
  });
  const specific = {
    jobType: 'AutoML',
    taskDetails,
    outputs: jobOutputsBody(values.outputs ?? new Map<string, JobOutput>()),
    resources: values.resources && jobResources(values.resources),
    queueSettings: values.queue_settings && camelKeys(values.queue_settings),
  };
  const withUserToken = values.identity?.identity_type === 'UserIdentity';
  return { kind: 'job', main: jobPut(planning, source, values, specific, withUserToken) };
}

/** What the service's client adds where the file says nothing. */
const DEFAULT_LIMITS: Readonly<Record<Task['area'], TemplateObject>> = {
  tabular: { sweepTrials: 0, sweepConcurrentTrials: 0, enableEarlyTermination: true },
  image: {},
  text: { maxNodes: 1, maxTrials: 1 },
};

function taskSettings(values: AutoMlValues, task: Task): Readonly<Record<string, Template | undefined>> {
  return {
    taskType: task.taskType,
    logVerbosity: values.log_verbosity ?? 'Info',
    targetColumnName: values.target_column_name,
    weightColumnName: values.weight_column_name,
    positiveLabel: values.positive_label,
    primaryMetric: task.hasFixedMetric === true ? undefined : values.primary_metric,
    limitSettings: { ...DEFAULT_LIMITS[task.area], ...values.limits },
    nCrossValidations: values.n_cross_validations,
    featurizationSettings: values.featurization && withPlainNumbers(values.featurization),
    forecastingSettings: values.forecasting,
    trainingSettings: values.training,
    modelSettings: values.training_parameters && withPlainNumbers(values.training_parameters),
    searchSpace: values.search_space?.map((space) =>
      Object.fromEntries(Object.entries(space).map(([name, entry]) => [camelCase(name), expressionText(entry)])),
    ),
    sweepSettings:
      values.sweep &&
      compact({
        samplingAlgorithm: values.sweep.sampling_algorithm && nodeSampling(values.sweep.sampling_algorithm),
        earlyTermination: values.sweep.early_termination && camelKeys(values.sweep.early_termination),
      }),
  };
}

async function autoMlData(
  planning: Planning,
  source: SourceFile,
  input: JobInput | undefined,
): Promise<TemplateObject | undefined> {
  if (input === undefined) return undefined;
  if (input.kind === 'data') {
    return compact({ uri: await planInputUri(planning, source.folder, input), jobInputType: input.type });
  }
  const place = input.kind === 'literal' ? input.node.place : input.place;
  planning.problems.add(place, 'The data of an AutoML job is a mapping with type: mltable and a path.');
  return undefined;
}
