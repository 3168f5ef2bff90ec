/** `BlobAccounts` over the official storage client, straight at the blob server. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import type * as Storage from '@azure/storage-blob';
import { blobHost, hostRole, type Cloud } from '../clouds.ts';
import type { Clock } from '../clock.ts';
import type { BlobAccounts, BlobLocation, SasRequest } from './blob-accounts.ts';

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
  const keyOf = (account: string): Storage.StorageSharedKeyCredential => {
    const key = options.accounts[account];
    if (key === undefined) throw new Error(`The emulator has no storage account ${account}.`);
    return new StorageSharedKeyCredential(account, key);
  };
  const services = new Map<string, Storage.BlobServiceClient>();
  const container = (account: string, name: string): Storage.ContainerClient => {
    const address = `http://127.0.0.1:${options.port}/${account}`;
    const service = services.get(account) ?? new BlobServiceClient(address, keyOf(account));
    services.set(account, service);
    return service.getContainerClient(name);
  };
  const url = (account: string, containerName: string, name?: string): string =>
    `https://${blobHost(cloud, account)}/${containerName}${name === undefined ? '' : `/${encodeName(name)}`}`;

  const write: BlobAccounts['write'] = async (blob, content, metadata) => {
    const client = container(blob.account, blob.container).getBlockBlobClient(blob.name);
    await client.uploadData(toBuffer(content), metadata === undefined ? {} : { metadata });
  };
  const list: BlobAccounts['list'] = async (account, containerName, prefix) => {
    const found: { name: string; size: number }[] = [];
    for await (const item of container(account, containerName).listBlobsFlat({ prefix })) {
      found.push({ name: item.name, size: item.properties.contentLength ?? 0 });
    }
    return found;
  };
  const read = async (blob: BlobLocation): Promise<Buffer | undefined> => {
    const client = container(blob.account, blob.container).getBlobClient(blob.name);
    try {
      return await client.downloadToBuffer();
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  };

  return {
    url,
    sasUrl: (request) =>
      `${url(request.account, request.container, request.name)}?${sign(request, keyOf(request.account), clock)}`,
    locate: (text) => locate(cloud, text),
    createContainer: async (account, name) => {
      await container(account, name).createIfNotExists();
    },
    read,
    write,
    append: async (blob, content) => {
      const client = container(blob.account, blob.container).getAppendBlobClient(blob.name);
      const bytes = toBuffer(content);
      await client.createIfNotExists();
      for (let offset = 0; offset < bytes.length; offset += LARGEST_APPEND) {
        const part = bytes.subarray(offset, offset + LARGEST_APPEND);
        await client.appendBlock(part, part.length);
      }
    },
    list,
    downloadFolder: async (account, containerName, prefix, folder) => {
      await mkdir(folder, { recursive: true });
      const base = prefix.replace(/\/+$/, '');
      for (const { name } of await list(account, containerName, base)) {
        if (name !== base && base !== '' && !name.startsWith(`${base}/`)) continue;
        const target = join(
          folder,
          name === base ? posix.basename(name) : name.slice(base === '' ? 0 : base.length + 1),
        );
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, (await read({ account, container: containerName, name })) ?? Buffer.alloc(0));
      }
    },
    uploadFolder: async (folder, account, containerName, prefix) => {
      const base = prefix.replace(/\/+$/, '');
      for (const file of await filesBelow(folder)) {
        const name = `${base}/${relative(folder, file).split(sep).join('/')}`;
        await container(account, containerName).getBlockBlobClient(name).uploadFile(file);
      }
    },
  };
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
