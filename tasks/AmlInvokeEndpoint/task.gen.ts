// Generated from task.json by `npm run generate`; edit that instead.
import type { InputReader } from '../common/agent/inputs.ts';

export interface Inputs {
  /** The service connection to sign in with: workload identity federation, managed identity, or a service principal with a secret or certificate. */
  readonly azureSubscription: string | undefined;
  /** The subscription of the workspace. Only needed for a connection that is not scoped to a subscription (management group, workspace); otherwise the connection's own is used. */
  readonly subscriptionId: string | undefined;
  /** The resource group of the Azure Machine Learning workspace. */
  readonly resourceGroupName: string | undefined;
  /** The name of the Azure Machine Learning workspace. */
  readonly workspaceName: string | undefined;
  /** Whether the endpoint is an online or a batch endpoint. */
  readonly endpointType: 'online' | 'batch';
  /** The name of the endpoint. */
  readonly endpointName: string;
  /** The deployment that answers, past the traffic rule or the default. Empty: the endpoint decides. */
  readonly deploymentName: string | undefined;
  /** The file to send, as it is, relative to the sources directory. Give this or the request itself. */
  readonly requestFile: string | undefined;
  /** The request itself, for example `{"data": [[1, 2]]}`. */
  readonly request: string | undefined;
  /** The content type of the request. */
  readonly contentType: string;
  /** How often the request is sent; every answer is checked, and the 95th percentile of the latency is taken over all. */
  readonly requests: number;
  /** How many requests may be under way at the same time, 1 to 100. */
  readonly concurrency: number;
  /** How long to wait for each answer. */
  readonly timeoutSeconds: number;
  /** YAML, a list. Each entry is `status: 200`, `p95Milliseconds: 250`, `schema` (the path of a JSON schema, or the schema itself), or a `path` into the JSON answer with any of `equals` (and `tolerance`), `minimum`, `maximum` and `exists`. For example `- { path: "$.predictions[0]", equals: 1 }`. Unless it says otherwise the status must be 200. */
  readonly assertions: string | undefined;
  /** YAML, a mapping of names to inputs as in the `inputs` of a job's YAML; files of the agent are uploaded. For example `data: { type: uri_folder, path: azureml:new-patients:1 }`. */
  readonly batchInputs: string | undefined;
  /** YAML, a mapping of names to the places the outputs are written to. For example `scores: { type: uri_file, path: azureml://datastores/workspaceblobstore/paths/scores/today.csv }`. Empty: the service chooses. */
  readonly batchOutputs: string | undefined;
  /** Waits until the job has ended; only a `Completed` job lets the step succeed. Off: the step ends once the job is submitted, and the job is left running. */
  readonly waitForCompletion: boolean;
  /** How long to wait for the job; 0 waits as long as the pipeline lets the step run. */
  readonly timeoutMinutes: number;
  /** What happens to the job when the time-out passes. The step fails either way. */
  readonly onTimeout: 'cancelJob' | 'leaveRunning';
  /** What happens to the job when the pipeline run is cancelled while this step waits. */
  readonly onCancel: 'cancelJob' | 'leaveRunning';
  /** Writes the logs of the job and of its steps to the log of this step while they grow. */
  readonly streamLogs: boolean;
  /** Names of outputs of the job to download when it has completed, one a line. The agent must reach the storage account. */
  readonly downloadOutputs: readonly string[];
  /** Where downloaded outputs go, each in a folder of its own name, relative to the sources directory. */
  readonly downloadFolder: string;
  /** Lets the YAML refer to code, data and other files outside the sources directory, also through symbolic links. Leave it off unless the files of this agent may be read by whoever can change the YAML. */
  readonly allowPathsOutsideSources: boolean;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
}

export interface Outputs {
  /** The status of the last answer. For example `200`. Unset with a batch endpoint. */
  readonly statusCode?: string | undefined;
  /** The path of a file below the agent's temporary folder with the body of the last answer. Unset with a batch endpoint. */
  readonly responseFile?: string | undefined;
  /** The 95th percentile of the latency in whole milliseconds, measured by this agent. Unset with a batch endpoint. */
  readonly p95Milliseconds?: string | undefined;
  /** The name of the batch job, set as soon as it is submitted. Unset with an online endpoint. */
  readonly jobName?: string | undefined;
  /** The state of the batch job as the service last reported it, for example `Completed`. Unset with an online endpoint. */
  readonly jobStatus?: string | undefined;
  /** The address of the batch job in Azure Machine Learning studio. Unset with an online endpoint. */
  readonly jobUrl?: string | undefined;
  /** JSON: the URI of each named output of the batch job. For example `{"score":"azureml://jobs/…/outputs/score"}`. Unset unless the job has completed. */
  readonly outputs?: string | undefined;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    endpointType: reader.choice('endpointType', ['online', 'batch']) ?? 'online',
    endpointName: reader.required('endpointName', reader.text('endpointName')),
    deploymentName: reader.text('deploymentName'),
    requestFile: reader.path('requestFile'),
    request: reader.text('request'),
    contentType: reader.text('contentType') ?? 'application/json',
    requests: reader.integer('requests') ?? 1,
    concurrency: reader.integer('concurrency') ?? 1,
    timeoutSeconds: reader.integer('timeoutSeconds') ?? 60,
    assertions: reader.text('assertions'),
    batchInputs: reader.text('batchInputs'),
    batchOutputs: reader.text('batchOutputs'),
    waitForCompletion: reader.boolean('waitForCompletion') ?? true,
    timeoutMinutes: reader.integer('timeoutMinutes') ?? 0,
    onTimeout: reader.choice('onTimeout', ['cancelJob', 'leaveRunning']) ?? 'cancelJob',
    onCancel: reader.choice('onCancel', ['cancelJob', 'leaveRunning']) ?? 'cancelJob',
    streamLogs: reader.boolean('streamLogs') ?? true,
    downloadOutputs: reader.lines('downloadOutputs') ?? [],
    downloadFolder: reader.path('downloadFolder') ?? 'aml-outputs',
    allowPathsOutsideSources: reader.boolean('allowPathsOutsideSources') ?? false,
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
  }));
}
