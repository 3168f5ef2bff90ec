/** Brings a job's code and inputs to the disk, and its outputs back to the datastore. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { COLLECTIONS } from '../arm/resource.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { textAt } from '../json.ts';
import { findRegistryAsset } from '../registry/registry-lookup.ts';
import type { CommandPlan, PlannedInput, PlannedOutput } from './command-plan.ts';
import { DataNotFound, findData } from './data-access.ts';
import type { BlobPlace } from './data-access.ts';
import { artifactFolder, shortDatastoreUri } from './data-uri.ts';
import type { JobFolders } from './job-environment.ts';
import { fillPlaceholders } from './placeholders.ts';
import { ARTIFACT_CONTAINER } from './run-log.ts';
import type { RunStore } from './run-store.ts';

export interface JobFilesParts {
  readonly context: Pick<EmulatorContext, 'blobs' | 'state' | 'settings'>;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
}

/** Downloads the code asset into the working folder. Throws DataNotFound when it is missing. */
export async function fetchCode(parts: JobFilesParts, codeId: string, folder: string): Promise<void> {
  const { context, store, workspace } = parts;
  const id = codeId.replace(/^azureml:(?!\/\/)/, '');
  const record =
    findRegistryAsset(context.state, id) ?? context.state.collection<ResourceRecord>(COLLECTIONS.codes).get(id);
  const uri = textAt(record?.properties, 'codeUri');
  if (uri === undefined) throw new DataNotFound(`Code asset ${id} does not exist.`);
  await download(context, findData(context, store, workspace, uri), folder);
}

/**
 * Makes each input readable by the command and returns what it sees in its place: the value of a literal, the address
 * itself in mode Direct, a local copy otherwise. Throws DataNotFound naming the input.
 */
export async function fetchInputs(
  parts: JobFilesParts,
  inputs: CommandPlan['inputs'],
  dataFolder: string,
): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const [name, input] of Object.entries(inputs)) seen[name] = await fetchInput(parts, name, input, dataFolder);
  return seen;
}

async function fetchInput(
  { context, store, workspace }: JobFilesParts,
  name: string,
  input: PlannedInput,
  dataFolder: string,
): Promise<string> {
  if (input.kind === 'literal') return input.value;
  if (input.mode === 'Direct') return input.uri;
  const isModel = input.type.endsWith('_model');
  const place = findData(context, store, workspace, input.uri, isModel ? 'models' : 'data');
  const folder = join(dataFolder, `INPUT_${name}`);
  const file = await download(context, place, folder).catch((error: unknown) => {
    throw new DataNotFound(`Input ${name}: ${input.uri} cannot be read (${String(error)}).`);
  });
  if ((await readdir(folder)).length === 0) {
    throw new DataNotFound(`Input ${name}: nothing is stored at ${input.uri}.`);
  }
  if (input.mode === 'ReadOnlyMount') await makeReadOnly(folder);
  return input.type === 'uri_folder' ? folder : (file ?? folder);
}

/**
 * Copies a place into a folder, made if missing. A single blob becomes one file of its name, so that its ending still
 * tells what it is; the answer is then that file's path.
 */
async function download(
  { blobs }: JobFilesParts['context'],
  place: BlobPlace,
  folder: string,
): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const content = place.path === '' ? undefined : await blobs.read({ ...place, name: place.path });
  if (content === undefined) {
    await blobs.downloadFolder(place.account, place.container, place.path, folder);
    return undefined;
  }
  const file = join(folder, basename(place.path));
  await writeFile(file, content);
  return file;
}

async function makeReadOnly(path: string): Promise<void> {
  const info = await stat(path);
  if (!info.isDirectory()) {
    await chmod(path, info.mode & 0o555);
    return;
  }
  for (const entry of await readdir(path)) await makeReadOnly(join(path, entry));
}

