/** `BlobAccounts` over the official storage client, straight at the blob server. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import type * as Storage from '@azure/storage-blob';
import { blobHost, hostRole, type Cloud } from '../clouds.ts';
import type { Clock } from '../clock.ts';
import type { BlobAccounts, BlobListing, BlobLocation, SasRequest } from './blob-accounts.ts';

// As CommonJS the client loads in half the time, and the emulator's start waits for it.
const {
  BlobSASPermissions,
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} = createRequire(import.meta.url)('@azure/storage-blob') as typeof Storage;

export interface BlobAccountsOptions {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly port: number;
  /** Account name to base64 key. */
  readonly accounts: Readonly<Record<string, string>>;
}

/** Opens the accounts of the blob server on that port. Their methods throw for an account it does not have. */
export function openBlobAccounts(options: BlobAccountsOptions): BlobAccounts {
  const { cloud, clock } = options;
  const { keyOf, container } = connect(options);
  const url: BlobAccounts['url'] = (account, name, blob) =>
    `https://${blobHost(cloud, account)}/${name}${blob === undefined ? '' : `/${encodeName(blob)}`}`;
  const list: BlobAccounts['list'] = (account, name, prefix) => listBlobs(container(account, name), prefix);
  const read: BlobAccounts['read'] = (blob) => readBlob(container(blob.account, blob.container), blob.name);

  return {
    url,
    sasUrl: (request) =>
      `${url(request.account, request.container, request.name)}?${sign(request, keyOf(request.account), clock)}`,
    locate: (text) => locate(cloud, text),
    createContainer: async (account, name) => {
      await container(account, name).createIfNotExists();
    },
    read,
    write: async (blob, content, metadata) => {
      const client = container(blob.account, blob.container).getBlockBlobClient(blob.name);
      await client.uploadData(toBuffer(content), metadata === undefined ? {} : { metadata });
    },
    append: (blob, content) => append(container(blob.account, blob.container), blob.name, toBuffer(content)),
    list,
    downloadFolder: (account, name, prefix, folder) => downloadFolder(container(account, name), prefix, folder),
    uploadFolder: (folder, account, name, prefix) => uploadFolder(folder, container(account, name), prefix),
  };
}

interface Connected {
  readonly keyOf: (account: string) => Storage.StorageSharedKeyCredential;
  readonly container: (account: string, name: string) => Storage.ContainerClient;
}

function connect({ port, accounts }: BlobAccountsOptions): Connected {
  const keyOf: Connected['keyOf'] = (account) => {
    const key = accounts[account];
    if (key === undefined) throw new Error(`The emulator has no storage account ${account}.`);
    return new StorageSharedKeyCredential(account, key);
  };
  const services = new Map<string, Storage.BlobServiceClient>();
  const container: Connected['container'] = (account, name) => {
    const address = `http://127.0.0.1:${port}/${account}`;
    const service = services.get(account) ?? new BlobServiceClient(address, keyOf(account));
    services.set(account, service);
    return service.getContainerClient(name);
  };
  return { keyOf, container };
}

async function listBlobs(container: Storage.ContainerClient, prefix: string): Promise<BlobListing[]> {
  const found: BlobListing[] = [];
  for await (const item of container.listBlobsFlat({ prefix })) {
    found.push({ name: item.name, size: item.properties.contentLength ?? 0 });
  }
  return found;
}

async function readBlob(container: Storage.ContainerClient, name: string): Promise<Buffer | undefined> {
  try {
    return await container.getBlobClient(name).downloadToBuffer();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function append(container: Storage.ContainerClient, name: string, bytes: Buffer): Promise<void> {
  const client = container.getAppendBlobClient(name);
  await client.createIfNotExists();
  for (let offset = 0; offset < bytes.length; offset += LARGEST_APPEND) {
    const part = bytes.subarray(offset, offset + LARGEST_APPEND);
    await client.appendBlock(part, part.length);
  }
}

async function downloadFolder(container: Storage.ContainerClient, prefix: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const base = prefix.replace(/\/+$/, '');
  for (const { name } of await listBlobs(container, base)) {
    if (name !== base && base !== '' && !name.startsWith(`${base}/`)) continue;
    const within = name === base ? posix.basename(name) : name.slice(base === '' ? 0 : base.length + 1);
    const target = join(folder, within);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, (await readBlob(container, name)) ?? Buffer.alloc(0));
  }
}

async function uploadFolder(folder: string, container: Storage.ContainerClient, prefix: string): Promise<void> {
  const base = prefix.replace(/\/+$/, '');
  for (const file of await filesBelow(folder)) {
    const name = `${base}/${relative(folder, file).split(sep).join('/')}`;
    await container.getBlockBlobClient(name).uploadFile(file);
  }
}

/** Bytes an append block holds in every version of the service. */
const LARGEST_APPEND = 4 * 1024 * 1024;

/** The query that lets its holder in, valid from a little earlier on: clocks differ. */
function sign(request: SasRequest, key: Storage.StorageSharedKeyCredential, clock: Clock): string {
  const { container: containerName, name, permissions } = request;
  return generateBlobSASQueryParameters(
    {
      containerName,
      startsOn: new Date(clock.now() - 5 * 60 * 1000),
      expiresOn: new Date(clock.now() + request.lifetimeMs),
      ...(name === undefined
        ? { permissions: ContainerSASPermissions.parse(permissions) }
        : { blobName: name, permissions: BlobSASPermissions.parse(permissions) }),
    },
    key,
  ).toString();
}

function locate(cloud: Cloud, text: string): BlobLocation | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const role = hostRole(cloud, url.hostname.toLowerCase());
  if (role?.plane !== 'blob') return undefined;
  const [container = '', ...rest] = url.pathname.slice(1).split('/');
  return { account: role.account, container, name: rest.map(decodeURIComponent).join('/') };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

function toBuffer(content: Buffer | string): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}
