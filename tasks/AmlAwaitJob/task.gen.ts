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
  /** The jobs to wait for, one a line: names, patterns with `*` and `?` such as `train-$(Build.BuildId)-*`, or the output of an earlier step: a name such as `$(train.jobName)`, names separated by commas, or a JSON array. A name must exist; a pattern takes what the workspace holds when the step starts. */
  readonly jobNames: readonly string[];
  /** Waits for the jobs that carry all of these tags, one `key=value` or `key` a line. Together with patterns, both must fit. */
  readonly tags: readonly string[];
  /** Takes only jobs that tasks of this pipeline run have submitted (property `azdo.buildId`). Alone, it waits for all of them. */
  readonly onlyThisRun: boolean;
  /** How many jobs patterns, tags and `onlyThisRun` must find. Fewer are looked for again for five minutes, because lists lag behind submissions, and then the step fails. 0: at least one. */
  readonly expectedCount: number;
  /** What happens when one of several jobs fails or is cancelled. The step fails in each case. */
  readonly onFailure: 'waitForAll' | 'failFast' | 'cancelOthers';
  /** How long to wait for the jobs; 0 waits as long as the pipeline lets the step run. */
  readonly timeoutMinutes: number;
  /** What happens to jobs that have not ended when the time-out passes. This step has not started them, so it leaves them running unless told otherwise. The step fails either way. */
  readonly onTimeout: 'leaveRunning' | 'cancelJob';
  /** What happens to jobs that have not ended when the pipeline run is cancelled while this step waits. This step has not started them, so it leaves them running unless told otherwise. */
  readonly onCancel: 'leaveRunning' | 'cancelJob';
  /** Writes the logs of the job and of its steps to the log of this step while they grow. Of several jobs only the states are shown. */
  readonly streamLogs: boolean;
  /** Names of outputs to download when the job has completed, one a line. Only for a single job. The agent must reach the storage account. */
  readonly downloadOutputs: readonly string[];
  /** Where downloaded outputs go, each in a folder of its own name, relative to the sources directory. */
  readonly downloadFolder: string;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
}

export interface Outputs {
  /** The name of the job. Unset unless there is exactly one. */
  readonly jobName?: string | undefined;
  /** JSON: the names of all jobs, for a later step's `jobNames`. For example `["train-1","train-2"]`. Unset when longer than 30,000 characters; `resultsFile` has them then. */
  readonly jobNames?: string | undefined;
  /** The worst state of all jobs as the service last reported it: `Failed` before `Canceled` before those that have not ended before `Completed`. */
  readonly jobStatus: string;
  /** JSON: the state of each job. For example `{"train-1":"Completed","train-2":"Failed"}`. Unset when longer than 30,000 characters; `resultsFile` has them then. */
  readonly jobStatuses?: string | undefined;
  /** The number of jobs. */
  readonly jobCount: string;
  /** The number of jobs that have completed. */
  readonly completedCount: string;
  /** The number of jobs that have failed. */
  readonly failedCount: string;
  /** The number of jobs that were cancelled. */
  readonly canceledCount: string;
  /** The path of a JSON file with an object a job: its name, status, type, address and creation time, and the reason where it did not complete. Later steps of the same pipeline job can read it. */
  readonly resultsFile: string;
  /** The address of the job in Azure Machine Learning studio. Unset unless there is exactly one. */
  readonly jobUrl?: string | undefined;
  /** JSON: the last value of each metric of the job; those of a pipeline's steps as `step.metric`. For example `{"evaluate.roc_auc":0.98}`. Unset unless there is exactly one job and it has completed. */
  readonly metrics?: string | undefined;
  /** JSON: the URI of each named output of the job, for use as a path in other YAML. For example `{"model":"azureml://jobs/…/outputs/model"}`. Unset unless there is exactly one job and it has completed. */
  readonly outputs?: string | undefined;
  /** Why the job failed, or the first of those that did: `userCode`, `data`, `quota`, `imageBuild`, `preemption`, `platform` or `unknown`. Unset unless one failed. */
  readonly failureKind?: string | undefined;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    jobNames: reader.lines('jobNames') ?? [],
    tags: reader.lines('tags') ?? [],
    onlyThisRun: reader.boolean('onlyThisRun') ?? false,
    expectedCount: reader.integer('expectedCount') ?? 0,
    onFailure: reader.choice('onFailure', ['waitForAll', 'failFast', 'cancelOthers']) ?? 'waitForAll',
    timeoutMinutes: reader.integer('timeoutMinutes') ?? 0,
    onTimeout: reader.choice('onTimeout', ['leaveRunning', 'cancelJob']) ?? 'leaveRunning',
    onCancel: reader.choice('onCancel', ['leaveRunning', 'cancelJob']) ?? 'leaveRunning',
    streamLogs: reader.boolean('streamLogs') ?? true,
    downloadOutputs: reader.lines('downloadOutputs') ?? [],
    downloadFolder: reader.path('downloadFolder') ?? 'aml-outputs',
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
  }));
}
