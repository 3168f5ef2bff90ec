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
  /** `deployment` deletes the one that is named. `expired` deletes every deployment of the endpoint that a rollout has marked to be kept until a time that has passed. `endpoint` deletes the endpoint with all its deployments. */
  readonly remove: 'deployment' | 'expired' | 'endpoint';
  /** The deployment to delete, with `remove: deployment`. */
  readonly deploymentName: string | undefined;
  /** Lets a whole endpoint be deleted although a deployment of it still has traffic or is the default. A single deployment with traffic is never deleted. */
  readonly allowTraffic: boolean;
  /** Deletes a deployment also before the time until which its rollout has promised to keep it. */
  readonly ignoreKeepUntil: boolean;
  /** How long the removal may take; 0 for as long as the pipeline lets the step run. */
  readonly timeoutMinutes: number;
}

export interface Outputs {
  /** JSON: the names of the deployments (or the endpoint) that this step deleted. For example `["blue"]`; `[]` when there was nothing to delete. */
  readonly removed: string;
  /** JSON: the names of the endpoint's deployments that are left. For example `["green"]`. */
  readonly kept: string;
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
    remove: reader.choice('remove', ['deployment', 'expired', 'endpoint']) ?? 'deployment',
    deploymentName: reader.text('deploymentName'),
    allowTraffic: reader.boolean('allowTraffic') ?? false,
    ignoreKeepUntil: reader.boolean('ignoreKeepUntil') ?? false,
    timeoutMinutes: reader.integer('timeoutMinutes') ?? 30,
  }));
}
