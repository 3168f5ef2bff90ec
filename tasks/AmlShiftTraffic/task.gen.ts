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
  /** The name of the online endpoint. */
  readonly endpointName: string;
  /** `shift` gives the deployment its share and checks it. `rollback` restores the traffic that the rollout of this run had found and ends the rollout; it succeeds when there is nothing to roll back, so that it can stand in `on: failure` of a deployment job. */
  readonly mode: 'shift' | 'rollback';
  /** The deployment that gets the share. Empty: the new deployment of the rollout that waits at the endpoint. */
  readonly deploymentName: string | undefined;
  /** What the deployment gets of the traffic, 0 to 100; the others share the rest as they did before. 100 finishes the rollout. Empty: the traffic stays, and only mirroring or the checks are done. */
  readonly trafficPercent: number | undefined;
  /** Sends a copy of so much of the live traffic to the deployment, 1 to 50; its answers reach nobody. Only for a deployment without traffic of its own. 0 ends the mirroring. */
  readonly mirrorPercent: number | undefined;
  /** How long to wait after the shift before the analysis. */
  readonly holdMinutes: number;
  /** What is checked after the shift, in the form of a rollout plan's `analyse` step: metrics, smoke requests, a command. Empty: nothing but the smoke test. */
  readonly analysis: string | undefined;
  /** A file that is sent to the deployment before the shift and to the endpoint after it. Empty: no smoke test. */
  readonly smokeRequestFile: string | undefined;
  /** What the answer must be, in the form of AmlInvokeEndpoint's assertions. Empty: any answer with the status 200. */
  readonly smokeAssertions: string | undefined;
  /** `restoreRollout` restores the traffic from before the rollout's first shift, and ends the rollout. `restoreStep` restores the traffic from before this step; the rollout goes on waiting. */
  readonly onFailure: 'restoreRollout' | 'restoreStep';
  /** Keeps the deployment that had the traffic before the rollout when this step gives its successor 100 percent. Off: it is deleted. */
  readonly keepOldDeployment: boolean;
  /** How long the old deployment is kept: its tag `azdo.keepUntil` says until when, and AmlRemoveDeployment deletes it after that. 0: without an end. */
  readonly keepOldDeploymentHours: number;
  /** How long the endpoint stays reserved for this run while it waits for the next step, an approval for example. After that another rollout may take it over, and restores the traffic from before this one first. */
  readonly waitHours: number;
  /** How long the step may take, its hold and its analysis included; 0 for as long as the pipeline lets it run. When it passes, the traffic is restored as after a failed check. */
  readonly timeoutMinutes: number;
  /** Lets an analysis run a command on this agent. Leave it off unless whoever can change the rollout plan may run commands on this agent. */
  readonly allowAnalysisCommands: boolean;
  /** Also changes the traffic of a rollout that belongs to another run and whose lease still lives. Only for a rollout that is known to be dead. */
  readonly breakLease: boolean;
}

export interface Outputs {
  /** The name of the endpoint. */
  readonly endpointName: string;
  /** The deployment that got the share. Unset after a rollback that found nothing to roll back. */
  readonly deploymentName?: string | undefined;
  /** JSON: percent of the traffic by deployment as this step found it. For example `{"blue":100}`. */
  readonly previousTraffic: string;
  /** JSON: percent of the traffic by deployment, as it is at the end. For example `{"blue":90,"green":10}`. */
  readonly traffic: string;
  /** `waiting`: the rollout waits for its next step. `finished`: the deployment has all traffic. `rolledBack`: the traffic from before the rollout is back. `none`: there was nothing to roll back. */
  readonly rolloutState: string;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    endpointName: reader.required('endpointName', reader.text('endpointName')),
    mode: reader.choice('mode', ['shift', 'rollback']) ?? 'shift',
    deploymentName: reader.text('deploymentName'),
    trafficPercent: reader.integer('trafficPercent'),
    mirrorPercent: reader.integer('mirrorPercent'),
    holdMinutes: reader.integer('holdMinutes') ?? 0,
    analysis: reader.text('analysis'),
    smokeRequestFile: reader.path('smokeRequestFile'),
    smokeAssertions: reader.text('smokeAssertions'),
    onFailure: reader.choice('onFailure', ['restoreRollout', 'restoreStep']) ?? 'restoreRollout',
    keepOldDeployment: reader.boolean('keepOldDeployment') ?? true,
    keepOldDeploymentHours: reader.integer('keepOldDeploymentHours') ?? 0,
    waitHours: reader.integer('waitHours') ?? 24,
    timeoutMinutes: reader.integer('timeoutMinutes') ?? 60,
    allowAnalysisCommands: reader.boolean('allowAnalysisCommands') ?? false,
    breakLease: reader.boolean('breakLease') ?? false,
  }));
}
