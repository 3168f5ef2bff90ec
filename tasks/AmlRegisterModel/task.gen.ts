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
  /** The name of the model in the workspace. */
  readonly modelName: string;
  /** The version to register. Empty: the next number. A version that exists already is only accepted when it was made from the same source. */
  readonly modelVersion: string | undefined;
  /** The type of the model. `auto` takes the type of the job's output; a folder or URI then counts as `custom_model`. */
  readonly modelType: 'auto' | 'custom_model' | 'mlflow_model' | 'triton_model';
  /** Where the model is: an output of a completed job, a file or folder of the sources, or a URI. */
  readonly source: 'jobOutput' | 'path' | 'uri';
  /** The job whose output is the model; usually `$(train.jobName)`. It must have completed. With another source it is recorded as the job the model comes from. */
  readonly jobName: string | undefined;
  /** The step of a pipeline job whose output it is, by its name in the job YAML. Empty: an output of the job itself. */
  readonly jobStep: string | undefined;
  /** The name of the job's output. For example `model`. */
  readonly outputName: string | undefined;
  /** The file or folder inside the output that is the model. Empty: the whole output. */
  readonly outputPath: string | undefined;
  /** The file or folder to upload, relative to the sources directory. */
  readonly path: string | undefined;
  /** Where the model is: an `azureml://` URI of a datastore, job or registry, or `runs:/`. */
  readonly uri: string | undefined;
  /** What the model is, for people. For example `Predicts churn within 30 days`. */
  readonly description: string | undefined;
  /** Tags of the model, one `name=value` a line, beside the lineage the task writes by itself. */
  readonly tags: readonly string[];
  /** The stage of the model in the registry of the workspace. For example `Production`. */
  readonly stage: string | undefined;
  /** The step of the pipeline job whose metrics are recorded with the model, by its name in the job YAML. Empty: those of the job itself, otherwise those of all its steps. */
  readonly metricsStep: string | undefined;
  /** The output `decision` of AmlEvaluateModel: the outcome is recorded with the model. Usually `$(evaluate.decision)`. */
  readonly evaluation: string | undefined;
  /** Lets the YAML refer to code, data and other files outside the sources directory, also through symbolic links. Leave it off unless the files of this agent may be read by whoever can change the YAML. */
  readonly allowPathsOutsideSources: boolean;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
}

export interface Outputs {
  /** The name of the model. */
  readonly modelName: string;
  /** The version of the model. For example `7`. */
  readonly modelVersion: string;
  /** The Azure Resource Manager id of this version, for AmlDeployOnlineEndpoint. */
  readonly modelId: string;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    modelName: reader.required('modelName', reader.text('modelName')),
    modelVersion: reader.text('modelVersion'),
    modelType: reader.choice('modelType', ['auto', 'custom_model', 'mlflow_model', 'triton_model']) ?? 'auto',
    source: reader.choice('source', ['jobOutput', 'path', 'uri']) ?? 'jobOutput',
    jobName: reader.text('jobName'),
    jobStep: reader.text('jobStep'),
    outputName: reader.text('outputName'),
    outputPath: reader.text('outputPath'),
    path: reader.path('path'),
    uri: reader.text('uri'),
    description: reader.text('description'),
    tags: reader.lines('tags') ?? [],
    stage: reader.text('stage'),
    metricsStep: reader.text('metricsStep'),
    evaluation: reader.text('evaluation'),
    allowPathsOutsideSources: reader.boolean('allowPathsOutsideSources') ?? false,
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
  }));
}
