import { childArmId } from '../domain/workspace-id.ts';
import { planComponentDefinition } from './component.ts';
import { registerAnonymous } from './component-types.ts';
import { isoSeconds } from './durations.ts';
import { planEnvironmentField } from './environment.ts';
import { jobResources } from './job-command.ts';
import { resources } from './job-settings.ts';
import { planModelField } from './model.ts';
import { WORKSPACE_LOCATION } from './online-endpoint.ts';
import type { PutStep, Template } from './plan.ts';
import { loadReferencedFile, type PlannedEntity, type Planning, type SourceFile } from './planning.ts';
import { pythonText } from './python-literals.ts';
import {
  anyMap,
  anything,
  childAt,
  choice,
  environmentVariables,
  expecting,
  integer,
  mapOf,
  mapped,
  oneOf,
  record,
  refuse,
  text,
  textMap,
  type At,
  type Values,
} from './readers.ts';
import { assetReference, computeId } from './references.ts';
import { codeConfiguration, planScoringCode } from './scoring-code.ts';
import { compact, type TemplateObject } from './templates.ts';
import type { YamlNode } from './yaml-node.ts';

const scalarText = expecting('a text, a number, true or false', pythonText);

/** Fields of a model's deployment that stand under `settings`, or beside it in the older form. */
const MODEL_SETTINGS = {
  max_concurrency_per_instance: integer,
  mini_batch_size: integer,
  output_action: choice({ append_row: 'AppendRow', summary_only: 'SummaryOnly' }, 'snake'),
  output_file_name: text,
  error_threshold: integer,
  logging_level: oneOf(['debug', 'info', 'warning']),
  retry_settings: mapped(record({ max_retries: integer, timeout: integer }), ({ max_retries, timeout }) =>
    compact({ maxRetries: max_retries, timeout: isoSeconds(timeout) }),
  ),
  environment_variables: environmentVariables,
};

const COMMON = {
  name: text,
  type: oneOf(['model', 'pipeline']),
  endpoint_name: text,
  description: text,
  tags: mapOf(scalarText),
  properties: textMap,
};

const MODEL_FIELDS = {
  ...COMMON,
  ...MODEL_SETTINGS,
  model: anything,
  environment: anything,
  code_configuration: codeConfiguration,
  compute: text,
  resources,
  settings: record(MODEL_SETTINGS),
};
type ModelValues = Values<typeof MODEL_FIELDS>;

const PIPELINE_FIELDS = { ...COMMON, component: anything, job_definition: anything, settings: anyMap };
type PipelineValues = Values<typeof PIPELINE_FIELDS>;

const REQUIRED = { required: ['name', 'endpoint_name'] };
const readModelDeployment = record(MODEL_FIELDS, REQUIRED);
const readPipelineDeployment = record(PIPELINE_FIELDS, REQUIRED);

/** A deployment of a batch endpoint: of a model, or of a pipeline component. */
export async function planBatchDeployment(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const keys = source.node.kind === 'map' ? source.node.entries : new Map<string, never>();
  const isPipeline = keys.has('component') || keys.has('job_definition');
  const values = isPipeline ? readPipelineDeployment(source.node, at) : readModelDeployment(source.node, at);
  if (values === undefined) return undefined;
  const endpoint = values.endpoint_name ?? '';
  planning.require(
    `batchEndpoints/${endpoint}`,
    `The batch endpoint '${endpoint}' does not exist. Create it before its deployments.`,
  );
  const specific = isPipeline
    ? await pipelineProperties(planning, source, values as PipelineValues, at)
    : await modelProperties(planning, source, values as ModelValues, at);
  const main: PutStep = {
    do: 'put',
    key: 'deployment',
    collection: `batchEndpoints/${endpoint}/deployments`,
    name: values.name ?? '',
    body: {
      location: WORKSPACE_LOCATION,
      tags: values.tags ?? {},
      properties: compact({
        description: values.description,
        properties: { ...values.properties, ...planning.request.lineage },
        ...specific,
      }),
    },
  };
  return { kind: 'batchDeployment', main };
}

