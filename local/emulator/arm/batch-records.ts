/** Batch endpoints and deployments as the emulator keeps them, and where it finds them. */
import type { EmulatorContext } from '../context.ts';
import { endpointNotFound, resourceMissing } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { State } from '../state.ts';
import { isInTransition } from './online-endpoint-records.ts';
import type { SystemData } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

export type BatchState = 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed';

/** Common to endpoints and deployments. */
interface BatchRecord {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly location: string;
  readonly tags: JsonObject;
  readonly description: string | null;
  /** The user's own entries of `properties.properties`. */
  readonly ownProperties: JsonObject;
  readonly state: BatchState;
  /** It has been made once: a failed update of it leaves what was there. */
  readonly isCreated: boolean;
  /** Where the newest operation is polled. */
  readonly operationUri: string;
  readonly systemData: SystemData;
}

export interface BatchEndpointRecord extends BatchRecord {
  readonly defaultDeployment: string | null;
  /** The api-version it was made with: the service writes it down. */
  readonly madeWith: string;
}

export interface BatchDeploymentRecord extends BatchRecord {
  readonly endpoint: string;
  /** model, compute, codeConfiguration, deploymentConfiguration … as sent, with the service's defaults. */
  readonly settings: JsonObject;
}

export interface BatchStore {
  endpoint(workspace: WorkspaceRecord, name: string): BatchEndpointRecord | undefined;
  /** Throws the service's 404. */
  requireEndpoint(workspace: WorkspaceRecord, name: string): BatchEndpointRecord;
  /** By its name in a region: the scoring plane knows no workspace. */
  endpointInRegion(name: string, region: string): BatchEndpointRecord | undefined;
  endpoints(workspace?: WorkspaceRecord): readonly BatchEndpointRecord[];
  deployment(endpoint: BatchEndpointRecord, name: string): BatchDeploymentRecord | undefined;
  /** Throws the service's 404. */
  requireDeployment(endpoint: BatchEndpointRecord, name: string): BatchDeploymentRecord;
  deployments(endpoint?: BatchEndpointRecord): readonly BatchDeploymentRecord[];
  putEndpoint(record: BatchEndpointRecord): BatchEndpointRecord;
  putDeployment(record: BatchDeploymentRecord): BatchDeploymentRecord;
  /** Changes what is still there; undefined when it was deleted meanwhile. */
  changeEndpoint(id: string, change: Partial<BatchEndpointRecord>): BatchEndpointRecord | undefined;
  changeDeployment(id: string, change: Partial<BatchDeploymentRecord>): BatchDeploymentRecord | undefined;
  deleteEndpoint(record: BatchEndpointRecord): void;
  deleteDeployment(record: BatchDeploymentRecord): void;
}

export const batchEndpointId = (workspace: WorkspaceRecord, name: string): string =>
  `${workspace.id}/batchEndpoints/${name}`;
export const batchDeploymentId = (endpoint: { readonly id: string }, name: string): string =>
  `${endpoint.id}/deployments/${name}`;

/** The records in the emulator's state. */
export function openBatchStore(state: State): BatchStore {
  const endpoints = state.collection<BatchEndpointRecord>('batchEndpoints');
  const deployments = state.collection<BatchDeploymentRecord>('batchDeployments');
  const all = (): BatchEndpointRecord[] => endpoints.list().map(({ value }) => value);
  const store: BatchStore = {
    endpoint: (workspace, name) => endpoints.get(batchEndpointId(workspace, name)),
    requireEndpoint: (workspace, name) => {
      const found = store.endpoint(workspace, name);
      if (found === undefined) throw endpointNotFound(name, workspace.name);
      return found;
    },
    endpointInRegion: (name, region) =>
      all().find((one) => one.name.toLowerCase() === name.toLowerCase() && one.location === region),
    endpoints: (workspace) => (workspace === undefined ? all() : all().filter((one) => one.workspace === workspace.id)),
    deployment: (endpoint, name) => deployments.get(batchDeploymentId(endpoint, name)),
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

/** What a killed emulator left in between: what was never made has failed, everything else is as it was. */
export function settleInterruptedBatch(store: BatchStore, { clock }: Pick<EmulatorContext, 'clock'>): void {
  const settled = <R extends BatchRecord>(record: R): R => ({
    ...record,
    state: record.isCreated ? 'Succeeded' : 'Failed',
    systemData: { ...record.systemData, lastModifiedAt: clock.iso() },
  });
  for (const endpoint of store.endpoints()) if (isInTransition(endpoint)) store.putEndpoint(settled(endpoint));
  for (const one of store.deployments()) if (isInTransition(one)) store.putDeployment(settled(one));
}
