/**
 * How long the service takes, in virtual milliseconds. Defaults are what recordings of the service show where they
 * show it (endpoint 30 to 90 s, deployment 7 to 10 min, cluster below 30 s, cancel below 30 s, managed network 4 min),
 * and everyday experience elsewhere.
 */

export interface Timings {
  readonly endpointCreate: number;
  readonly endpointUpdate: number;
  readonly endpointDelete: number;
  readonly deploymentCreate: number;
  readonly deploymentUpdate: number;
  readonly deploymentDelete: number;
  readonly batchEndpointCreate: number;
  readonly batchDeploymentCreate: number;
  readonly scheduleChange: number;
  readonly computeCreate: number;
  readonly computeDelete: number;
  readonly computePower: number;
  readonly workspaceChange: number;
  readonly managedNetworkProvision: number;
  readonly registryChange: number;
  /** A PUT or an import of an asset of a registry. */
  readonly registryAssetChange: number;
  /** From Starting to Preparing, and each state after it until the job's own process runs. */
  readonly jobStarting: number;
  readonly jobPreparing: number;
  readonly jobQueued: number;
  /** Between the end of the process and the terminal state. */
  readonly jobFinalizing: number;
  /** From a cancel request to Canceled. */
  readonly jobCancel: number;
  /** How long a pipeline stays NotStarted. */
  readonly pipelineNotStarted: number;
  /** How long after its end a minute's metrics can be read. */
  readonly metricsLag: number;
  /** How long lists do not show what was just written. */
  readonly listLag: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const DEFAULT_TIMINGS: Timings = {
  endpointCreate: 45 * SECOND,
  endpointUpdate: 20 * SECOND,
  endpointDelete: 30 * SECOND,
  deploymentCreate: 8 * MINUTE,
  deploymentUpdate: 5 * MINUTE,
  deploymentDelete: 30 * SECOND,
  batchEndpointCreate: 10 * SECOND,
  batchDeploymentCreate: 10 * SECOND,
  scheduleChange: 3 * SECOND,
  computeCreate: 25 * SECOND,
  computeDelete: 20 * SECOND,
  computePower: 60 * SECOND,
  workspaceChange: 30 * SECOND,
  managedNetworkProvision: 4 * MINUTE,
  registryChange: 45 * SECOND,
  registryAssetChange: 10 * SECOND,
  jobStarting: 4 * SECOND,
  jobPreparing: 10 * SECOND,
  jobQueued: 15 * SECOND,
  jobFinalizing: 8 * SECOND,
  jobCancel: 10 * SECOND,
  pipelineNotStarted: 5 * SECOND,
  metricsLag: 60 * SECOND,
  listLag: 2 * SECOND,
};

/** Everything at once: for tests that are not about waiting. */
export const INSTANT_TIMINGS: Timings = Object.freeze(
  Object.keys(DEFAULT_TIMINGS).reduce<Timings>((all, key) => ({ ...all, [key]: 0 }), DEFAULT_TIMINGS),
);
