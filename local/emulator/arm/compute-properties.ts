/** What the service makes of a compute's properties: while it is made, and once it stands. */
import { asObject, type Json, type JsonObject } from '../json.ts';

/** Wanted properties of a cluster with the service's defaults; the size of its machines is upper-cased. */
export function clusterProperties(wanted: JsonObject): JsonObject {
  const { vmSize, vmPriority, scaleSettings, userAccountCredentials, subnet, remoteLoginPortPublicAccess, osType } =
    wanted;
  return {
    vmSize: typeof vmSize === 'string' ? vmSize.toUpperCase() : 'STANDARD_DS3_V2',
    vmPriority: vmPriority ?? 'Dedicated',
    scaleSettings: {
      maxNodeCount: asObject(scaleSettings).maxNodeCount ?? 1,
      minNodeCount: asObject(scaleSettings).minNodeCount ?? 0,
      nodeIdleTimeBeforeScaleDown: asObject(scaleSettings).nodeIdleTimeBeforeScaleDown ?? 'PT2M',
    },
    ...(userAccountCredentials !== undefined && {
      userAccountCredentials: { ...asObject(userAccountCredentials), adminUserPassword: null },
    }),
    subnet: subnet ?? null,
    remoteLoginPortPublicAccess: remoteLoginPortPublicAccess ?? 'NotSpecified',
    osType: osType ?? 'Linux',
    virtualMachineImage: wanted.virtualMachineImage ?? null,
    isolatedNetwork: wanted.isolatedNetwork ?? false,
    ...(wanted.enableNodePublicIp !== undefined && { enableNodePublicIp: wanted.enableNodePublicIp }),
    enableBatchPrivateLink: wanted.enableBatchPrivateLink ?? false,
  };
}

const NO_NODES = {
  preparingNodeCount: 0,
  runningNodeCount: 0,
  idleNodeCount: 0,
  unusableNodeCount: 0,
  leavingNodeCount: 0,
  preemptedNodeCount: 0,
};

/** Properties of a cluster in an answer; its nodes are unknown until it has been made. */
export function describeCluster(wanted: JsonObject, settled: boolean, since: string): JsonObject {
  const { userAccountCredentials, ...shown } = wanted;
  const { vmSize, vmPriority, scaleSettings, subnet, ...rest } = shown;
  return {
    vmSize,
    vmPriority,
    scaleSettings,
    ...(settled && userAccountCredentials !== undefined && { userAccountCredentials }),
    subnet,
    currentNodeCount: settled ? 0 : null,
    targetNodeCount: settled ? 0 : null,
    nodeStateCounts: settled ? NO_NODES : null,
    allocationState: settled ? 'Steady' : null,
    ...(settled && { allocationStateTransitionTime: since }),
    errors: null,
    ...rest,
    ...(settled && { propertyBag: {} }),
  };
}

export interface InstanceFacts {
  readonly name: string;
  readonly region: string;
  /** Running, Stopped … */
  readonly power: string;
  readonly createdBy: JsonObject;
  readonly lastOperation: JsonObject;
}

/** Properties of a compute instance in an answer; most of it is unknown until it has been made. */
export function describeInstance(wanted: JsonObject, settled: boolean, facts: InstanceFacts): JsonObject {
  const known = (value: Json): Json => (settled ? value : null);
  return {
    vmSize: typeof wanted.vmSize === 'string' ? wanted.vmSize.toUpperCase() : 'STANDARD_DS3_V2',
    subnet: wanted.subnet ?? null,
    sshSettings: known({
      sshPublicAccess: 'Disabled',
      adminUserName: 'azureuser',
      sshPort: 50000,
      adminPublicKey: null,
    }),
    autologgerSettings: null,
    errors: known([]),
    connectivityEndpoints: known({ publicIpAddress: null, privateIpAddress: '10.0.0.4' }),
    applications: known(
      ['Jupyter', 'Jupyter Lab'].map((displayName) => ({
        displayName,
        endpointUri: `https://${facts.name}.${facts.region}.instances.azureml.ms/${displayName.endsWith('Lab') ? 'lab' : 'tree/'}`,
      })),
    ),
    state: known(facts.power),
    lastOperation: known(facts.lastOperation),
    createdBy: facts.createdBy,
    applicationSharingPolicy: known(wanted.applicationSharingPolicy ?? 'Personal'),
    computeInstanceAuthorizationType: wanted.computeInstanceAuthorizationType ?? 'personal',
    personalComputeInstanceSettings: null,
    setupScripts: null,
    ...(settled && { schedules: { computeStartStop: [] } }),
    dataMounts: null,
    dataDisks: null,
    containers: null,
    updateStatus: null,
    versions: known({ runtime: '3.0.02069.0001' }),
    customServices: known([]),
    osImageMetadata: known({
      currentImageVersion: '22.08.19',
      latestImageVersion: '22.08.19',
      isLatestOsImageVersion: true,
    }),
  };
}

/** Properties of an attached Kubernetes cluster in an answer (specification, KubernetesProperties; defaults guessed). */
export function describeKubernetes(wanted: JsonObject): JsonObject {
  return {
    relayConnectionString: null,
    serviceBusConnectionString: null,
    extensionPrincipalId: wanted.extensionPrincipalId ?? null,
    extensionInstanceReleaseTrain: wanted.extensionInstanceReleaseTrain ?? 'stable',
    vcName: wanted.vcName ?? null,
    namespace: wanted.namespace ?? 'default',
    defaultInstanceType: wanted.defaultInstanceType ?? 'defaultinstancetype',
    instanceTypes: wanted.instanceTypes ?? {
      defaultinstancetype: {
        nodeSelector: null,
        resources: { requests: { cpu: '100m', memory: '2Gi' }, limits: { cpu: '2', memory: '2Gi' } },
      },
    },
  };
}
