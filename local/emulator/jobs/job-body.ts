/** A job as the Resource Manager answers it: what was put, the defaults the service fills in, and what the run says. */
import type { Cloud } from '../clouds.ts';
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { regionalHost } from '../clouds.ts';
import { apiKeys } from './api-keys.ts';
import type { ApiKeys } from './api-keys.ts';
import { ARTIFACT_STORE, artifactFolder } from './data-uri.ts';
import type { JobRecord, RunRecord, RunStatus } from './records.ts';
import { sweepMembers } from './sweep-body.ts';

export interface JobBodyPlace {
  readonly cloud: Cloud;
  readonly region: string;
  /** ARM id of the workspace. */
  readonly workspace: string;
  readonly createdAt: string;
}

/** The body of GET and PUT. `run` is the job's run; before it says otherwise the status is the one of a new job. */
export function jobBody(job: JobRecord, run: RunRecord, place: JobBodyPlace, apiVersion: string): JsonObject {
  const keys = apiKeys(apiVersion);
  return {
    ...jobHead(job.name, place.workspace),
    properties: {
      description: job.body.description ?? null,
      tags: run.tags,
      properties: run.properties,
      displayName: run.displayName,
      status: shownStatus(job, run.status, keys),
      experimentName: job.body.experimentName ?? 'Default',
      services: services(job, place, keys),
      computeId: job.body.computeId ?? null,
      isArchived: job.body.isArchived === true,
      identity: job.body.identity ?? null,
      componentId: job.body.componentId ?? null,
      ...(keys.notificationSetting && { notificationSetting: job.body.notificationSetting ?? null }),
      ...(keys.secretsConfiguration && { secretsConfiguration: job.body.secretsConfiguration ?? null }),
      ...specificMembers(job, place, keys),
    },
    ...jobTail(job.createdBy, job.createdByType, place.createdAt),
  };
}

function specificMembers(job: JobRecord, place: JobBodyPlace, keys: ApiKeys): JsonObject {
  switch (job.jobType) {
    case 'Command':
      return commandMembers(job, keys);
    case 'Pipeline':
      return pipelineMembers(job, keys);
    case 'Sweep': {
      const { body } = job;
      return {
        ...sweepMembers(job, place.workspace),
        inputs: mapMembers(body.inputs, jobInput),
        outputs: outputsWithDefault(job, keys),
        ...(keys.queueSettings && { queueSettings: queueSettings(body.queueSettings) }),
      };
    }
  }
}

/** A pipeline's child over the Resource Manager: everything but `properties`. */
export function childJobBody(run: RunRecord, place: JobBodyPlace): JsonObject {
  return { ...jobHead(run.id, place.workspace), ...jobTail(run.createdBy, 'User', place.createdAt) };
}

function jobHead(name: string, workspace: string): JsonObject {
  return { id: `${workspace}/jobs/${name}`, name, type: 'Microsoft.MachineLearningServices/workspaces/jobs' };
}

function jobTail(createdBy: string, createdByType: string, createdAt: string): JsonObject {
  return { systemData: { createdAt, createdBy, createdByType } };
}

/** Until April 2023 a pipeline that had not started was called Preparing. */
function shownStatus(job: JobRecord, status: RunStatus, keys: ApiKeys): RunStatus {
  return job.jobType === 'Pipeline' && status === 'NotStarted' && !keys.pipelineStartsEmpty ? 'Preparing' : status;
}

function services(job: JobRecord, place: JobBodyPlace, keys: ApiKeys): JsonObject {
  const service = (jobServiceType: string, endpoint: string | null): JsonObject => ({
    jobServiceType,
    port: null,
    endpoint,
    status: null,
    errorMessage: null,
    properties: null,
    ...(keys.nodes && { nodes: null }),
  });
  const [, , subscription, , group, , , , workspace] = place.workspace.split('/');
  const scope = `/subscriptions/${subscription ?? ''}/resourcegroups/${group ?? ''}/workspaces/${workspace ?? ''}`;
  const host = regionalHost(place.cloud, place.region);
  return {
    ...Object.fromEntries(
      Object.entries(asObject(job.body.services))
        .filter(([name]) => name !== 'Tracking' && name !== 'Studio')
        .map(([name, asked]) => [name, { ...service('Custom', null), ...asObject(asked), endpoint: null }]),
    ),
    // A sweep tracks nothing itself.
    ...(job.jobType !== 'Sweep' && {
      Tracking: service('Tracking', `azureml://${host}/mlflow/v1.0${place.workspace}?`),
    }),
    Studio: service('Studio', `https://${place.cloud.studio}/runs/${job.name}?wsid=${scope}`),
  };
}

