/**
 * Where a job's data lies, by the many ways a request may say it: a path on a datastore (short or long), an asset, an
 * output of another job, or a plain blob URL.
 */

export type DataLocation =
  | { readonly kind: 'datastore'; readonly datastore: string; readonly path: string }
  | { readonly kind: 'asset'; readonly type: 'data' | 'models'; readonly name: string; readonly version: string }
  | { readonly kind: 'jobOutput'; readonly job: string; readonly output: string; readonly path: string }
  /** An asset of a registry, by its whole URI. */
  | { readonly kind: 'registryAsset'; readonly uri: string }
  | { readonly kind: 'blob'; readonly account: string; readonly container: string; readonly path: string };

const DATASTORE =
  /^azureml:\/\/(?:subscriptions\/[^/]+\/resource[gG]roups\/[^/]+\/(?:providers\/Microsoft\.MachineLearningServices\/)?workspaces\/[^/]+\/)?datastores\/([^/]+)\/(?:paths\/)?(.*)$/i;
const ARM_ASSET = /\/(data|models)\/([^/]+)\/versions\/([^/]+)\/?$/i;
const SHORT_ASSET = /^azureml:([^:/]+):([^:/]+)$/;
const REGISTRY_ASSET = /^azureml:\/\/registries\/[^/]+\/(?:data|models)\/[^/]+\/(?:versions|labels)\/[^/]+$/i;
const JOB_OUTPUT = /^azureml:\/\/jobs\/([^/]+)\/outputs\/([^/]+)(?:\/(?:paths\/?)?(.*))?$/i;
const RUN_PATH = /^runs:\/([^/]+)\/?(.*)$/i;
const BLOB_URL = /^https:\/\/([^.]+)\.blob\.[^/]+\/([^/]+)\/?([^?]*)/i;
const WASBS_URL = /^wasbs:\/\/([^@]+)@([^.]+)\.blob\.[^/]+\/?(.*)$/i;

/**
 * What `uri` points at; undefined when it is nothing the emulator holds. `assetType` decides what a short
 * `azureml:name:version` means, which does not say it itself.
 */
export function parseDataUri(uri: string, assetType: 'data' | 'models' = 'data'): DataLocation | undefined {
  const job = JOB_OUTPUT.exec(uri);
  if (job !== null) return { kind: 'jobOutput', job: part(job, 1), output: part(job, 2), path: part(job, 3) };
  const run = RUN_PATH.exec(uri);
  if (run !== null) {
    return { kind: 'datastore', datastore: ARTIFACT_STORE, path: `${artifactFolder(part(run, 1))}/${part(run, 2)}` };
  }
  const datastore = DATASTORE.exec(uri);
  if (datastore !== null) return { kind: 'datastore', datastore: part(datastore, 1), path: part(datastore, 2) };
  const short = SHORT_ASSET.exec(uri);
  if (short !== null) return { kind: 'asset', type: assetType, name: part(short, 1), version: part(short, 2) };
  const asset = /^(?:azureml:)?\/subscriptions\/|^azureml:\/\/locations\//i.test(uri) ? ARM_ASSET.exec(uri) : null;
  if (asset !== null) {
    const type = part(asset, 1).toLowerCase() === 'models' ? 'models' : 'data';
    return { kind: 'asset', type, name: part(asset, 2), version: part(asset, 3) };
  }
  if (REGISTRY_ASSET.test(uri)) return { kind: 'registryAsset', uri };
  return parseBlobUrl(uri);
}

function parseBlobUrl(uri: string): DataLocation | undefined {
  const https = BLOB_URL.exec(uri);
  if (https !== null) {
    return { kind: 'blob', account: part(https, 1), container: part(https, 2), path: decoded(part(https, 3)) };
  }
  const wasbs = WASBS_URL.exec(uri);
  if (wasbs === null) return undefined;
  return { kind: 'blob', account: part(wasbs, 2), container: part(wasbs, 1), path: decoded(part(wasbs, 3)) };
}

/** The datastore of what runs leave behind: logs, artifacts and the default output. */
export const ARTIFACT_STORE = 'workspaceartifactstore';

/** The folder of a run on that datastore, without a slash at the end. */
export const artifactFolder = (runId: string): string => `ExperimentRun/dcid.${runId}`;

/** `azureml://datastores/…/paths/…`, as requests and job bodies carry it. */
export const shortDatastoreUri = (datastore: string, path: string): string =>
  `azureml://datastores/${datastore}/paths/${path}`;

/** The long form of the same, as the data service answers it. `workspace` is the workspace's ARM id. */
export function longDatastoreUri(workspace: string, datastore: string, path: string): string {
  const [, , subscription, , group, , , , name] = workspace.split('/');
  return `azureml://subscriptions/${subscription ?? ''}/resourcegroups/${group ?? ''}/workspaces/${name ?? ''}/datastores/${datastore}/paths/${path}`;
}

function part(match: RegExpExecArray, index: number): string {
  return match[index] ?? '';
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
