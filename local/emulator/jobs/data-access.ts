/** Finds the blobs behind the data a job names. */
import type { EmulatorContext } from '../context.ts';
import { COLLECTIONS } from '../arm/resource.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import { defaultContainer } from '../arm/workspace-scope.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import { textAt } from '../json.ts';
import { findRegistryAsset } from '../registry/registry-lookup.ts';
import { ARTIFACT_STORE, artifactFolder, parseDataUri, shortDatastoreUri } from './data-uri.ts';
import type { DataLocation } from './data-uri.ts';
import type { RunStore } from './run-store.ts';

/** A blob or a folder of blobs. */
export interface BlobPlace {
  readonly account: string;
  readonly container: string;
  /** Without slashes at the ends; may be empty for a whole container. */
  readonly path: string;
}

/** The data a job names is not there; the message names it. */
export class DataNotFound extends Error {
  override readonly name = 'DataNotFound';
}

type Parts = Pick<EmulatorContext, 'state' | 'settings'>;

/** Where `uri` leads. Throws DataNotFound when an asset, a datastore or a job's output on the way is missing. */
export function findData(
  parts: Parts,
  store: RunStore,
  workspace: WorkspaceRecord,
  uri: string,
  assetType: 'data' | 'models' = 'data',
): BlobPlace {
  const location = parseDataUri(uri, assetType);
  if (location === undefined) throw new DataNotFound(`${uri} is no path the workspace can read.`);
  switch (location.kind) {
    case 'blob':
      return { account: location.account, container: location.container, path: trimmed(location.path) };
    case 'datastore':
      return datastorePlace(parts, workspace, location.datastore, location.path);
    case 'registryAsset':
      return findData(parts, store, workspace, registryContentUri(parts, location.uri));
    case 'asset':
      return findData(parts, store, workspace, assetUri(parts, store, workspace, location, uri));
    case 'jobOutput': {
      const folder = findData(parts, store, workspace, jobOutputUri(store, workspace, location));
      return { ...folder, path: trimmed(`${folder.path}/${location.path}`) };
    }
  }
}

/**
 * Short URI of an output of a job; `artifacts` and `default` are the run's own folder. Throws DataNotFound when the job
 * or the output is missing.
 */
export function jobOutputUri(
  store: RunStore,
  workspace: WorkspaceRecord,
  { job, output }: { readonly job: string; readonly output: string },
): string {
  const run = store.find(workspace.id, job);
  if (run !== undefined && (output === 'artifacts' || output === 'default')) {
    return shortDatastoreUri(ARTIFACT_STORE, artifactFolder(run.containerOf));
  }
  const reference = run?.outputs[output];
  const asset = reference === undefined ? undefined : store.outputAsset(reference.assetId);
  if (asset === undefined) throw new DataNotFound(`Job ${job} has no output ${output}.`);
  return asset.uri;
}

function registryContentUri({ state }: Parts, uri: string): string {
  const properties = findRegistryAsset(state, uri)?.properties;
  const found = textAt(properties, 'modelUri') ?? textAt(properties, 'dataUri');
  if (found === undefined) throw new DataNotFound(`${uri} does not exist.`);
  return found;
}

function assetUri(
  { state }: Parts,
  store: RunStore,
  workspace: WorkspaceRecord,
  asset: Extract<DataLocation, { kind: 'asset' }>,
  uri: string,
): string {
  const id = `${workspace.id}/${asset.type}/${asset.name}/versions/${asset.version}`;
  const records = state.collection<ResourceRecord>(asset.type === 'models' ? COLLECTIONS.models : COLLECTIONS.data);
  const properties = records.get(id)?.properties;
  const found = textAt(properties, asset.type === 'models' ? 'modelUri' : 'dataUri') ?? store.outputAsset(uri)?.uri;
  if (found === undefined) throw new DataNotFound(`${asset.type}/${asset.name}:${asset.version} does not exist.`);
  return found;
}

function datastorePlace({ state }: Parts, workspace: WorkspaceRecord, name: string, path: string): BlobPlace {
  const container = defaultContainer(workspace, name);
  if (container !== undefined) return { account: workspace.storageAccount, container, path: trimmed(path) };
  const record = state.collection<ResourceRecord>(COLLECTIONS.datastores).get(`${workspace.id}/datastores/${name}`);
  const account = textAt(record?.properties, 'accountName');
  const own = textAt(record?.properties, 'containerName') ?? textAt(record?.properties, 'filesystem');
  if (account === undefined || own === undefined) throw new DataNotFound(`Could not find datastore: ${name}`);
  return { account, container: own, path: trimmed(path) };
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
