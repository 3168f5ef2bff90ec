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
  /** Values that replace those of the endpoint file, one `path=value` a line. For example `auth_mode=aad_token`. */
  readonly endpointOverrides: readonly string[];
  /** `private` turns public network access off at the endpoint, and the egress of the deployment off where that flag has effect (not in a workspace with a managed virtual network), and refuses what would leave it public. `asDeclared` takes the YAML as it is. */
  readonly network: 'private' | 'asDeclared';
  /** The `az ml` v2 YAML of the deployment, relative to the sources directory. */
  readonly deploymentFile: string;
  /** Values that replace those of the deployment file, one `path=value` a line. For example `instance_count=2`. */
  readonly deploymentOverrides: readonly string[];
  /** The model to deploy, as `name:version` or its id, instead of the one in the file; usually `$(register.modelId)`. */
  readonly model: string | undefined;
  /** A file that is sent to the new deployment, and only to it, before it gets traffic; also what the smoke tests and analyses of a rollout plan send. Empty: no smoke test. */
  readonly smokeRequestFile: string | undefined;
  /** What the answer must be, in the form of AmlInvokeEndpoint's assertions. Empty: any answer with the status 200. */
  readonly smokeAssertions: string | undefined;
  /** A YAML file with the steps of the rollout (smoke tests, mirrored traffic, shares of the traffic, waits, analyses), relative to the sources directory. Empty, and no `rolloutPlan`: a smoke test, all traffic at once, a smoke test. */
  readonly rolloutPlanFile: string | undefined;
  /** The rollout plan itself, instead of a file. */
  readonly rolloutPlan: string | undefined;
  /** Keeps the deployment that had the traffic before, with none, so that going back is quick. Off: it is deleted once the new one has all traffic. */
  readonly keepOldDeployment: boolean;
  /** How long the old deployment is kept: its tag `azdo.keepUntil` says until when, and AmlRemoveDeployment deletes it after that. 0: without an end. The plan's `finish` step decides where it says something else. */
  readonly keepOldDeploymentHours: number;
  /** How long the whole rollout may take, the waits of its plan included; 0 for as long as the pipeline lets the step run. When it passes, the traffic that was found is restored and the step fails. */
  readonly timeoutMinutes: number;
  /** Lets the YAML refer to code, data and other files outside the sources directory, also through symbolic links. Leave it off unless the files of this agent may be read by whoever can change the YAML. */
  readonly allowPathsOutsideSources: boolean;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
  /** Lets an analysis run a command on this agent. Leave it off unless whoever can change the rollout plan may run commands on this agent. */
  readonly allowAnalysisCommands: boolean;
  /** Takes the endpoint over from the unfinished rollout of another run although its lease still lives, and restores the traffic that it had found first. Only for a rollout that is known to be dead. */
  readonly breakLease: boolean;
}

export interface Outputs {
  /** The name of the endpoint. */
  readonly endpointName: string;
  /** The name of the new deployment, for example `green`. */
  readonly deploymentName: string;
  /** The address the endpoint answers at. */
  readonly scoringUri: string;
  /** The deployment that had most of the traffic before; unset for the first one. */
  readonly previousDeployment?: string | undefined;
  /** JSON: percent of the traffic by deployment, as it is at the end. For example `{"green":100}`. */
  readonly traffic: string;
  /** `finished`: the new deployment has all traffic. `paused`: the plan ended with `pause`, and AmlShiftTraffic goes on. `unchanged`: the same was live already. */
  readonly rolloutState: string;
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
    smokeRequestFile: reader.path('smokeRequestFile'),
    smokeAssertions: reader.text('smokeAssertions'),
    rolloutPlanFile: reader.path('rolloutPlanFile'),
    rolloutPlan: reader.text('rolloutPlan'),
    keepOldDeployment: reader.boolean('keepOldDeployment') ?? true,
    keepOldDeploymentHours: reader.integer('keepOldDeploymentHours') ?? 0,
    timeoutMinutes: reader.integer('timeoutMinutes') ?? 60,
    allowPathsOutsideSources: reader.boolean('allowPathsOutsideSources') ?? false,
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
    allowAnalysisCommands: reader.boolean('allowAnalysisCommands') ?? false,
    breakLease: reader.boolean('breakLease') ?? false,
  }));
}
