/** Blobs of the workspace's datastores, and of the SAS URLs the service hands out. */
import { textAt } from '../domain/json.ts';
import { UserError } from '../errors.ts';
import type { BlobTarget, Clock, Resource, Storage } from '../ports.ts';
import type { Arm } from './arm.ts';
import type { BlobAccess } from './blob-access.ts';
import { datastoreAccess, entraAccess, sasAccess } from './blob-access.ts';
import type { BlobContainer } from './blob-container.ts';
import { createBlobContainer } from './blob-container.ts';
import { fingerprintBlobs, readBlob, writeBlob } from './blob-copy.ts';
import { downloadBlob, listBlobs, readBlobRange, readBlobText } from './blob-read.ts';
import { blobName, uploadFiles } from './blob-upload.ts';
import type { Cloud } from './clouds.ts';
import type { HttpPipeline, Sender } from './http-pipeline.ts';
import { signaturesOf, splitSasUrl } from './sas.ts';

export interface StorageSettings {
  /** Where datastores are described; a registry has none. */
  readonly arm: Pick<Arm, 'get' | 'post'>;
  readonly cloud: Cloud;
  readonly http: HttpPipeline;
  readonly anonymous: Sender;
  /** Sends with an Entra token for storage. */
  readonly authorized: Sender;
  readonly clock: Clock;
  readonly allowStorageKey: boolean;
  readonly maskSecret: (value: string) => void;
}

export function createStorage(settings: StorageSettings): Storage {
  const datastores = new Map<string, Promise<BlobContainer>>();
  const containerOf = (target: BlobTarget, signal?: AbortSignal): Promise<BlobContainer> => {
    if (target.kind === 'sas') return Promise.resolve(sasContainer(settings, target.containerUrl));
    if (target.kind === 'container') return Promise.resolve(container(settings, target.containerUrl, entraAccess));
    const known = datastores.get(target.datastore);
    if (known !== undefined) return known;
    const opened = openDatastore(settings, target.datastore, signal).catch((error: unknown) => {
      datastores.delete(target.datastore);
      throw error;
    });
    datastores.set(target.datastore, opened);
    return opened;
  };
  return {
    upload: async ({ target, ...request }) =>
      uploadFiles(await containerOf(target, request.signal), target.prefix, request),
    async *list(target, options = {}) {
      yield* listBlobs(await containerOf(target, options.signal), target.prefix, options);
    },
    readText: async (target, name, options = {}) =>
      readBlobText(await containerOf(target, options.signal), blobName(target.prefix, name), options),
    download: async (target, name, toPath, options = {}) =>
      downloadBlob(
        await containerOf(target, options.signal),
        blobName(target.prefix, name),
        toPath,
        settings.clock,
        options,
      ),
    fingerprints: async (target, options = {}) =>
      fingerprintBlobs(await containerOf(target, options.signal), target.prefix, settings.clock, options),
    async *read(target, name, options = {}) {
      const opened = await containerOf(target, options.signal);
      yield* readBlob(opened, blobName(target.prefix, name), settings.clock, options);
    },
    write: async (target, name, content, options = {}) =>
      writeBlob(await containerOf(target, options.signal), blobName(target.prefix, name), content, options),
    readRange: (url, fromByte, options) => readBlobRange(settings, url, fromByte, options),
  };
}

function sasContainer(settings: StorageSettings, containerUrl: string): BlobContainer {
  const { address, query } = splitSasUrl(containerUrl);
  signaturesOf(query).forEach(settings.maskSecret);
  if (!URL.canParse(address) || new URL(address).protocol !== 'https:') {
    throw new UserError(`The upload address ${address} is not https; nothing is sent there.`);
  }
  return container(settings, address.replace(/\/+$/, ''), sasAccess(query));
}

/** The container behind a datastore. Throws UserError when there is no such datastore, or it holds no blobs. */
async function openDatastore(
  settings: StorageSettings,
  datastore: string,
  signal: AbortSignal | undefined,
): Promise<BlobContainer> {
  const resource = await settings.arm.get(`datastores/${datastore}`, { signal });
  if (resource === undefined) throw new UserError(`The workspace has no datastore '${datastore}'.`);
  const place = placeOf(resource, datastore, settings.cloud);
  const credentials = textAt(resource, 'properties', 'credentials', 'credentialsType') ?? 'None';
  const access = datastoreAccess({
    datastore,
    account: place.account,
    container: place.container,
    isIdentityBased: credentials === 'None',
    allowStorageKey: settings.allowStorageKey,
    arm: settings.arm,
    clock: settings.clock,
    maskSecret: settings.maskSecret,
  });
  return container(settings, place.url, access);
}

/** Blob containers, and the file systems of Data Lake Gen2 accounts, which speak the blob protocol as well. */
function placeOf(resource: Resource, datastore: string, cloud: Cloud) {
  const type = textAt(resource, 'properties', 'datastoreType') ?? '';
  const account = textAt(resource, 'properties', 'accountName');
  const name = textAt(resource, 'properties', type === 'AzureDataLakeGen2' ? 'filesystem' : 'containerName');
  if (!['AzureBlob', 'AzureDataLakeGen2'].includes(type) || account === undefined || name === undefined) {
    throw new UserError(
      `The datastore '${datastore}' is of type ${type}; files are read from and written to AzureBlob and AzureDataLakeGen2 only.`,
    );
  }
  const endpoint = textAt(resource, 'properties', 'endpoint') ?? cloud.storageSuffixes[0];
  return { account, container: name, url: `https://${account}.blob.${endpoint}/${name}` };
}

function container(settings: StorageSettings, url: string, access: BlobAccess): BlobContainer {
  const { http, anonymous, authorized } = settings;
  return createBlobContainer({ url, access, http, anonymous, authorized });
}
