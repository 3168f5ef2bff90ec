/** Brings local files into the workspace: code assets and data in datastores. Content that is there is not sent again. */
import { CONTENT_HASH_VERSION } from '../aml-yaml/content-hash.ts';
import type { LocalSource, UploadCodeStep, UploadDataStep } from '../aml-yaml/plan.ts';
import { textAt } from '../domain/json.ts';
import { childArmId, workspaceArmId } from '../domain/workspace-id.ts';
import { ServiceError } from '../errors.ts';
import type { UploadProgress, UploadResult, Workspace } from '../ports.ts';
import type { StepResult } from './plan-results.ts';
import type { Context, OperationAgent } from './task-context.ts';
import { elapsedText } from '../domain/elapsed-time.ts';

/** The code asset with this content, whatever its name; undefined when there is none. */
export async function findCode({ agent, workspace }: Context, source: LocalSource): Promise<string | undefined> {
  const query = { hash: source.contentHash, hashVersion: CONTENT_HASH_VERSION };
  const found = workspace.list(`codes/${codeName(source)}/versions`, { query, signal: agent.signal });
  for await (const version of found) return textAt(version, 'id');
  return undefined;
}

/** Finds or uploads a code asset. Yields its id. */
export async function uploadCode(context: Context, { source }: UploadCodeStep): Promise<StepResult> {
  const found = await findCode(context, source);
  if (found !== undefined) {
    context.agent.log.info(`${source.basename}: unchanged, nothing to upload.`);
    return { id: found };
  }
  const { agent, workspace } = context;
  const name = codeName(source);
  const path = `codes/${name}/versions/1`;
  const pending = await workspace.post(
    `${path}/startPendingUpload`,
    { pendingUploadType: 'TemporaryBlobReference' },
    { signal: agent.signal },
  );
  const blobUri = textAt(pending, 'blobReferenceForConsumption', 'blobUri');
  const sasUri = textAt(pending, 'blobReferenceForConsumption', 'credential', 'sasUri');
  if (blobUri === undefined || sasUri === undefined) throw noUploadPlace(name);
  const prefix = source.kind === 'folder' ? source.basename : '';
  await uploadFiles(
    { agent, storage: workspace.storage },
    source,
    { kind: 'sas', containerUrl: sasUri, prefix },
    { name, version: '1' },
  );
  const body = {
    properties: {
      codeUri: prefix === '' ? blobUri : `${blobUri}/${prefix}`,
      isAnonymous: true,
      properties: { hash_sha256: source.contentHash, hash_version: CONTENT_HASH_VERSION },
    },
  };
  return { id: await putCode(context, source, path, body) };
}

async function putCode(
  context: Context,
  source: LocalSource,
  path: string,
  body: Parameters<Workspace['put']>[1],
): Promise<string> {
  try {
    const code = await context.workspace.put(path, body, { signal: context.agent.signal });
    return textAt(code, 'id') ?? childArmId(context.workspace.id, ...path.split('/'));
  } catch (error) {
    // Another run may have registered the same content meanwhile: then that one is as good.
    const found = error instanceof ServiceError && error.status < 500 ? await findCode(context, source) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

/** Uploads to a datastore. Yields the URI in the form the body wants. */
export async function uploadData(context: Context, step: UploadDataStep): Promise<StepResult> {
  const { source, datastore } = step;
  const folder = `LocalUpload/${source.objectHash}`;
  const prefix = source.kind === 'folder' ? `${folder}/${source.basename}` : folder;
  const { agent, workspace } = context;
  const result = await uploadFiles(
    { agent, storage: workspace.storage },
    source,
    { kind: 'datastore', datastore, prefix },
    { name: codeName(source), version: '1' },
  );
  if (result.uploaded === 0) context.agent.log.info(`${source.basename}: unchanged, nothing to upload.`);
  return { uri: dataUri(context.workspace, step, result.containerUrl) };
}

/** The URI uploaded data has; of the https form only where the container is known. */
export function dataUri(workspace: Workspace, step: UploadDataStep, containerUrl: string): string {
  const { source, datastore, uriForm } = step;
  const path = `LocalUpload/${source.objectHash}/${source.basename}${step.trailingSlash ? '/' : ''}`;
  switch (uriForm) {
    case 'short':
      return `azureml://datastores/${datastore}/paths/${path}`;
    case 'long': {
      const id = workspaceArmId(workspace.id).slice(1);
      const longId = id
        .replace('/resourceGroups/', '/resourcegroups/')
        .replace('/providers/Microsoft.MachineLearningServices', '');
      return `azureml://${longId}/datastores/${datastore}/paths/${path}`;
    }
    case 'https':
      return `${containerUrl}/${path}`;
  }
}

/** Uploads what a source lists, and says so. */
export async function uploadFiles(
  { agent, storage }: { readonly agent: OperationAgent; readonly storage: Workspace['storage'] },
  source: LocalSource,
  target: Parameters<Workspace['storage']['upload']>[0]['target'],
  asset: { readonly name: string; readonly version: string },
): Promise<UploadResult> {
  const started = agent.clock.now();
  const bytes = source.files.reduce((sum, file) => sum + file.size, 0);
  const result = await storage.upload({
    target,
    files: source.files,
    metadata: { upload_status: 'completed', ...asset },
    onProgress: progressLines((text) => {
      agent.log.info(`${source.basename}: ${text}`);
    }, agent.clock.now.bind(agent.clock)),
    signal: agent.signal,
  });
  if (result.uploaded > 0) {
    const took = elapsedText(agent.clock.now() - started);
    agent.log.info(
      `${source.basename}: uploaded ${countText(result.uploaded, 'file')}, ${sizeText(bytes)}, in ${took}.`,
    );
  }
  return result;
}

/** How often a long upload says how far it is. */
const PROGRESS_EVERY_MS = 10_000;

function progressLines(write: (text: string) => void, now: () => number): (progress: UploadProgress) => void {
  const started = now();
  let last = started;
  return ({ files, filesDone, bytes, bytesDone }) => {
    const time = now();
    if (time - last < PROGRESS_EVERY_MS || filesDone === files) return;
    last = time;
    const rate = sizeText((bytesDone / Math.max(1, time - started)) * 1000);
    write(`${filesDone} of ${countText(files, 'file')}, ${sizeText(bytesDone)} of ${sizeText(bytes)}, ${rate}/s`);
  };
}

/** `3 files`. */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** `512 B`, `3.4 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? Math.round(bytes) : (bytes / 1000 ** power).toFixed(1)} ${units[power] ?? 'B'}`;
}

/** A name that equal content shares, so that a repeated registration meets the first one. */
export function codeName(source: LocalSource): string {
  const hex = (source.contentHash || source.objectHash).padEnd(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function noUploadPlace(name: string): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'NoUploadPlace',
    message: `The service gave no place to upload the code '${name}' to.`,
    hint: "Check that the workspace's default storage account still exists.",
  });
}
