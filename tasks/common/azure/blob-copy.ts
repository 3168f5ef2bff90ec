/** Reads and writes whole blobs as streams: for content that goes from one storage account to another. */
import { createHash } from 'node:crypto';
import { ServiceError, UserError } from '../errors.ts';
import type { BlobEntry, BlobFingerprint, Clock, RequestOptions } from '../ports.ts';
import type { BlobContainer } from './blob-container.ts';
import { listBlobs } from './blob-read.ts';
import { blobName, commitBlocks, putBlock } from './blob-upload.ts';
import { brokenOff, readAll } from './http-client.ts';
import { pollDelay } from './long-running.ts';
import { forEachParallel } from './parallel.ts';
import { serviceErrorOf } from './service-error.ts';

/** Bytes of one request. */
const partBytes = 8 * 1024 * 1024;
const parallelBlobs = 8;
const mostInterruptions = 8;

/** Name, size and SHA-256 of every blob below a prefix, in code-point order of the names. Every byte is read. */
export async function fingerprintBlobs(
  container: BlobContainer,
  prefix: string,
  clock: Clock,
  options: RequestOptions = {},
): Promise<readonly BlobFingerprint[]> {
  const entries: BlobEntry[] = [];
  for await (const entry of listBlobs(container, prefix, options)) entries.push(entry);
  if (entries.length === 0 && prefix !== '' && (await exists(container, prefix, options))) {
    entries.push({ name: '', size: 0 });
  }
  const found: BlobFingerprint[] = [];
  await forEachParallel(
    entries,
    parallelBlobs,
    async ({ name }, signal) => {
      const hash = createHash('sha256');
      let size = 0;
      for await (const part of readBlob(container, blobName(prefix, name), clock, { signal })) {
        hash.update(part);
        size += part.byteLength;
      }
      found.push({ name, size, sha256: hash.digest('hex') });
    },
    options.signal,
  );
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

async function exists(container: BlobContainer, blob: string, options: RequestOptions): Promise<boolean> {
  const answer = await container.send({ method: 'HEAD', blob: blobName(blob, ''), signal: options.signal });
  if (answer.status !== 200 && answer.status !== 404) throw serviceErrorOf(answer, `The blob ${blob}`);
  return answer.status === 200;
}

/** A blob's bytes in order. Throws ServiceError when the blob changes meanwhile. */
export async function* readBlob(
  container: BlobContainer,
  blob: string,
  clock: Clock,
  options: RequestOptions = {},
): AsyncIterable<Uint8Array> {
  let etag: string | undefined;
  for (let offset = 0, size = 1; offset < size;) {
    const part = await readPart(container, blob, { offset, etag }, clock, options);
    etag ??= part.etag;
    size = part.size;
    if (part.bytes.byteLength > 0) yield part.bytes;
    if (part.bytes.byteLength === 0 && offset < size) throw cutShort(blob);
    offset += part.bytes.byteLength;
  }
}

interface Part {
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  /** Of the whole blob. */
  readonly size: number;
}

/** One part; a connection that breaks off is tried again, because nothing of the part has been handed on. */
async function readPart(
  container: BlobContainer,
  blob: string,
  from: { readonly offset: number; readonly etag: string | undefined },
  clock: Clock,
  options: RequestOptions,
): Promise<Part> {
  for (let interruptions = 0; ; interruptions++) {
    try {
      return await readPartOnce(container, blob, from, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof ServiceError || interruptions >= mostInterruptions) throw error;
      await clock.sleep(pollDelay(interruptions, undefined), options.signal);
    }
  }
}

async function readPartOnce(
  container: BlobContainer,
  blob: string,
  { offset, etag }: { readonly offset: number; readonly etag: string | undefined },
  options: RequestOptions,
): Promise<Part> {
  const answer = await container.stream({
    method: 'GET',
    blob,
    headers: {
      range: `bytes=${String(offset)}-${String(offset + partBytes - 1)}`,
      ...(etag === undefined ? {} : { 'if-match': etag }),
    },
    signal: options.signal,
  });
  // An empty blob has no range at all.
  if (answer.status === 416 && offset === 0) {
    answer.body.resume();
    return { bytes: new Uint8Array(), etag: undefined, size: 0 };
  }
  if (answer.status !== 206 && answer.status !== 200) {
    answer.body.destroy();
    throw serviceErrorOf({ ...answer, text: '' }, `Reading ${blob}`);
  }
  const bytes = await readAll(answer.body).catch((error: unknown) => {
    throw brokenOff(error);
  });
  const expected = Number(answer.headers['content-length'] ?? bytes.byteLength);
  if (bytes.byteLength !== expected) throw brokenOff(new Error(`${bytes.byteLength} of ${expected} bytes came.`));
  const whole = /\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1];
  return { bytes, etag: answer.headers.etag, size: whole === undefined ? bytes.byteLength : Number(whole) };
}

/** Writes a blob in blocks, each checked by its MD5; it appears, or is replaced, when it is whole. */
export async function writeBlob(
  container: BlobContainer,
  blob: string,
  content: AsyncIterable<Uint8Array>,
  options: RequestOptions = {},
): Promise<void> {
  const hash = createHash('md5');
  const blocks: string[] = [];
  const target = { container, blob, signal: options.signal };
  for await (const part of content) {
    if (part.byteLength > partBytes) throw new UserError(`${blob} came in parts that are too large.`);
    hash.update(part);
    const id = Buffer.from(String(blocks.length).padStart(6, '0')).toString('base64');
    await putBlock(target, id, part);
    blocks.push(id);
  }
  await commitBlocks(target, blocks, hash.digest('base64'));
}

function cutShort(blob: string): ServiceError {
  return new ServiceError({ status: 200, code: 'BlobCutShort', message: `${blob} ended before it was whole.` });
}
