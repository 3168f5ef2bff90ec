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
  /** `file` submits a job YAML; `component` runs a registered component of the workspace or of a registry; `batchEndpoint` starts the pipeline or the scoring behind a batch endpoint's deployment. Everything after the submission is the same. */
  readonly jobSource: 'file' | 'component' | 'batchEndpoint';
  /** The `az ml` v2 job YAML (command, pipeline, sweep …), relative to the sources directory. For example `aml/pipeline.yml`. Needed with `jobSource: file`. */
  readonly jobFile: string | undefined;
  /** The registered component to run: `azureml:name:version`, `azureml:name@latest`, or `azureml://registries/<registry>/components/<name>/versions/<version>`. A pipeline component becomes the job itself; any other one becomes a job of one step. */
  readonly component: string | undefined;
  /** The batch endpoint to invoke. Needed with `jobSource: batchEndpoint`. */
  readonly endpointName: string | undefined;
  /** The deployment of the batch endpoint. Empty: the endpoint's default one. */
  readonly deploymentName: string | undefined;
  /** YAML, a mapping of names to inputs as in the `inputs` of a job's YAML: numbers, texts, or data such as `{ type: uri_folder, path: azureml:patients:1 }`. For example `epochs: 30`. The inputs of a job file are given by overrides, for example `inputs.epochs=30`. */
  readonly jobInputs: string | undefined;
  /** The compute for steps that name none of their own, for example `cpu-cluster`; `serverless` for serverless compute. Needed where the component does not say where it runs. */
  readonly compute: string | undefined;
  /** Values that replace those of the file, or add to a component's job, one `path=value` a line, as `az ml job create --set` takes them. For example `inputs.epochs=30`. */
  readonly overrides: readonly string[];
  /** The name of the job in the workspace. It is used as it is: if a job of this name exists already, the step attaches to it when it was submitted from the same content, and fails otherwise. Leave it empty for a name made from the pipeline, the run and the step. */
  readonly name: string | undefined;
  /** The experiment the job belongs to. Empty: that of the file, otherwise the name of the pipeline. */
  readonly experimentName: string | undefined;
  /** `run` submits the job; `validate` only checks the file and everything it refers to, without a connection, a workspace or a network. */
  readonly mode: 'run' | 'validate';
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
  /** The name of the job. For example `sample-train-4711-train-3f9a01c2`. Set as soon as the job is submitted. Unset with `mode: validate`. */
  readonly jobName?: string | undefined;
  /** The state of the job as the service last reported it, for example `Completed`, `Failed` or `Canceled`. Unset with `mode: validate`. */
  readonly jobStatus?: string | undefined;
  /** The address of the job in Azure Machine Learning studio. Unset with `mode: validate`. */
  readonly jobUrl?: string | undefined;
  /** JSON: the last value of each metric of the job; those of a pipeline's steps as `step.metric`. For example `{"evaluate.roc_auc":0.98}`. Unset unless the job has completed. */
  readonly metrics?: string | undefined;
  /** JSON: the URI of each named output of the job, for use as a path in other YAML. For example `{"model":"azureml://jobs/…/outputs/model"}`. Unset unless the job has completed. */
  readonly outputs?: string | undefined;
  /** Why the job failed: `userCode`, `data`, `quota`, `imageBuild`, `preemption`, `platform` or `unknown`. Unset unless it failed. */
  readonly failureKind?: string | undefined;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    jobSource: reader.choice('jobSource', ['file', 'component', 'batchEndpoint']) ?? 'file',
    jobFile: reader.path('jobFile'),
    component: reader.text('component'),
    endpointName: reader.text('endpointName'),
    deploymentName: reader.text('deploymentName'),
    jobInputs: reader.text('jobInputs'),
    compute: reader.text('compute'),
    overrides: reader.lines('overrides') ?? [],
    name: reader.text('name'),
    experimentName: reader.text('experimentName'),
    mode: reader.choice('mode', ['run', 'validate']) ?? 'run',
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
