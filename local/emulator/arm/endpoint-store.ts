/** Endpoints and their deployments in the emulator's state, online and batch alike. */
import { endpointNotFound, resourceMissing } from '../errors.ts';
import type { State } from '../state.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

interface StoredEndpoint {
  readonly id: string;
  readonly name: string;
  /** Id of its workspace. */
  readonly workspace: string;
  readonly location: string;
}

export interface EndpointStore<E extends StoredEndpoint, D extends { readonly id: string }> {
  endpoint(workspace: WorkspaceRecord, name: string): E | undefined;
  /** Throws the service's 404. */
  requireEndpoint(workspace: WorkspaceRecord, name: string): E;
  /** By its name in a region: the scoring plane knows no workspace. */
  endpointInRegion(name: string, region: string): E | undefined;
  endpoints(workspace?: WorkspaceRecord): readonly E[];
  deployment(endpoint: E, name: string): D | undefined;
  /** Throws the service's 404. */
  requireDeployment(endpoint: E, name: string): D;
  deployments(endpoint?: E): readonly D[];
  putEndpoint(record: E): E;
  putDeployment(record: D): D;
  /** Changes what is still there; undefined when it was deleted meanwhile. */
  changeEndpoint(id: string, change: Partial<E>): E | undefined;
  changeDeployment(id: string, change: Partial<D>): D | undefined;
  deleteEndpoint(record: E): void;
  deleteDeployment(record: D): void;
}

export type EndpointKind = 'online' | 'batch';

export const endpointId = (kind: EndpointKind, workspace: WorkspaceRecord, name: string): string =>
  `${workspace.id}/${kind}Endpoints/${name}`;
export const deploymentId = (endpoint: { readonly id: string }, name: string): string =>
  `${endpoint.id}/deployments/${name}`;

/** The records of one kind. */
export function openEndpointStore<E extends StoredEndpoint, D extends { readonly id: string }>(
  state: State,
  kind: EndpointKind,
): EndpointStore<E, D> {
  const endpoints = state.collection<E>(`${kind}Endpoints`);
  const deployments = state.collection<D>(`${kind}Deployments`);
  const all = (): E[] => endpoints.list().map(({ value }) => value);
  const store: EndpointStore<E, D> = {
    endpoint: (workspace, name) => endpoints.get(endpointId(kind, workspace, name)),
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
