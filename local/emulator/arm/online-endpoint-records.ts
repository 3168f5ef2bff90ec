/** Online endpoints and deployments as the emulator keeps them, and where it finds them. */
import { randomBytes } from 'node:crypto';
import type { EmulatorContext } from '../context.ts';
import { mfeError, endpointNotFound, resourceMissing } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { State } from '../state.ts';
import type { SystemData } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

export type AuthMode = 'Key' | 'AMLToken' | 'AADToken';
export type EndpointState = 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed';
export type DeploymentState = 'Updating' | 'Scaling' | 'Deleting' | 'Succeeded' | 'Failed';

/** Common to endpoints and deployments. */
interface OnlineRecord {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly location: string;
  readonly kind: string;
  readonly tags: JsonObject;
  readonly description: string | null;
  /** The user's own entries of `properties.properties`. */
  readonly ownProperties: JsonObject;
  /** Where the newest operation is polled. */
  readonly operationUri: string;
  readonly systemData: SystemData;
}

export interface OnlineEndpointRecord extends OnlineRecord {
  readonly authMode: AuthMode;
  readonly state: EndpointState;
  /** Its creation has succeeded: it has addresses and can be changed. */
  readonly isCreated: boolean;
  readonly identity: JsonObject;
  readonly compute: string | null;
  readonly publicNetworkAccess: string;
  readonly traffic: Readonly<Record<string, number>>;
  readonly mirrorTraffic: Readonly<Record<string, number>>;
  readonly keys: { readonly primary: string; readonly secondary: string };
}

export interface OnlineDeploymentRecord extends OnlineRecord {
  readonly endpoint: string;
  readonly state: DeploymentState;
  /** It has served before: a failed update of it can be repeated, a failed first provisioning cannot. */
  readonly hasServed: boolean;
  readonly capacity: number;
  /** codeConfiguration, environmentId, model … as sent, with the service's defaults. */
  readonly settings: JsonObject;
}

export interface OnlineStore {
  endpoint(workspace: WorkspaceRecord, name: string): OnlineEndpointRecord | undefined;
  /** Throws the service's 404. */
  requireEndpoint(workspace: WorkspaceRecord, name: string): OnlineEndpointRecord;
  /** By its name in a region: the scoring plane knows no workspace. */
  endpointInRegion(name: string, region: string): OnlineEndpointRecord | undefined;
  endpoints(workspace?: WorkspaceRecord): readonly OnlineEndpointRecord[];
  deployment(endpoint: OnlineEndpointRecord, name: string): OnlineDeploymentRecord | undefined;
  /** Throws the service's 404. */
  requireDeployment(endpoint: OnlineEndpointRecord, name: string): OnlineDeploymentRecord;
  deployments(endpoint?: OnlineEndpointRecord): readonly OnlineDeploymentRecord[];
  putEndpoint(record: OnlineEndpointRecord): OnlineEndpointRecord;
  putDeployment(record: OnlineDeploymentRecord): OnlineDeploymentRecord;
  /** Changes what is still there; undefined when it was deleted meanwhile. */
  changeEndpoint(id: string, change: Partial<OnlineEndpointRecord>): OnlineEndpointRecord | undefined;
  changeDeployment(id: string, change: Partial<OnlineDeploymentRecord>): OnlineDeploymentRecord | undefined;
  deleteEndpoint(record: OnlineEndpointRecord): void;
  deleteDeployment(record: OnlineDeploymentRecord): void;
}

export const endpointId = (workspace: WorkspaceRecord, name: string): string =>
  `${workspace.id}/onlineEndpoints/${name}`;
export const deploymentId = (endpoint: { readonly id: string }, name: string): string =>
  `${endpoint.id}/deployments/${name}`;

/** The records in the emulator's state. */
export function openOnlineStore(state: State): OnlineStore {
  const endpoints = state.collection<OnlineEndpointRecord>('onlineEndpoints');
  const deployments = state.collection<OnlineDeploymentRecord>('onlineDeployments');
  const all = (): OnlineEndpointRecord[] => endpoints.list().map(({ value }) => value);
  const store: OnlineStore = {
    endpoint: (workspace, name) => endpoints.get(endpointId(workspace, name)),
    requireEndpoint: (workspace, name) => {
      const found = store.endpoint(workspace, name);
      if (found === undefined) throw endpointNotFound(name, workspace.name);
      return found;
    },
    endpointInRegion: (name, region) =>
      all().find((one) => one.name.toLowerCase() === name.toLowerCase() && one.location === region),
    endpoints: (workspace) => (workspace === undefined ? all() : all().filter((one) => one.workspace === workspace.id)),
    deployment: (endpoint, name) => deployments.get(deploymentId(endpoint, name)),
    requireDeployment: (endpoint, name) => {
      const found = store.deployment(endpoint, name);
      if (found !== undefined) return found;
      const detail = `There is no deployment with name: ${name} in endpoint ${endpoint.name}`;
      throw resourceMissing('NotFound', 'NoSuchDeployment', detail);
    },
    deployments: (endpoint) =>
      deployments.list(endpoint === undefined ? '' : `${endpoint.id}/deployments/`).map(({ value }) => value),
    putEndpoint: (record) => endpoints.put(record.id, record).value,
    putDeployment: (record) => deployments.put(record.id, record).value,
    changeEndpoint: (id, change) => endpoints.update(id, (old) => ({ ...old, ...change })),
    changeDeployment: (id, change) => deployments.update(id, (old) => ({ ...old, ...change })),
    deleteEndpoint: (record) => endpoints.delete(record.id),
    deleteDeployment: (record) => deployments.delete(record.id),
  };
  return store;
}

/** A key as the service makes them: 32 letters and digits. */
export function newEndpointKey(): string {
  return randomBytes(48).toString('base64').replace(/[+/=]/g, '').slice(0, 32);
}

const IN_TRANSITION: readonly string[] = ['Creating', 'Updating', 'Scaling', 'Deleting'];

/** True while the resource is on its way to another state. */
export function isInTransition({ state }: { readonly state: string }): boolean {
  return IN_TRANSITION.includes(state);
}

/** Throws the service's 409 when the resource is on its way to another state. */
export function requireSettled(
  action: string,
  kind: 'endpoint' | 'deployment',
  record: { name: string; state: string },
): void {
  if (!isInTransition(record)) return;
  const message = `Cannot ${action} ${kind} ${record.name} because it is in ${record.state} provisioning state.`;
  throw mfeError(409, 'Conflict', message);
}

/** systemData of endpoints and deployments knows no more than these three. */
export function shortSystemData({ createdAt, createdBy, lastModifiedAt }: SystemData): JsonObject {
  return { createdAt, createdBy, lastModifiedAt };
}

/**
 * What a killed emulator left in between: a create that never ended has failed, an update never happened, a delete goes
 * back to what was there.
 */
export function settleInterrupted(store: OnlineStore, context: Pick<EmulatorContext, 'clock'>): void {
  const systemData = (record: OnlineRecord): SystemData => ({
    ...record.systemData,
    lastModifiedAt: context.clock.iso(),
  });
  for (const endpoint of store.endpoints()) {
    if (!isInTransition(endpoint)) continue;
    const state = endpoint.state === 'Creating' ? 'Failed' : 'Succeeded';
    store.putEndpoint({ ...endpoint, state, systemData: systemData(endpoint) });
  }
  for (const deployment of store.deployments()) {
    if (!isInTransition(deployment)) continue;
    const state = deployment.hasServed ? 'Succeeded' : 'Failed';
    store.putDeployment({ ...deployment, state, systemData: systemData(deployment) });
  }
}
