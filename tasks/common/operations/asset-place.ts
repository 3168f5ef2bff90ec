/** Workspaces and registries seen as places of assets: ids, bodies, and the files behind them. */
import { manifestHash } from '../aml-yaml/manifest-hash.ts';
import { at, isJsonObject, textAt, type JsonObject } from '../domain/json.ts';
import type { Properties } from '../domain/lineage.ts';
import { differentFiles, type FileFingerprint } from '../domain/promotion.ts';
import { registryAsset, registryAssetId, type RegistryCollection } from '../domain/registry-asset.ts';
import { childArmId } from '../domain/workspace-id.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { AssetPlace, Assets, BlobTarget, Resource, Storage } from '../ports.ts';
import { registryContent, uploadPlace } from './registry-upload.ts';
import type { OperationAgent } from './task-context.ts';

export interface AssetVersion {
  readonly collection: RegistryCollection;
  readonly name: string;
  readonly version: string;
}

export function assetsOf(place: AssetPlace): Assets {
  return place.kind === 'workspace' ? place.workspace : place.registry;
}

export function storageOf(place: AssetPlace): Storage {
  return place.kind === 'workspace' ? place.workspace.storage : place.registry.storage;
}

/** `the workspace x` */
export function placeText(place: AssetPlace): string {
  return place.kind === 'workspace'
    ? `the workspace ${place.workspace.id.name}`
    : `the registry ${place.registry.name}`;
}

export function pathOf({ collection, name, version }: AssetVersion): string {
  return `${collection}/${name}/versions/${version}`;
}

/** The id by which everything else refers to an asset of a place. */
export function idOf(place: AssetPlace, asset: AssetVersion): string {
  const { collection, name, version } = asset;
  return place.kind === 'workspace'
    ? childArmId(place.workspace.id, collection, name, 'versions', version)
    : registryAssetId(place.registry.name, collection, name, version);
}

const COLLECTIONS: readonly string[] = ['codes', 'components', 'data', 'environments', 'models'];

/** The asset of this very place that a text refers to; undefined for any other text. */
export function ownAsset(place: AssetPlace, text: string): AssetVersion | undefined {
  const plain = text.replace(/^azureml:(?=\/subscriptions\/)/i, '');
  const found = place.kind === 'workspace' ? armAsset(childArmId(place.workspace.id), plain) : registryAsset(plain);
  if (found?.version === undefined || !COLLECTIONS.includes(found.collection)) return undefined;
  if (place.kind === 'registry' && found.registry.toLowerCase() !== place.registry.name.toLowerCase()) return undefined;
  return { collection: found.collection as RegistryCollection, name: found.name, version: found.version };
}

function armAsset(workspace: string, text: string): ReturnType<typeof registryAsset> {
  if (!text.toLowerCase().startsWith(`${workspace.toLowerCase()}/`)) return undefined;
  const [collection = '', name = '', sort, version] = text.slice(workspace.length + 1).split('/');
  return sort?.toLowerCase() === 'versions' ? { registry: '', collection, name, version } : undefined;
}

/** The properties of an asset as a PUT takes them: without what only the service says. */
export function writableProperties(resource: Resource): JsonObject {
  const properties = isJsonObject(resource.properties) ? resource.properties : {};
  const left = ['provisioningState', 'originAssetId', 'jobName', 'environmentType'];
  return Object.fromEntries(
    Object.entries(properties).filter(([name, value]) => !left.includes(name) && value !== null && value !== undefined),
  );
}

/** The texts among a resource's tags or properties. */
export function textsOf(resource: Resource, member: 'tags' | 'properties'): Properties {
  const found = at(resource, 'properties', member);
  return Object.fromEntries(
    Object.entries(isJsonObject(found) ? found : {}).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  );
}

/** Files of an asset and the hash over all of them. */
export interface Content {
  readonly storage: Storage;
  readonly target: BlobTarget;
  readonly files: readonly FileFingerprint[];
  readonly hash: string;
  /** Last segment of their place: it stays the same wherever they go. */
  readonly basename: string;
}

/** Reads every file behind an asset's URI. Throws UserError where there is none, or where the place cannot be read. */
export async function contentOf(
  agent: OperationAgent,
  place: AssetPlace,
  asset: AssetVersion,
  uri: string,
): Promise<Content> {
  const target = await targetOf(agent, place, asset, uri);
  const content = await readContent(agent, storageOf(place), target);
  if (content.files.length > 0) return content;
  throw new UserError(`${asset.name}:${asset.version} in ${placeText(place)} has no files (looked in ${uri}).`);
}

async function readContent(agent: OperationAgent, storage: Storage, target: BlobTarget): Promise<Content> {
  const files = await storage.fingerprints(target, { signal: agent.signal });
  const basename = target.prefix.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return { storage, target, files, hash: manifestHash(files), basename };
}

