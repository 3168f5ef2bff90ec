/** Files far larger than the memory there may be for them: read, hashed and uploaded chunk by chunk. */
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFiles } from '../../../tasks/common/agent/files.ts';
import { contentHash } from '../../../tasks/common/aml-yaml/content-hash.ts';
import type { BlobCall, BlobContainer } from '../../../tasks/common/azure/blob-container.ts';
import { uploadFiles } from '../../../tasks/common/azure/blob-upload.ts';

/** Takes no room on the disk: nothing is written into it. LARGE_FILE_MB makes it as large as anybody likes. */
const SIZE = Number(process.env.LARGE_FILE_MB ?? 640) * 1024 * 1024;
/** Far less than the file, far more than what is on its way at once. */
const MOST_GROWTH = 250 * 1024 * 1024;

describe('a file that is larger than the memory for it', function () {
  this.timeout(600_000);
  let folder: string;
  let path: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'large-files-'));
    path = join(folder, 'model.bin');
    const file = openSync(path, 'w');
    ftruncateSync(file, SIZE);
    closeSync(file);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('is hashed without being held', async () => {
    const before = process.memoryUsage.rss();
    const hash = await contentHash(nodeFiles, [{ path, name: 'model.bin', size: SIZE }]);
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.ok(process.memoryUsage.rss() - before < MOST_GROWTH);
  });

  it('is uploaded in blocks without being held, all of it', async () => {
    const before = process.memoryUsage.rss();
    const sink = new Sink();
    const progress: number[] = [];
    const result = await uploadFiles(sink, '', {
      files: [{ path, name: 'model.bin', size: SIZE }],
      metadata: {},
      onProgress: ({ bytesDone }) => progress.push(bytesDone),
    });
    assert.equal(result.uploaded, 1);
    assert.equal(sink.bytes, SIZE);
    assert.equal(progress.at(-1), SIZE);
    assert.ok(progress.length > 100, 'progress is told on the way');
    assert.ok(sink.largestRss - before < MOST_GROWTH, `grew by ${(sink.largestRss - before) / 1e6} MB`);
  });
});

/** A container that forgets what it gets. */
class Sink implements BlobContainer {
  readonly url = 'https://account.blob.core.windows.net/container';
  bytes = 0;
  largestRss = 0;

  async send({ method, query = {}, body }: BlobCall) {
    // As from a server: later.
    await new Promise((resolve) => setImmediate(resolve));
    this.largestRss = Math.max(this.largestRss, process.memoryUsage.rss());
    if (query.comp === 'block') this.bytes += body?.length ?? 0;
    return { status: method === 'HEAD' ? 404 : query.comp === 'metadata' ? 200 : 201, headers: {}, text: '' };
  }

  stream(): never {
    throw new Error('Nothing is read.');
  }
}