async function modelProperties(
  planning: Planning,
  source: SourceFile,
  values: ModelValues,
  at: At,
): Promise<Readonly<Record<string, Template | undefined>>> {
  const settings = { ...values, ...values.settings };
  const scoring = await planScoringCode(planning, source, values.code_configuration);
  const environmentId =
    values.environment &&
    (await planEnvironmentField(planning, source, values.environment, childAt(at, 'environment'), 'byName'));
  const model = values.model && (await planModelField(planning, source, values.model, childAt(at, 'model')));
  return {
    compute: values.compute === undefined ? undefined : computeId(planning, values.compute),
    model: model === undefined ? undefined : { referenceType: 'Id', assetId: model },
    codeConfiguration: scoring,
    environmentId,
    environmentVariables: settings.environment_variables ?? {},
    maxConcurrencyPerInstance: settings.max_concurrency_per_instance,
    miniBatchSize: settings.mini_batch_size,
    outputAction: settings.output_action,
    outputFileName: settings.output_file_name,
    errorThreshold: settings.error_threshold,
    retrySettings: settings.retry_settings,
    loggingLevel: settings.logging_level,
    resources: values.resources && jobResources(values.resources),
  };
}

/** What the service's client sends beside a pipeline, though a pipeline has no use for it. */
const PIPELINE_DEFAULTS = {
  errorThreshold: -1,
  maxConcurrencyPerInstance: 1,
  miniBatchSize: 10,
  outputFileName: 'predictions.csv',
};

async function pipelineProperties(
  planning: Planning,
  source: SourceFile,
  values: PipelineValues,
  at: At,
): Promise<Readonly<Record<string, Template | undefined>>> {
  const assetId =
    values.component === undefined
      ? values.job_definition && jobComponent(planning, values.job_definition, childAt(at, 'job_definition'))
      : await pipelineComponent(planning, source, values.component, childAt(at, 'component'));
  const settings = values.settings && mapOf(scalarText)(values.settings, childAt(at, 'settings'));
  return {
    ...PIPELINE_DEFAULTS,
    deploymentConfiguration: compact({
      deploymentConfigurationType: 'PipelineComponent',
      componentId: assetId === undefined ? undefined : { referenceType: 'Id', assetId },
      settings,
    }),
  };
}

async function pipelineComponent(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
): Promise<Template | undefined> {
  if (node.kind === 'string' && /^(azureml:|\/subscriptions\/)/.test(node.value)) {
    return assetReference(planning, 'components', node.value, node.place);
  }
  if (node.kind !== 'string' && node.kind !== 'map') {
    refuse(node, at, 'a file, a reference or a component');
    return undefined;
  }
  const file =
    node.kind === 'map'
      ? { ...source, node }
      : await loadReferencedFile(planning, source, node.value.replace(/^file:/, ''), node.place);
  if (file === undefined) return undefined;
  // The service's client takes whatever is registered as the first anonymous component; the file's own is meant.
  if (planning.request.likeAzureAiMl === true) return childArmId(planning.request.workspace, ...FIRST_ANONYMOUS);
  const component = await planComponentDefinition(planning, file, file.node, { ...at, path: '' }, 'YAML.COMPONENT');
  return component && registerAnonymous(planning, component);
}

const FIRST_ANONYMOUS = ['components', 'azureml_anonymous', 'versions', '1'] as const;

/** The pipeline of a job that ran: a component that names the job. */
function jobComponent(planning: Planning, node: YamlNode, at: At): Template | undefined {
  const job = node.kind === 'string' ? /^azureml:([^:/@]+)$/.exec(node.value)?.[1] : undefined;
  if (job === undefined) {
    refuse(node, at, 'a job that ran, written azureml:<job name>');
    return undefined;
  }
  const componentSpec: TemplateObject = {
    source_job_id: job,
    sourceJobId: job,
    name: 'azureml_anonymous',
    version: '1',
    type: 'pipeline',
    _source: 'CLASS',
    jobs: {},
  };
  const version =
    planning.request.likeAzureAiMl === true
      ? { rule: 'given' as const, version: '1' }
      : { rule: 'anonymousComponent' as const };
  return planning.step(
    {
      do: 'put',
      key: `component:job:${job}`,
      collection: 'components',
      name: 'azureml_anonymous',
      version,
      body: { properties: { componentSpec, tags: {}, properties: {}, isAnonymous: true } },
    },
    'id',
  );
}
