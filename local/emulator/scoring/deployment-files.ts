/**
 * What a deployment needs on disk, laid out as in the service's containers: the scoring code in one folder, the model
 * below a folder of its name and version, with the name of its own file or folder kept.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COLLECTIONS, type ResourceRecord } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { DataNotFound, findData, type BlobPlace } from '../jobs/data-access.ts';
import type { RunStore } from '../jobs/run-store.ts';
import { textAt, type JsonObject } from '../json.ts';
import { findRegistryAsset } from '../registry/registry-lookup.ts';
import type { ContainerLog } from './container-log.ts';

export interface DeploymentFiles {
  readonly appRoot: string;
  /** A path in `appRoot`, or an absolute one for a model that brings no script. */
  readonly entryScript: string;
  readonly modelFolder: string | undefined;
}

/** The model or the code of a deployment could not be brought to the container; the message says which and why. */
export class FilesMissing extends Error {
  override readonly name = 'FilesMissing';
}

const MLFLOW_SCRIPT = fileURLToPath(new URL('mlflow_scoring_script.py', import.meta.url));

/**
 * Downloads code and model of a deployment with these `properties` into `folder`, which is emptied first. Throws
 * FilesMissing. What it does is noted in the storage initializer's log.
 */
export async function downloadDeploymentFiles(
  context: EmulatorContext,
  store: RunStore,
  workspace: WorkspaceRecord,
  properties: JsonObject,
  folder: string,
  log: ContainerLog,
): Promise<DeploymentFiles> {
  await rm(folder, { recursive: true, force: true });
  const appRoot = join(folder, 'app');
  await mkdir(appRoot, { recursive: true });
  const download = async (what: string, uri: string, target: string): Promise<string> => {
    log.write('StorageInitializer', `${context.clock.isoZ()} Downloading ${what} from ${uri}\n`);
    const downloaded = await downloadNamed(context, placeOf(context, store, workspace, uri), target);
    log.write('StorageInitializer', `${context.clock.isoZ()} Downloaded ${what}: ${downloaded.count} files\n`);
    return downloaded.path;
  };

  const code = assetOf(context, COLLECTIONS.codes, textAt(properties, 'codeConfiguration', 'codeId'));
  const model = assetOf(context, COLLECTIONS.models, textAt(properties, 'model'));
  const codeRoot =
    code === undefined ? appRoot : await download('code', textAt(code, 'properties', 'codeUri') ?? '', appRoot);
  let modelFolder: string | undefined;
  if (model !== undefined) {
    const [name = '', version = ''] = nameAndVersion(model.id);
    modelFolder = join(folder, 'azureml-models', name, version);
    await mkdir(modelFolder, { recursive: true });
    await download(`model ${name}:${version}`, textAt(model, 'properties', 'modelUri') ?? '', modelFolder);
  }
  const entryScript = textAt(properties, 'codeConfiguration', 'scoringScript') ?? MLFLOW_SCRIPT;
  return { appRoot: codeRoot, entryScript, modelFolder };
}

/** The record of an asset by its id, of the workspace or of a registry; undefined when no id is given. Throws FilesMissing when it is gone. */
export function assetOf(
  context: Pick<EmulatorContext, 'state'>,
  collection: string,
  id: string | undefined,
): ResourceRecord | undefined {
  if (id === undefined) return undefined;
  const found =
    findRegistryAsset(context.state, id) ??
    context.state.collection<ResourceRecord>(collection).get(id.replace(/^azureml:(?!\/\/)/, ''));
  if (found === undefined) throw new FilesMissing(`${id} does not exist.`);
  return found;
}

function placeOf(context: EmulatorContext, store: RunStore, workspace: WorkspaceRecord, uri: string): BlobPlace {
  try {
    return findData(context, store, workspace, uri, 'models');
  } catch (error) {
    if (error instanceof DataNotFound) throw new FilesMissing(error.message);
    throw error;
  }
}

/** Downloads a blob or a folder of blobs below `target` under its own last name. */
async function downloadNamed(
  { blobs }: EmulatorContext,
  { account, container, path }: BlobPlace,
  target: string,
): Promise<{ readonly path: string; readonly count: number }> {
  const found = await blobs.list(account, container, path);
  if (found.some(({ name }) => name === path)) {
    await blobs.downloadFolder(account, container, path, target);
    return { path: target, count: 1 };
  }
  const count = found.filter(({ name }) => name.startsWith(`${path}/`)).length;
  if (count === 0) throw new FilesMissing(`There is nothing at ${blobs.url(account, container, path)}.`);
  const named = join(target, path.split('/').at(-1) ?? '');
  await blobs.downloadFolder(account, container, `${path}/`, named);
  return { path: named, count };
}

/** `…/models/{name}/versions/{version}` */
function nameAndVersion(id: string): readonly [string | undefined, string | undefined] {
  const parts = id.split('/');
  return [parts.at(-3), parts.at(-1)];
}
