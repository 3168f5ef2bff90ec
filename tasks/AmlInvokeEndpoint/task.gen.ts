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
  /** The deployment that answers, past the traffic rule. Empty: the endpoint decides by its traffic. */
  readonly deploymentName: string | undefined;
  /** The file to send, as it is, relative to the sources directory. Give this or the request itself. */
  readonly requestFile: string | undefined;
  /** The request itself, for example `{"data": [[1, 2]]}`. */
  readonly request: string | undefined;
  /** The content type of the request. */
  readonly contentType: string;
  /** How often the request is sent, one after the other; every answer is checked, and the 95th percentile of the latency is taken over all. */
  readonly requests: number;
  /** How long to wait for each answer. */
  readonly timeoutSeconds: number;
  /** YAML, a list. Each entry is `status: 200`, `p95Milliseconds: 250`, or a `path` into the JSON answer with any of `equals` (and `tolerance`), `minimum`, `maximum` and `exists`. For example `- { path: "$.predictions[0]", equals: 1 }`. Unless it says otherwise the status must be 200. */
  readonly assertions: string | undefined;
}

export interface Outputs {
  /** The status of the last answer. For example `200`. */
  readonly statusCode: string;
  /** The path of a file below the agent's temporary folder with the body of the last answer. */
  readonly responseFile: string;
  /** The 95th percentile of the latency in whole milliseconds, measured by this agent. */
  readonly p95Milliseconds: string;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    endpointName: reader.required('endpointName', reader.text('endpointName')),
    deploymentName: reader.text('deploymentName'),
    requestFile: reader.path('requestFile'),
    request: reader.text('request'),
    contentType: reader.text('contentType') ?? 'application/json',
    requests: reader.integer('requests') ?? 1,
    timeoutSeconds: reader.integer('timeoutSeconds') ?? 60,
    assertions: reader.text('assertions'),
  }));
}
