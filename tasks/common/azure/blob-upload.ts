/**
 * Uploads files to a container: in parallel with bounded memory, each verified by its MD5, and as a whole marked
 * complete on the first blob once all the others are there, so that an interrupted upload is taken up again.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { ServiceError, UserError } from '../errors.ts';
import type { LocalFile, UploadProgress, UploadRequest, UploadResult } from '../ports.ts';
import type { BlobContainer } from './blob-container.ts';
import type { HttpAnswer } from './http-pipeline.ts';
import { serviceErrorOf } from './service-error.ts';
import { createLimiter, forEachParallel } from './parallel.ts';
import type { Limiter } from './parallel.ts';

/** A file up to this size is one request; a larger one is sent in blocks. Also what one request keeps in memory. */
const blockBytes = 4 * 1024 * 1024;
const mostBlocks = 50_000;
const parallelRequests = 16;

/** The service's marker of a whole upload, on the first blob. */
const marker = { name: 'upload_status', value: 'completed' } as const;

export async function uploadFiles(
  container: BlobContainer,
  prefix: string,
  request: Omit<UploadRequest, 'target'>,
): Promise<UploadResult> {
  const files = request.files.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const [first, ...others] = files;
  if (first === undefined) throw new UserError('There is no file to upload.');
  const found = await container.send({ method: 'HEAD', blob: blobName(prefix, first.name), signal: request.signal });
  if (found.status !== 404 && found.status >= 300) throw serviceErrorOf(found, `The blob ${first.name}`);
  const earlier = metadataOf(found);
  if (found.status === 200 && earlier[marker.name] === marker.value) {
    return { containerUrl: container.url, uploaded: 0, metadata: earlier };
  }
  const upload = startUpload(container, prefix, files, found.status === 200, request);
  await forEachParallel(others, parallelRequests, (file, signal) => upload.file(file, signal), request.signal);
  await upload.file(first, request.signal);
  const metadata = { ...request.metadata, [marker.name]: marker.value };
  await writeMetadata(container, blobName(prefix, first.name), metadata, request.signal);
  return { containerUrl: container.url, uploaded: upload.uploaded(), metadata };
}

/** A blob's name below a prefix; either may be empty. */
export function blobName(prefix: string, name: string): string {
  return [prefix.replace(/^\/+|\/+$/g, ''), name.replace(/^\/+/, '')].filter((part) => part !== '').join('/');
}

/** A blob that is written in blocks. */
export interface BlockTarget {
  readonly container: BlobContainer;
  readonly blob: string;
  readonly signal: AbortSignal | undefined;
}

interface Target extends BlockTarget {
  /** Nothing there is replaced, unless an earlier upload was broken off by somebody who wrote the first blob first. */
  readonly mayReplace: boolean;
}

function startUpload(
  container: BlobContainer,
  prefix: string,
  files: readonly LocalFile[],
  mayReplace: boolean,
  request: Pick<UploadRequest, 'onProgress'>,
) {
  const limiter = createLimiter(parallelRequests);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  let progress: UploadProgress = { files: files.length, filesDone: 0, bytes, bytesDone: 0 };
  let uploaded = 0;
  const advance = (change: { files?: number; bytes?: number }) => {
    progress = {
      ...progress,
      filesDone: progress.filesDone + (change.files ?? 0),
      bytesDone: progress.bytesDone + (change.bytes ?? 0),
    };
    request.onProgress?.(progress);
  };
  return {
    uploaded: () => uploaded,
    async file(file: LocalFile, signal: AbortSignal | undefined): Promise<void> {
      const target = { container, blob: blobName(prefix, file.name), mayReplace, signal };
      const advanceBytes = (count: number) => {
        advance({ bytes: count });
      };
      const isNew =
        file.size <= blockBytes
          ? await limiter.run(() => putWhole(target, file))
          : await putInBlocks(target, file, limiter, advanceBytes);
      if (file.size <= blockBytes || !isNew) advanceBytes(file.size);
      if (isNew) uploaded += 1;
      advance({ files: 1 });
    },
  };
}

/** True when the blob was written, false when an equal one was already there. */
async function putWhole(target: Target, file: LocalFile): Promise<boolean> {
  const content = await readFile(file.path);
  if (content.byteLength !== file.size) throw changed(file);
  const md5 = createHash('md5').update(content).digest('base64');
  const put = (mayReplace: boolean) =>
    target.container.send({
      method: 'PUT',
      blob: target.blob,
      headers: {
        'x-ms-blob-type': 'BlockBlob',
        'content-type': 'application/octet-stream',
        ...(content.byteLength === 0 ? {} : { 'content-md5': md5 }),
        ...(mayReplace ? {} : { 'if-none-match': '*' }),
      },
      body: content,
      signal: target.signal,
    });
  const answer = await put(target.mayReplace);
  if (answer.status !== 409 && answer.status !== 412) return checkStored(answer, target.blob, md5);
  // Something is there already. What is equal is kept: a run beside us, or our own request whose answer was lost.
  // Anything else is what a broken upload left, for the name holds the content's hash.
  const head = await target.container.send({ method: 'HEAD', blob: target.blob, signal: target.signal });
  if (head.status === 200 && (await isEqual(head, file.size, () => Promise.resolve(md5)))) return false;
  return checkStored(await put(true), target.blob, md5);
}

