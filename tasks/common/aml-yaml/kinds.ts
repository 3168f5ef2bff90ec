import { planBatchDeployment } from './batch-deployment.ts';
import { planBatchEndpoint } from './batch-endpoint.ts';
import { planComponent } from './component.ts';
import { planCompute } from './compute.ts';
import { planConnection } from './connection.ts';
import { planData } from './data.ts';
import { planDatastore } from './datastore.ts';
import { planEnvironment } from './environment.ts';
import { planAutoMlJob } from './job-automl.ts';
import { planCommandJob } from './job-command.ts';
import { planPipelineJob } from './job-pipeline.ts';
import { planSparkJob } from './job-spark.ts';
import { planSweepJob } from './job-sweep.ts';
import { planModel } from './model.ts';
import { planOnlineDeployment } from './online-deployment.ts';
import { planOnlineEndpoint } from './online-endpoint.ts';
import type { PlanKind } from './plan.ts';
import { planRegistry } from './registry.ts';
import { planSchedule } from './schedule.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { member, stringMember, type YamlNode } from './yaml-node.ts';

/** A kind of file: what it is called, and how it is planned. */
export interface FileKind {
  readonly kind: PlanKind;
  /** What a user calls it. */
  readonly label: string;
  /** Undefined for kinds that are recognised and refused. */
  readonly plan: ((planning: Planning, source: SourceFile) => Promise<PlannedEntity | undefined>) | undefined;
}

/** Every kind by its name; of jobs and components one per type. */
const KINDS = {
  commandJob: { kind: 'job', label: 'a command job', plan: planCommandJob },
  pipelineJob: { kind: 'job', label: 'a pipeline job', plan: planPipelineJob },
  sweepJob: { kind: 'job', label: 'a sweep job', plan: planSweepJob },
  sparkJob: { kind: 'job', label: 'a Spark job', plan: planSparkJob },
  autoMlJob: { kind: 'job', label: 'an AutoML job', plan: planAutoMlJob },
  parallelJob: { kind: 'job', label: 'a parallel job', plan: undefined },
  component: { kind: 'component', label: 'a component', plan: planComponent },
  environment: { kind: 'environment', label: 'an environment', plan: planEnvironment },
  data: { kind: 'data', label: 'a data asset', plan: planData },
  model: { kind: 'model', label: 'a model', plan: planModel },
  onlineEndpoint: { kind: 'onlineEndpoint', label: 'an online endpoint', plan: planOnlineEndpoint },
  onlineDeployment: { kind: 'onlineDeployment', label: 'an online deployment', plan: planOnlineDeployment },
  batchEndpoint: { kind: 'batchEndpoint', label: 'a batch endpoint', plan: planBatchEndpoint },
  batchDeployment: { kind: 'batchDeployment', label: 'a batch deployment', plan: planBatchDeployment },
  compute: { kind: 'compute', label: 'a compute target', plan: planCompute },
  datastore: { kind: 'datastore', label: 'a datastore', plan: planDatastore },
  connection: { kind: 'connection', label: 'a connection', plan: planConnection },
  schedule: { kind: 'schedule', label: 'a schedule', plan: planSchedule },
  registry: { kind: 'registry', label: 'a registry', plan: planRegistry },
} satisfies Record<string, FileKind>;

const JOBS: Readonly<Record<string, FileKind>> = {
  command: KINDS.commandJob,
  pipeline: KINDS.pipelineJob,
  sweep: KINDS.sweepJob,
  spark: KINDS.sparkJob,
  automl: KINDS.autoMlJob,
  parallel: KINDS.parallelJob,
};

/** The schema names of Azure Machine Learning's own files, most specific first. */
const SCHEMAS: readonly (readonly [RegExp, FileKind])[] = [
  [/batchDeployment/i, KINDS.batchDeployment],
  [/component/i, KINDS.component],
  [/pipelineJob/i, KINDS.pipelineJob],
  [/sweepJob/i, KINDS.sweepJob],
  [/sparkJob/i, KINDS.sparkJob],
  [/parallelJob/i, KINDS.parallelJob],
  [/automl/i, KINDS.autoMlJob],
  [/commandJob/i, KINDS.commandJob],
  [/onlineDeployment/i, KINDS.onlineDeployment],
  [/onlineEndpoint/i, KINDS.onlineEndpoint],
  [/batchEndpoint/i, KINDS.batchEndpoint],
  [/compute(instance)?|synapsespark|vmcompute|kubernetesCompute/i, KINDS.compute],
  [/environment/i, KINDS.environment],
  [/azure(Blob|File|DataLakeGen[12])/i, KINDS.datastore],
  [/connection/i, KINDS.connection],
  [/schedule|monitor/i, KINDS.schedule],
  [/registry/i, KINDS.registry],
  [/model\.schema/i, KINDS.model],
  [/data\.schema/i, KINDS.data],
];

/** Connections to services that are called with a key. */
const CONNECTION_TYPES = [
  'custom',
  'azure_open_ai',
  'azure_ai_services',
  'azure_ai_search',
  'azure_synapse_analytics',
  'azure_my_sql_db',
  'azure_postgres_db',
  'azure_data_lake_gen_2',
  'api_key',
  'open_ai',
  'serp',
  'serverless',
];

