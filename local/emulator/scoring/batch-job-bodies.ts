/** A job of a batch endpoint as the endpoint itself tells it; Resource Manager tells the same job as a pipeline. */
import { createHash } from 'node:crypto';
import { regionalHost, type Cloud } from '../clouds.ts';
import type { PipelinePlan } from '../jobs/pipeline-plan.ts';
import type { RunRecord, RunStatus } from '../jobs/records.ts';
import { asObject, at, textAt, type Json, type JsonObject } from '../json.ts';
import { stableGuid } from '../settings.ts';

/** What is kept of an invocation beside the job it became. */
export interface BatchJobRecord {
  readonly name: string;
  readonly displayName: string;
  /** ARM ids. */
  readonly workspace: string;
  readonly endpoint: string;
  readonly deployment: string;
  /** `properties` of the request. */
  readonly asked: JsonObject;
  /** Those of the deployment when it was invoked. */
  readonly settings: JsonObject;
  readonly region: string;
  readonly createdAt: string;
  /** The id by which the caller may repeat the request. */
  readonly repeatable: string | undefined;
}

/** The body of the 201, and of an entry of the list; without a run it is as at first. */
export function batchJobBody(cloud: Cloud, job: BatchJobRecord, run: RunRecord | undefined): JsonObject {
  const { asked, settings } = job;
  return {
    id: `${job.deployment}/jobs/${job.name}`,
    name: job.name,
    type: 'Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments/jobs',
    properties: {
      provisioningState: 'Succeeded',
      inputData: Object.fromEntries(
        Object.entries(asObject(asked.inputData)).map(([name, input]) => [name, inputBody(asObject(input))]),
      ),
      compute: {
        target: settings.compute ?? null,
        instanceCount: null,
        isLocal: false,
        location: null,
        instanceType: null,
        properties: null,
      },
      output: { datastoreId: null, path: null },
      retrySettings: settings.retrySettings ?? null,
      status: shownStatus(run?.status),
      interactionEndpoints: interactionEndpoints(cloud, job),
      tags: run?.tags ?? {},
      properties: run?.properties ?? {},
      name: job.displayName,
    },
    systemData: {
      createdAt: job.createdAt,
      createdBy: run?.createdBy ?? null,
      lastModifiedAt: job.createdAt,
      lastModifiedBy: run?.createdBy ?? null,
    },
  };
}

function inputBody(input: JsonObject): JsonObject {
  const type = input.jobInputType ?? input.JobInputType ?? null;
  const value = input.value ?? input.Value;
  if (value !== undefined) return { description: null, value, jobInputType: type };
  return {
    description: null,
    uri: input.uri ?? input.Uri ?? null,
    mode: input.mode ?? 'ReadOnlyMount',
    jobInputType: type,
  };
}

/** What has not started is being prepared, in the endpoint's words. */
function shownStatus(status: RunStatus | undefined): string {
  return status === undefined || status === 'NotStarted' ? 'Preparing' : status;
}

function interactionEndpoints(cloud: Cloud, job: BatchJobRecord): JsonObject {
  const { workspace, region } = job;
  const scope = workspace
    .replace(/\/providers\/[^/]+\/workspaces\//i, '/workspaces/')
    .replace('/resourceGroups/', '/resourcegroups/');
  const service = (jobEndpointType: string, endpoint: string): JsonObject => ({
    jobEndpointType,
    port: null,
    endpoint,
    properties: null,
  });
  return {
    Tracking: service('Tracking', `azureml://${regionalHost(cloud, region)}/mlflow/v1.0${workspace}?`),
    Studio: service('Studio', `https://${cloud.studio}/runs/${job.name}?wsid=${scope}`),
  };
}

/** Properties of the job's run. `azureml.parameters` holds the deployment's settings as the pipeline's parameters. */
export function batchJobProperties(job: BatchJobRecord, plan: PipelinePlan): Record<string, string> {
  return {
    'azureml.pipelineid': stableGuid(job.deployment),
    'azureml.runsource': 'azureml.PipelineRun',
    runSource: 'Unavailable',
    runType: 'HTTP',
    'azureml.parameters': JSON.stringify(parameters(job, plan)),
    'azureml.continue_on_step_failure': plan.continueOnStepFailure ? 'True' : 'False',
    'azureml.continue_on_failed_optional_input': 'False',
    'azureml.pipelineComponent': 'pipelinerun',
  };
}

function parameters({ settings, asked }: BatchJobRecord, plan: PipelinePlan): Record<string, string> {
  if (settings.deploymentConfiguration !== undefined) {
    const literals = Object.entries(plan.inputs).flatMap(([name, input]) =>
      input.kind === 'literal' ? [[name, input.value] as const] : [],
    );
    return Object.fromEntries(literals);
  }
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
  const of = (name: string): string => text(asked[name] ?? settings[name]);
  const seconds = /^PT(\d+)S$/.exec(textAt(settings, 'retrySettings', 'timeout') ?? '')?.[1] ?? '30';
  return {
    run_max_try: text(at(settings, 'retrySettings', 'maxRetries')),
    run_invocation_timeout: seconds,
    mini_batch_size: of('miniBatchSize'),
    error_threshold: of('errorThreshold'),
    logging_level: of('loggingLevel').toUpperCase(),
    process_count_per_node: of('maxConcurrencyPerInstance'),
    NodeCount: text(at(settings, 'resources', 'instanceCount')),
    append_row_file_name: of('outputFileName'),
  };
}

const FIRST = ['blue', 'brave', 'calm', 'green', 'lemon', 'mango', 'olive', 'plum', 'quiet', 'silver'];
const SECOND = ['arch', 'boat', 'forest', 'garden', 'lake', 'parcel', 'river', 'stone', 'store', 'yacht'];

/** A name people can say, as the service gives jobs that have none: two words and a few letters. */
export function friendlyName(job: string): string {
  const digest = createHash('sha256').update(job).digest();
  const word = (list: readonly string[], index: number): string => list[(digest[index] ?? 0) % list.length] ?? '';
  const tail = BigInt(`0x${digest.toString('hex', 8, 20)}`).toString(36);
  return `${word(FIRST, 0)}_${word(SECOND, 1)}_${tail.slice(0, 8)}`;
}