/** The outputs of a job, with the one that every job but a pipeline has. */
function outputsWithDefault({ name, body }: JobRecord, keys: ApiKeys): JsonObject {
  const defaultOutput = {
    jobOutputType: 'uri_folder',
    uri: `azureml://datastores/${ARTIFACT_STORE}/${artifactFolder(name)}`,
  };
  return mapMembers({ ...withoutDefault(body.outputs), default: defaultOutput }, (output) => jobOutput(output, keys));
}

function commandMembers(job: JobRecord, keys: ApiKeys): JsonObject {
  const { body } = job;
  return {
    jobType: 'Command',
    resources: resources(asObject(body.resources), keys),
    codeId: body.codeId ?? null,
    command: body.command ?? null,
    environmentId: body.environmentId ?? null,
    inputs: mapMembers(body.inputs, jobInput),
    outputs: outputsWithDefault(job, keys),
    distribution: distribution(body.distribution),
    autologgerSettings: body.autologgerSettings ?? null,
    limits: isJsonObject(body.limits) ? { timeout: null, jobLimitsType: 'Command', ...body.limits } : null,
    environmentVariables: body.environmentVariables ?? {},
    parameters: {},
    ...(keys.queueSettings && { queueSettings: queueSettings(body.queueSettings) }),
  };
}

/** The job of a batch endpoint does not tell what it runs. */
const UNTOLD: JsonObject = { settings: null, jobs: null, inputs: null, outputs: null, sourceJobId: null };

function pipelineMembers({ body }: JobRecord, keys: ApiKeys): JsonObject {
  if (textAt(body, 'tags', 'azureml.batchrun') === 'true') return { jobType: 'Pipeline', ...UNTOLD };
  const inputs = mapMembers(body.inputs, jobInput);
  return {
    jobType: 'Pipeline',
    settings: body.settings ?? {},
    jobs: body.jobs ?? {},
    inputs: keys.pipelineStartsEmpty && Object.keys(inputs).length === 0 ? null : inputs,
    outputs: mapMembers(body.outputs, (output) => jobOutput(output, keys)),
    sourceJobId: body.sourceJobId ?? null,
  };
}

/** The outputs somebody declared, without one that takes the place of the service's own. */
function withoutDefault(outputs: Json | undefined): JsonObject {
  return Object.fromEntries(Object.entries(asObject(outputs)).filter(([name]) => name !== 'default'));
}

function mapMembers(members: Json | undefined, change: (member: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(asObject(members)).map(([name, value]) => [name, change(asObject(value))]));
}

function jobInput(input: JsonObject): JsonObject {
  const description = input.description ?? null;
  const jobInputType = input.jobInputType ?? null;
  if (jobInputType === 'literal') return { description, jobInputType, value: input.value ?? null };
  return { description, uri: input.uri ?? null, mode: input.mode ?? 'ReadOnlyMount', jobInputType };
}

function jobOutput(output: JsonObject, keys: ApiKeys): JsonObject {
  return {
    description: output.description ?? null,
    uri: output.uri ?? null,
    ...(keys.outputAssets && { assetName: output.assetName ?? null, assetVersion: output.assetVersion ?? null }),
    mode: output.mode ?? 'ReadWriteMount',
    ...(keys.autoDeleteSetting && { autoDeleteSetting: output.autoDeleteSetting ?? null }),
    jobOutputType: output.jobOutputType ?? null,
  };
}

function resources(asked: JsonObject, keys: ApiKeys): JsonObject {
  return {
    instanceCount: asked.instanceCount ?? 1,
    ...(keys.maxInstanceCount && { maxInstanceCount: asked.maxInstanceCount ?? null }),
    instanceType: asked.instanceType ?? null,
    ...(keys.locations && { locations: asked.locations ?? null }),
    properties: asked.properties ?? null,
    shmSize: asked.shmSize ?? '2g',
    dockerArgs: asked.dockerArgs ?? null,
  };
}

const DISTRIBUTION_KEYS: Readonly<Record<string, readonly string[]>> = {
  Mpi: ['processCountPerInstance'],
  PyTorch: ['processCountPerInstance'],
  TensorFlow: ['parameterServerCount', 'workerCount'],
  Ray: ['port', 'address', 'includeDashboard', 'dashboardPort', 'headNodeAdditionalArgs', 'workerNodeAdditionalArgs'],
};

function distribution(asked: Json | undefined): JsonObject | null {
  if (!isJsonObject(asked)) return null;
  const type = typeof asked.distributionType === 'string' ? asked.distributionType : '';
  const empty = Object.fromEntries((DISTRIBUTION_KEYS[type] ?? []).map((key) => [key, null]));
  return { distributionType: type, ...empty, ...asked };
}

/** Tiers are written with a capital whatever was sent. */
function queueSettings(asked: Json | undefined): JsonObject | null {
  if (!isJsonObject(asked)) return null;
  const tier = typeof asked.jobTier === 'string' ? asked.jobTier : 'Standard';
  return { jobTier: tier.slice(0, 1).toUpperCase() + tier.slice(1), priority: asked.priority ?? null };
}