/** Values of `type` that only one kind has. */
const TYPES: Readonly<Record<string, FileKind>> = {
  ...JOBS,
  uri_file: KINDS.data,
  uri_folder: KINDS.data,
  mltable: KINDS.data,
  custom_model: KINDS.model,
  mlflow_model: KINDS.model,
  triton_model: KINDS.model,
  amlcompute: KINDS.compute,
  computeinstance: KINDS.compute,
  virtualmachine: KINDS.compute,
  synapsespark: KINDS.compute,
  azure_blob: KINDS.datastore,
  azure_file: KINDS.datastore,
  azure_data_lake_gen1: KINDS.datastore,
  azure_data_lake_gen2: KINDS.datastore,
  ...Object.fromEntries(CONNECTION_TYPES.map((type) => [type, KINDS.connection])),
  git: KINDS.connection,
  python_feed: KINDS.connection,
  container_registry: KINDS.connection,
  azure_sql_db: KINDS.connection,
  snowflake: KINDS.connection,
  s3: KINDS.connection,
};

/** Keys that give a file away, most telling first. */
const KEYS: readonly (readonly [string, FileKind])[] = [
  ['mini_batch_size', KINDS.batchDeployment],
  ['retry_settings', KINDS.batchDeployment],
  ['output_action', KINDS.batchDeployment],
  ['max_concurrency_per_instance', KINDS.batchDeployment],
  ['endpoint_name', KINDS.onlineDeployment],
  ['auth_mode', KINDS.onlineEndpoint],
  ['trigger', KINDS.schedule],
  ['jobs', KINDS.pipelineJob],
  ['command', KINDS.commandJob],
  ['replication_locations', KINDS.registry],
  ['image', KINDS.environment],
  ['build', KINDS.environment],
  ['conda_file', KINDS.environment],
];

/** What a caller expects, as the kind that a file of unclear type then is. */
const BY_PLAN_KIND: Partial<Record<PlanKind, FileKind>> = {
  component: KINDS.component,
  environment: KINDS.environment,
  data: KINDS.data,
  model: KINDS.model,
  onlineEndpoint: KINDS.onlineEndpoint,
  onlineDeployment: KINDS.onlineDeployment,
  batchEndpoint: KINDS.batchEndpoint,
  batchDeployment: KINDS.batchDeployment,
  compute: KINDS.compute,
  datastore: KINDS.datastore,
  connection: KINDS.connection,
  schedule: KINDS.schedule,
  registry: KINDS.registry,
};

/**
 * The kind of a file: what the caller expects, else its schema, its type, its keys. Undefined when none of them tells.
 *
 * @param expected the kinds the caller takes; empty for any
 */
export function detectKind(node: YamlNode, expected: readonly PlanKind[]): FileKind | undefined {
  const type = stringMember(node, 'type')?.toLowerCase();
  const found = schemaKind(node, type) ?? typeKind(node, type) ?? keyKind(node);
  const only = expected.length === 1 ? expected[0] : undefined;
  if (only === undefined || found?.kind === only) return found;
  if (only === 'job') return found ?? (type === undefined ? KINDS.commandJob : undefined);
  // A file without a schema may look like another kind; what the caller expects decides, unless the schema contradicts.
  return schemaKind(node, type) === undefined ? BY_PLAN_KIND[only] : found;
}

function schemaKind(node: YamlNode, type: string | undefined): FileKind | undefined {
  const name = stringMember(node, '$schema')?.trim().split('/').at(-1);
  if (name === undefined) return undefined;
  const found = SCHEMAS.find(([pattern]) => pattern.test(name))?.[1];
  // The type says which job it is, whatever the schema's name.
  return found?.kind === 'job' && type !== undefined ? JOBS[type] : found;
}

function typeKind(node: YamlNode, type: string | undefined): FileKind | undefined {
  if (type === undefined) return undefined;
  if ((type === 'managed' || type === 'kubernetes') && member(node, 'endpoint_name')) return KINDS.onlineDeployment;
  if ((type === 'model' || type === 'pipeline') && member(node, 'endpoint_name')) return KINDS.batchDeployment;
  if (JOBS[type] !== undefined && looksLikeComponent(node)) return KINDS.component;
  return TYPES[type];
}

/** A component's inputs are definitions, a job's are values; only a component says whether it is deterministic. */
function looksLikeComponent(node: YamlNode): boolean {
  if (member(node, 'is_deterministic') !== undefined) return true;
  if (['compute', 'experiment_name', 'settings'].some((key) => member(node, key) !== undefined)) return false;
  const named = member(node, 'name') !== undefined && member(node, 'version') !== undefined;
  const inputs = member(node, 'inputs');
  const definitions = inputs?.kind === 'map' ? [...inputs.entries.values()] : [];
  const primitive = definitions.some(({ value }) =>
    /^(string|integer|number|boolean)$/.test(stringMember(value, 'type') ?? ''),
  );
  return named || primitive;
}

function keyKind(node: YamlNode): FileKind | undefined {
  const found = KEYS.find(([key]) => member(node, key) !== undefined)?.[1];
  // A job whose type is unknown is not a command job.
  return found?.kind === 'job' && member(node, 'type') !== undefined ? undefined : found;
}

/** How a plan's kind is called in a sentence. */
export function kindLabel(kind: PlanKind): string {
  return kind === 'job' ? 'a job' : (BY_PLAN_KIND[kind]?.label ?? kind);
}

/** The types a job can have. */
export const JOB_TYPES = Object.keys(JOBS);