/** An output on its way: where the command writes it and where it ends up. */
export interface PlacedOutput {
  readonly name: string;
  readonly output: PlannedOutput;
  /** What the command sees. */
  readonly path: string;
  /** Short datastore URI; of a folder with a slash at the end. */
  readonly uri: string;
}

/**
 * Makes a place for each output. Where none is asked for it is `azureml/{run}/{output}/` on the default datastore, as
 * on the service; `${{name}}` and `${{output_name}}` in an asked one are filled in.
 */
export async function placeOutputs(
  outputs: CommandPlan['outputs'],
  runId: string,
  dataFolder: string,
  names: Readonly<Record<string, string>>,
): Promise<readonly PlacedOutput[]> {
  const placed: PlacedOutput[] = [];
  for (const [name, output] of Object.entries(outputs)) {
    const isFile = output.type === 'uri_file';
    const folder = join(dataFolder, name);
    await mkdir(isFile ? dataFolder : folder, { recursive: true });
    const values = { inputs: {}, outputs: {}, names: { ...names, name: runId, output_name: name } };
    const asked = output.uri === undefined ? undefined : fillPlaceholders(output.uri, values);
    const uri = (asked ?? shortDatastoreUri('workspaceblobstore', `azureml/${runId}/${name}`)).replace(/\/+$/, '');
    placed.push({ name, output, path: folder, uri: isFile ? uri : `${uri}/` });
  }
  return placed;
}

/** Uploads what the command left in its outputs. Throws DataNotFound when an output's datastore does not exist. */
export async function storeOutputs(parts: JobFilesParts, placed: readonly PlacedOutput[]): Promise<void> {
  const { context, store, workspace } = parts;
  for (const { path, uri, output } of placed) {
    if (output.mode === 'Direct') continue;
    await upload(context, path, findData(context, store, workspace, uri));
  }
}

/** Uploads the `outputs` and `logs` folders of the working folder to the run's artifacts, as the service does. */
export async function storeArtifacts(parts: JobFilesParts, runId: string, folders: JobFolders): Promise<void> {
  const { context, workspace } = parts;
  for (const folder of ['outputs', 'logs']) {
    const path = `${artifactFolder(runId)}/${folder}`;
    const place = { account: workspace.storageAccount, container: ARTIFACT_CONTAINER, path };
    await upload(context, join(folders.workingFolder, folder), place);
  }
}

async function upload(context: JobFilesParts['context'], path: string, place: BlobPlace): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return;
  if (info.isDirectory()) await context.blobs.uploadFolder(path, place.account, place.container, place.path);
  else await context.blobs.write({ ...place, name: place.path }, await readFile(path));
}

/** Makes the folders of a run afresh. */
export async function makeJobFolders(workFolder: string, runId: string): Promise<JobFolders> {
  const root = join(workFolder, 'jobs', runId);
  await rm(root, { recursive: true, force: true });
  const folders = { workingFolder: join(root, 'exe', 'wd'), dataFolder: join(root, 'cap', 'data-capability', 'wd') };
  for (const folder of ['', 'outputs', 'logs']) await mkdir(join(folders.workingFolder, folder), { recursive: true });
  await mkdir(folders.dataFolder, { recursive: true });
  return folders;
}

/** Removes what a run left on the disk. */
export async function removeJobFolders(workFolder: string, runId: string): Promise<void> {
  await rm(join(workFolder, 'jobs', runId), { recursive: true, force: true });
}

/** A folder for the search path in which `python` is Python 3, as in the service's images. */
export async function makePythonFolder(workFolder: string): Promise<string> {
  const folder = join(workFolder, 'bin');
  await mkdir(folder, { recursive: true });
  // Written beside and renamed: another job may be running it right now.
  const draft = join(folder, `python.${randomUUID()}`);
  await writeFile(draft, '#!/bin/sh\nexec python3 "$@"\n', { mode: 0o755 });
  await rename(draft, join(folder, 'python'));
  return folder;
}
