/** Reads blobs: listings, small texts, whole files to disk, and the new end of a growing log. */
import { createHash, randomUUID } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ServiceError, UserError } from '../errors.ts';
import type { BlobEntry, Clock, RequestOptions } from '../ports.ts';
import type { BlobContainer } from './blob-container.ts';
import { storageApiVersion } from './blob-container.ts';
import { parseBlobPage } from './blob-list.ts';
import { blobName } from './blob-upload.ts';
import { brokenOff } from './http-client.ts';
import type { HttpPipeline, Sender } from './http-pipeline.ts';
import { networkErrorOf } from './network-error.ts';
import { pollDelay } from './long-running.ts';
import { serviceErrorOf } from './service-error.ts';

/** Blobs below a prefix; names are below it as well. */
export async function* listBlobs(
  container: BlobContainer,
  prefix: string,
  options: RequestOptions = {},
): AsyncIterable<BlobEntry> {
  const folder = blobName(prefix, '') === '' ? '' : `${blobName(prefix, '')}/`;
  let marker: string | undefined;
  do {
    const query = {
      restype: 'container',
      comp: 'list',
      prefix: folder,
      ...(marker === undefined ? {} : { marker }),
    };
    const answer = await container.send({ method: 'GET', blob: '', query, signal: options.signal });
    if (answer.status !== 200) throw serviceErrorOf(answer, `Listing ${container.url}`);
    const page = parseBlobPage(answer.text);
    for (const { name, size } of page.blobs) yield { name: name.slice(folder.length), size };
    marker = page.marker;
  } while (marker !== undefined);
}

/** The whole blob as text; undefined when it is missing. */
export async function readBlobText(
  container: BlobContainer,
  blob: string,
  options: RequestOptions = {},
): Promise<string | undefined> {
  const answer = await container.send({ method: 'GET', blob, signal: options.signal });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw serviceErrorOf(answer, `Reading ${blob}`);
  return answer.text;
}

const mostInterruptions = 8;

/** Writes a blob to a file that appears only when it is whole; a connection that breaks is taken up where it broke. */
export async function downloadBlob(
  container: BlobContainer,
  blob: string,
  toPath: string,
  clock: Clock,
  options: RequestOptions = {},
): Promise<void> {
  await mkdir(dirname(toPath), { recursive: true });
  const partial = `${toPath}.${randomUUID()}.partial`;
  try {
    const file = await open(partial, 'wx');
    try {
      await receive(container, blob, file, clock, options);
    } finally {
      await file.close();
    }
    await rename(partial, toPath);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

interface Received {
  readonly hash: Hash;
  bytes: number;
  /** Of the first answer: the blob must not change between two parts. */
  etag: string | undefined;
  size: number | undefined;
  md5: string | undefined;
}

async function receive(
  container: BlobContainer,
  blob: string,
  file: FileHandle,
  clock: Clock,
  options: RequestOptions,
): Promise<void> {
  const received: Received = {
    hash: createHash('md5'),
    bytes: 0,
    etag: undefined,
    size: undefined,
    md5: undefined,
  };
  for (let interruptions = 0; ; interruptions++) {
    const broken = await receivePart(container, blob, file, received, options);
    if (broken === undefined) break;
    options.signal?.throwIfAborted();
    if (interruptions >= mostInterruptions) throw broken;
    await clock.sleep(pollDelay(interruptions, undefined), options.signal);
  }
  const isWhole = received.size === undefined || received.size === received.bytes;
  const isSame = received.md5 === undefined || received.md5 === received.hash.digest('base64');
  if (isWhole && isSame) return;
  throw new ServiceError({
    status: 200,
    code: 'Md5Mismatch',
    message: `${blob} did not arrive as it is stored (${String(received.bytes)} of ${String(received.size)} bytes).`,
  });
}

/** Returns the error that broke the part off, or undefined at the blob's end. */
async function receivePart(
  container: BlobContainer,
  blob: string,
  file: FileHandle,
  received: Received,
  options: RequestOptions,
): Promise<Error | undefined> {
  const resumes = received.etag !== undefined && received.bytes > 0;
  const headers = resumes ? { range: `bytes=${String(received.bytes)}-`, 'if-match': received.etag ?? '' } : {};
  const answer = await container.stream({ method: 'GET', blob, headers, signal: options.signal });
  if (answer.status !== (resumes ? 206 : 200)) {
    answer.body.destroy();
    throw serviceErrorOf({ ...answer, text: '' }, `Downloading ${blob}`);
  }
  if (!resumes) {
    received.etag = answer.headers.etag;
    received.md5 = answer.headers['content-md5'];
    received.size = Number(answer.headers['content-length']);
  }
  try {
    for await (const chunk of answer.body) {
      const bytes = chunk as Buffer;
      await file.write(bytes, 0, bytes.byteLength, received.bytes);
      received.hash.update(bytes);
      received.bytes += bytes.byteLength;
    }
    return undefined;
  } catch (error) {
    return brokenOff(error);
  }
}

/** How much of a log one call returns at most. */
const rangeBytes = 4 * 1024 * 1024;

export interface RangeSettings {
  readonly http: HttpPipeline;
  /** Sends without a token: the SAS is part of the URL. */
  readonly anonymous: Sender;
  readonly clock: Clock;
}

/**
 * Bytes of a SAS URL from an offset on, at most 4 MiB a call; empty when nothing new is there, the blob is empty
 * (416, InvalidRange) or does not exist yet. What arrived before a connection broke is returned: it is in order.
 */
export async function readBlobRange(
  { http, anonymous, clock }: RangeSettings,
  url: string,
  fromByte: number,
  options: RequestOptions = {},
): Promise<Uint8Array> {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new UserError('A log has an address that is not https; it is not read.');
  }
  for (let interruptions = 0; ; interruptions++) {
    const { bytes, broken } = await readRangeOnce(anonymous, url, fromByte, options);
    options.signal?.throwIfAborted();
    if (broken === undefined || bytes.byteLength > 0) return bytes;
    if (interruptions >= mostInterruptions) throw await networkErrorOf(broken, http.reached(url));
    await clock.sleep(pollDelay(interruptions, undefined), options.signal);
  }
}

async function readRangeOnce(
  anonymous: Sender,
  url: string,
  fromByte: number,
  options: RequestOptions,
): Promise<{ readonly bytes: Uint8Array; readonly broken: Error | undefined }> {
  const range = `bytes=${String(fromByte)}-${String(fromByte + rangeBytes - 1)}`;
  const headers = { range, 'x-ms-version': storageApiVersion };
  const answer = await anonymous.stream({ method: 'GET', url, headers, signal: options.signal });
  if (answer.status === 416 || answer.status === 404) {
    answer.body.resume();
    return { bytes: new Uint8Array(), broken: undefined };
  }
  const { chunks, error } = await readAvailable(answer.body);
  const bytes = Buffer.concat(chunks);
  if (answer.status >= 300) throw serviceErrorOf({ ...answer, text: bytes.toString('utf8') }, 'Reading a log');
  const broken = error === undefined ? undefined : brokenOff(error);
  // A server that does not know ranges sends everything.
  return { bytes: answer.status === 200 ? bytes.subarray(fromByte, fromByte + rangeBytes) : bytes, broken };
}

async function readAvailable(body: AsyncIterable<unknown>): Promise<{ chunks: Buffer[]; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return { chunks, error: undefined };
  } catch (error) {
    return { chunks, error };
  }
}