async function targetOf(
  agent: OperationAgent,
  place: AssetPlace,
  asset: AssetVersion,
  uri: string,
): Promise<BlobTarget> {
  if (place.kind === 'registry') {
    return registryContent({ agent, registry: place.registry }, idOf(place, asset), asset, uri);
  }
  const [, datastore, path] = /\/datastores\/([^/]+)\/paths\/(.+)$/.exec(uri) ?? [];
  if (datastore !== undefined && path !== undefined) {
    return { kind: 'datastore', datastore, prefix: path.replace(/\/+$/, '') };
  }
  const [, container, blob] = /^(https:\/\/[^/]+\/[^/?]+)\/?([^?]*)$/.exec(uri) ?? [];
  if (container !== undefined) {
    return {
      kind: 'container',
      containerUrl: container.replace(':443/', '/'),
      prefix: decodeURI(blob ?? '').replace(/\/+$/, ''),
    };
  }
  throw new UserError(
    `The files of ${asset.name}:${asset.version} lie at ${uri}, which is neither a datastore of ${placeText(place)} nor a blob.`,
  );
}

/** A place to copy an asset's files to, and the URI they will have there. */
interface CopyPlace {
  readonly target: BlobTarget;
  readonly uri: string;
}

/**
 * Brings the files of an asset to a place and compares every one of them there. Bytes pass through the agent: no service
 * copies between accounts that only private endpoints lead to. The URI for the asset's body.
 */
export async function copyContent(
  agent: OperationAgent,
  source: Content,
  place: AssetPlace,
  asset: AssetVersion,
): Promise<string> {
  const storage = storageOf(place);
  const { target, uri } = await copyPlace(agent, place, asset, source);
  const there = await storage.fingerprints(target, { signal: agent.signal });
  if (differentFiles(source.files, there).length > 0) {
    for (const { name } of source.files) {
      const bytes = source.storage.read(source.target, name, { signal: agent.signal });
      await storage.write(target, name, bytes, { signal: agent.signal });
    }
    requireSame(source.files, await storage.fingerprints(target, { signal: agent.signal }), place, asset);
  }
  return uri;
}

/** Throws ServiceError when a copy is not what was copied: then nothing may be made of it. */
export function requireSame(
  source: readonly FileFingerprint[],
  target: readonly FileFingerprint[],
  place: AssetPlace,
  { name, version }: AssetVersion,
): void {
  const differences = differentFiles(source, target);
  if (differences.length === 0) return;
  throw new ServiceError({
    status: 200,
    code: 'ContentMismatch',
    message: `The files of ${name}:${version} in ${placeText(place)} are not those of the source: ${someOf(differences)}.`,
    hint: 'Somebody writes to the same place, or the storage is damaged. Do not use this version.',
  });
}

/** The first few, and how many more there are. */
export function someOf(sentences: readonly string[]): string {
  const shown = sentences.slice(0, 5).join('; ');
  return sentences.length <= 5 ? shown : `${shown}; and ${sentences.length - 5} more`;
}

async function copyPlace(
  agent: OperationAgent,
  place: AssetPlace,
  asset: AssetVersion,
  { hash, basename }: Content,
): Promise<CopyPlace> {
  if (place.kind === 'registry') {
    const { collection, name, version } = asset;
    const found = await uploadPlace({ agent, registry: place.registry }, collection, name, version);
    if (found === undefined) throw existsMeanwhile(place, asset);
    const target: BlobTarget = { kind: 'sas', containerUrl: found.sasUrl, prefix: basename };
    return { target, uri: joined(found.containerUrl, basename) };
  }
  if (asset.collection === 'codes') return pendingUpload(agent, place, asset, basename);
  const prefix = joined(`LocalUpload/${hash}`, basename);
  const target: BlobTarget = { kind: 'datastore', datastore: 'workspaceblobstore', prefix };
  if (asset.collection !== 'environments') {
    const { subscriptionId, resourceGroup, name } = place.workspace.id;
    const workspace = `subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/workspaces/${name}`;
    return { target, uri: `azureml://${workspace}/datastores/workspaceblobstore/paths/${prefix}` };
  }
  // A build context is named by the address of its blobs.
  const datastore = await place.workspace.get('datastores/workspaceblobstore', { signal: agent.signal });
  const text = (member: string): string => textAt(datastore, 'properties', member) ?? '';
  const container = `https://${text('accountName')}.blob.${text('endpoint')}/${text('containerName')}`;
  return { target, uri: `${container}/${prefix}/` };
}

async function pendingUpload(
  agent: OperationAgent,
  { workspace }: AssetPlace & { readonly kind: 'workspace' },
  { name, version }: AssetVersion,
  basename: string,
): Promise<CopyPlace> {
  const pending = await workspace.post(
    `codes/${name}/versions/${version}/startPendingUpload`,
    { pendingUploadType: 'TemporaryBlobReference' },
    { signal: agent.signal },
  );
  const blobUri = textAt(pending, 'blobReferenceForConsumption', 'blobUri') ?? '';
  const sasUri = textAt(pending, 'blobReferenceForConsumption', 'credential', 'sasUri') ?? '';
  return { target: { kind: 'sas', containerUrl: sasUri, prefix: basename }, uri: joined(blobUri, basename) };
}

function joined(folder: string, name: string): string {
  return name === '' ? folder : `${folder}/${name}`;
}

function existsMeanwhile(place: AssetPlace, { name, version }: AssetVersion): UserError {
  return new UserError(
    `${name}:${version} was made in ${placeText(place)} by somebody else meanwhile. Run the task again.`,
  );
}
