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
  /** The `az ml` v2 YAML of the endpoint, relative to the sources directory. Empty: the endpoint the deployment file names must exist already, and stays as it is. */
  readonly endpointFile: string | undefined;
  /** The name of the endpoint, instead of the one in the files. */
  readonly endpointName: string | undefined;
  /** Values that replace those of the endpoint file, one `path=value` a line. For example `description=Nightly scoring`. */
  readonly endpointOverrides: readonly string[];
  /** `private` checks that the workspace itself is private and refuses to deploy where it is not: a batch endpoint has no network setting of its own, it is reached the way its workspace is. `asDeclared` does not check. */
  readonly network: 'private' | 'asDeclared';
  /** The `az ml` v2 YAML of the deployment, relative to the sources directory. */
  readonly deploymentFile: string;
  /** Values that replace those of the deployment file, one `path=value` a line. For example `resources.instance_count=2`. */
  readonly deploymentOverrides: readonly string[];
  /** The model to deploy, as `name:version` or its id, instead of the one in the file; usually `$(register.modelId)`. Not for a deployment of a pipeline component. */
  readonly model: string | undefined;
  /** Makes the new deployment the endpoint's default, the one that answers where no deployment is named, as the last step. Off: the default stays what it is. */
  readonly makeDefault: boolean;
  /** YAML, a mapping of names to inputs as in the `inputs` of a job's YAML. With it, the new deployment alone runs these inputs before it becomes the default, and the job must complete. For example `data: { type: uri_folder, path: aml/test-batch }`. */
  readonly testInputs: string | undefined;
  /** Keeps the deployment that was the default before, so that going back is quick; an idle deployment of a batch endpoint costs nothing. Off: it is deleted once the new one is the default. */
  readonly keepOldDeployment: boolean;
  /** How long everything may take, the test included; 0 for as long as the pipeline lets the step run. When it passes, the test's job is cancelled, the default stays what it was and the step fails. */
  readonly timeoutMinutes: number;
  /** Lets the YAML refer to code, data and other files outside the sources directory, also through symbolic links. Leave it off unless the files of this agent may be read by whoever can change the YAML. */
  readonly allowPathsOutsideSources: boolean;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
}

export interface Outputs {
  /** The name of the endpoint. */
  readonly endpointName: string;
  /** The name of the new deployment, for example `green`. */
  readonly deploymentName: string;
  /** The address the endpoint takes jobs at. */
  readonly scoringUri: string;
  /** The deployment that was the default before; unset for the first one. Unset where there was none. */
  readonly previousDeployment?: string | undefined;
  /** The deployment that is the default at the end. Unset where there is none. */
  readonly defaultDeployment?: string | undefined;
  /** The name of the job that ran the test inputs. Unset without `testInputs`. */
  readonly testJobName?: string | undefined;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    endpointFile: reader.path('endpointFile'),
    endpointName: reader.text('endpointName'),
    endpointOverrides: reader.lines('endpointOverrides') ?? [],
    network: reader.choice('network', ['private', 'asDeclared']) ?? 'private',
    deploymentFile: reader.required('deploymentFile', reader.path('deploymentFile')),
    deploymentOverrides: reader.lines('deploymentOverrides') ?? [],
    model: reader.text('model'),
    makeDefault: reader.boolean('makeDefault') ?? true,
    testInputs: reader.text('testInputs'),
    keepOldDeployment: reader.boolean('keepOldDeployment') ?? true,
    timeoutMinutes: reader.integer('timeoutMinutes') ?? 120,
    allowPathsOutsideSources: reader.boolean('allowPathsOutsideSources') ?? false,
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
  }));
}