/** As `putWhole`, for files of any size; memory holds no more than the blocks on their way. */
async function putInBlocks(
  target: Target,
  file: LocalFile,
  limiter: Limiter,
  onBytes: (count: number) => void,
): Promise<boolean> {
  const head = await target.container.send({ method: 'HEAD', blob: target.blob, signal: target.signal });
  if (head.status === 200 && (await isEqual(head, file.size, () => md5Of(file)))) return false;
  const { blocks, md5 } = await putBlocks(target, file, limiter, onBytes);
  await commitBlocks(target, blocks, md5);
  return true;
}

/** Makes a blob of blocks that were put; `md5` is that of the whole, in base64. */
export async function commitBlocks(target: BlockTarget, blocks: readonly string[], md5: string): Promise<void> {
  const list = blocks.map((id) => `<Latest>${id}</Latest>`).join('');
  const answer = await target.container.send({
    method: 'PUT',
    blob: target.blob,
    query: { comp: 'blocklist' },
    headers: {
      'content-type': 'application/xml',
      'x-ms-blob-content-type': 'application/octet-stream',
      'x-ms-blob-content-md5': md5,
    },
    body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`,
    signal: target.signal,
  });
  if (answer.status !== 201) throw serviceErrorOf(answer, `Writing ${target.blob}`);
}

/** Reads the file once, in order; as many blocks are on their way as the limiter has room for. */
async function putBlocks(target: Target, file: LocalFile, limiter: Limiter, onBytes: (count: number) => void) {
  const size = Math.max(blockBytes, Math.ceil(file.size / mostBlocks));
  const offsets = Array.from({ length: Math.ceil(file.size / size) }, (_, index) => index * size);
  const blocks = offsets.map((_, index) => Buffer.from(String(index).padStart(6, '0')).toString('base64'));
  const hash = createHash('md5');
  const handle = await open(file.path, 'r');
  try {
    // Reads follow one another, because the hash of the whole file needs them in order.
    let lastRead: Promise<unknown> = Promise.resolve();
    const putAt = async (offset: number, signal: AbortSignal): Promise<void> => {
      const read = lastRead.then(() => readFully(handle, file, offset, Math.min(size, file.size - offset)));
      lastRead = read;
      const chunk = await read;
      hash.update(chunk);
      await putBlock({ ...target, signal }, blocks[offset / size] ?? '', chunk);
      onBytes(chunk.byteLength);
    };
    const putLimited = (offset: number, signal: AbortSignal) => limiter.run(() => putAt(offset, signal));
    await forEachParallel(offsets, parallelRequests, putLimited, target.signal);
    if ((await handle.stat()).size !== file.size) throw changed(file);
  } finally {
    await handle.close();
  }
  return { blocks, md5: hash.digest('base64') };
}

async function readFully(handle: FileHandle, file: LocalFile, offset: number, length: number): Promise<Buffer> {
  const chunk = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await handle.read(chunk, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw changed(file);
    filled += bytesRead;
  }
  return chunk;
}

/** Puts one block, checked by its MD5; the blob does not change before `commitBlocks`. */
export async function putBlock(target: BlockTarget, blockid: string, chunk: Uint8Array): Promise<void> {
  const answer = await target.container.send({
    method: 'PUT',
    blob: target.blob,
    query: { comp: 'block', blockid },
    headers: { 'content-md5': createHash('md5').update(chunk).digest('base64') },
    body: chunk,
    signal: target.signal,
  });
  if (answer.status !== 201) throw serviceErrorOf(answer, `Writing a block of ${target.blob}`);
}

async function isEqual(head: HttpAnswer, size: number, md5: () => Promise<string>): Promise<boolean> {
  if (Number(head.headers['content-length']) !== size) return false;
  return size === 0 || head.headers['content-md5'] === (await md5());
}

/** The service refuses what does not have the MD5 we sent, and answers with the one it stored. */
function checkStored(answer: HttpAnswer, blob: string, md5: string): true {
  if (answer.status !== 201) throw serviceErrorOf(answer, `Writing ${blob}`);
  const stored = answer.headers['content-md5'];
  if (stored === undefined || stored === md5) return true;
  throw new ServiceError({
    status: answer.status,
    code: 'Md5Mismatch',
    message: `${blob} was not stored as it was sent.`,
    requestId: answer.headers['x-ms-request-id'],
  });
}

async function md5Of(file: LocalFile): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(file.path)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}

async function writeMetadata(
  container: BlobContainer,
  blob: string,
  metadata: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const headers = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]));
  const answer = await container.send({ method: 'PUT', blob, query: { comp: 'metadata' }, headers, signal });
  if (answer.status !== 200) throw serviceErrorOf(answer, `Marking ${blob} as uploaded`);
}

function metadataOf(answer: HttpAnswer): Readonly<Record<string, string>> {
  const prefix = 'x-ms-meta-';
  return Object.fromEntries(
    Object.entries(answer.headers).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );
}

function changed(file: LocalFile): UserError {
  return new UserError(`${file.path} changed while it was uploaded. Run the task again.`);
}
