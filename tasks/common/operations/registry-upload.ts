/** The content of assets in a registry: each version has a container of its own, which the service hands out a link to. */
import { contentHash, CONTENT_HASH_VERSION } from '../aml-yaml/content-hash.ts';
import type { LocalSource } from '../aml-yaml/plan.ts';
import { textAt } from '../domain/json.ts';
import { registryAssetId, type RegistryCollection } from '../domain/registry-asset.ts';
import { ServiceError } from '../errors.ts';
import type { BlobTarget, Registry, Resource } from '../ports.ts';
import type { OperationAgent } from './task-context.ts';
import { codeName, uploadFiles } from './upload-source.ts';

/** What operations need to work on a registry. */
export interface RegistryContext {
  readonly agent: OperationAgent;
  readonly registry: Registry;
}

/** A container to fill. */
export interface UploadPlace {
  /** Without SAS. */
  readonly containerUrl: string;
  readonly sasUrl: string;
}

/** The container of an asset version that is to be made; undefined when the version is there already. */
export async function uploadPlace(
  { registry, agent }: RegistryContext,
  collection: RegistryCollection,
  name: string,
  version: string,
): Promise<UploadPlace | undefined> {
  const body = {
    assetId: registryAssetId(registry.name, collection, name, version),
    temporaryDataReferenceType: 'TemporaryBlobReference',
  };
  try {
    const place = await registry.put(`tempdatarefs/${name}/versions/${version}`, body, { signal: agent.signal });
    const url = (...path: readonly string[]): string =>
      textAt(place, 'blobReferenceForConsumption', ...path)?.replace(/^(https:\/\/[^/:]+):443\//, '$1/') ?? '';
    return { containerUrl: url('blobUri'), sasUrl: url('credential', 'sasUri') };
  } catch (error) {
    if (error instanceof ServiceError && error.status === 409) return undefined;
    throw error;
  }
}

/** Uploads a file or folder into an asset's container; the URI it then has. */
export async function uploadToRegistry(
  { agent, registry }: RegistryContext,
  source: LocalSource,
  place: UploadPlace,
  asset: { readonly name: string; readonly version: string },
): Promise<string> {
  const prefix = source.kind === 'folder' ? source.basename : '';
  await uploadFiles(
    { agent, storage: registry.storage },
    source,
    { kind: 'sas', containerUrl: place.sasUrl, prefix },
    asset,
  );
  return `${place.containerUrl}/${source.basename}`;
}

/** Finds or makes a code asset; its id. Equal content has one name, and so is uploaded once. */
export async function registryCode(context: RegistryContext, source: LocalSource): Promise<string> {
  const { registry, agent } = context;
  const name = codeName(source);
  const path = `codes/${name}/versions/1`;
  const id = registryAssetId(registry.name, 'codes', name, '1');
  if ((await registry.get(path, { signal: agent.signal })) !== undefined) return id;
  const place = await uploadPlace(context, 'codes', name, '1');
  if (place === undefined) return id;
  const uri = await uploadToRegistry(context, source, place, { name, version: '1' });
  const properties = { hash_sha256: source.contentHash, hash_version: CONTENT_HASH_VERSION };
  const codeUri = source.kind === 'folder' ? uri : place.containerUrl;
  await registry.put(path, { properties: { codeUri, isAnonymous: true, properties } }, { signal: agent.signal });
  return id;
}

/** Where the content of an asset lies, with a link to read it; the asset's `uri` is the blob or folder. */
export async function registryContent(
  { registry, agent }: RegistryContext,
  id: string,
  asset: { readonly name: string; readonly version: string },
  uri: string,
): Promise<BlobTarget> {
  const found = await registry.post(
    `datarefs/${asset.name}/versions/${asset.version}`,
    { assetId: id, blobUri: uri },
    { signal: agent.signal },
  );
  const sasUri = textAt(found, 'blobReferenceForConsumption', 'credential', 'sasUri');
  if (sasUri === undefined) {
    throw new ServiceError({
      status: 200,
      code: 'NoReadLink',
      message: `The registry ${registry.name} gives no link to the files of ${asset.name}:${asset.version}.`,
      hint: 'Give the service connection the role "AzureML Registry User" on the registry.',
    });
  }
  return { kind: 'sas', containerUrl: sasUri, prefix: decodeURI(new URL(uri).pathname).split('/').slice(2).join('/') };
}

/** True when the version that is there holds the very files that would be uploaded. Every byte is read. */
export async function hasContent(
  context: RegistryContext,
  live: Resource,
  asset: { readonly name: string; readonly version: string },
  uri: string,
  source: LocalSource,
): Promise<boolean> {
  const { agent, registry } = context;
  const place = await registryContent(context, textAt(live, 'id') ?? '', asset, uri);
  const folder = source.kind === 'folder' ? place.prefix : place.prefix.split('/').slice(0, -1).join('/');
  const target = { ...place, prefix: folder };
  const names: { readonly name: string; readonly size: number }[] = [];
  for await (const entry of registry.storage.list(target, { signal: agent.signal })) names.push(entry);
  const remote = names.map(({ name, size }) => ({ path: name, name, size }));
  const sizes = (files: readonly { readonly name: string; readonly size: number }[]): string =>
    JSON.stringify(files.map(({ name, size }) => `${name}:${size}`).toSorted());
  if (sizes(remote) !== sizes(source.files)) return false;
  const read = (path: string): AsyncIterable<Uint8Array> =>
    registry.storage.read(target, path, { signal: agent.signal });
  const [theirs, ours] = [await contentHash({ read }, remote), await contentHash(agent.files, source.files)];
  return theirs === ours;
}
