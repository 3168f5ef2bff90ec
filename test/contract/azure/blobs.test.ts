import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startEmulator } from '../../../local/emulator/emulator.ts';
import type { Emulator } from '../../../local/emulator/emulator.ts';
import { CancelledError, ServiceError, UserError } from '../../../tasks/common/errors.ts';
import type { BlobTarget, LocalFile, UploadProgress, UploadRequest } from '../../../tasks/common/ports.ts';
import { openEmulated } from './emulated-workspace.ts';

const datastore = 'workspaceblobstore';

describe('blobs against the emulator', () => {
  let emulator: Emulator;
  let folder: string;

  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.close());
  beforeEach(() => {
    emulator.clearFaults();
    emulator.clearRequests();
    folder = mkdtempSync(join(tmpdir(), 'azure-blobs-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const files = (contents: Record<string, string | Buffer>): LocalFile[] =>
    Object.entries(contents).map(([name, content]) => {
      const path = join(folder, 'source', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return { path, name, size: Buffer.byteLength(content) };
    });
  const target = (prefix: string): BlobTarget => ({ kind: 'datastore', datastore, prefix });
  const request = (prefix: string, contents: Record<string, string | Buffer>): UploadRequest => ({
    target: target(prefix),
    files: files(contents),
    metadata: { name: 'n', version: '1' },
  });
  const writes = () => emulator.requests({ plane: 'blob', method: 'PUT' });
  const containerName = async () => {
    const { workspace } = await openEmulated(emulator);
    const found = await workspace.get(`datastores/${datastore}`);
    return String((found?.properties as Record<string, unknown>).containerName);
  };
  /** As the official client, straight at the storage server, sees it. */
  const stored = async (name: string) =>
    emulator.context.blobs.read({ account: 'stmlops', container: await containerName(), name });

  it('uploads a folder by the own identity, whole, in any alphabet, and marks it complete', async () => {
    const contents = {
      'train.py': 'print(1)\n',
      'data/größe 1%.csv': 'a,b\n1,2\n',
      'empty.txt': '',
      'big.bin': randomBytes(9_500_000),
    };
    const { workspace, secrets, lines } = await openEmulated(emulator);
    const seen: UploadProgress[] = [];
    const onProgress = (progress: UploadProgress) => seen.push(progress);
    const result = await workspace.storage.upload({ ...request('LocalUpload/h1/src', contents), onProgress });
    assert.equal(result.uploaded, 4);
    assert.equal(result.containerUrl, `https://stmlops.blob.core.windows.net/${await containerName()}`);
    for (const [name, content] of Object.entries(contents)) {
      assert.deepEqual(await stored(`LocalUpload/h1/src/${name}`), Buffer.from(content), name);
    }
    assert.deepEqual(seen.at(-1), { files: 4, filesDone: 4, bytes: 9_500_017, bytesDone: 9_500_017 });
    assert.equal(emulator.requests({ path: 'listSecrets' }).length, 0, 'no secret was asked for');
    assert.ok(secrets.length > 0);
    assert.doesNotMatch(lines.join('\n'), /eyJ|sig=/);
  });

  it('uploads nothing the second time, and hands back who uploaded it', async () => {
    const { workspace } = await openEmulated(emulator);
    const once = request('LocalUpload/h2/src', { 'b.py': 'b', 'a.py': 'a' });
    assert.equal((await workspace.storage.upload(once)).uploaded, 2);
    emulator.clearRequests();
    const again = await workspace.storage.upload({ ...once, metadata: { name: 'other', version: '9' } });
    assert.equal(again.uploaded, 0);
    assert.deepEqual([again.metadata.name, again.metadata.version], ['n', '1']);
    assert.equal(writes().length, 0);
  });

  it('takes an interrupted upload up again: what is there stays, what is broken is replaced', async () => {
    const contents = { 'a.py': 'first', 'b.py': 'second', 'c.py': 'third' };
    await emulator.context.blobs.write(
      { account: 'stmlops', container: await containerName(), name: 'LocalUpload/h3/src/b.py' },
      'second',
    );
    await emulator.context.blobs.write(
      { account: 'stmlops', container: await containerName(), name: 'LocalUpload/h3/src/c.py' },
      'thi',
    );
    const { workspace } = await openEmulated(emulator);
    const result = await workspace.storage.upload(request('LocalUpload/h3/src', contents));
    assert.equal(result.uploaded, 2);
    assert.equal((await stored('LocalUpload/h3/src/c.py'))?.toString(), 'third');
  });

  it('survives dropped connections and a busy service in the middle', async () => {
    const contents = { 'a.bin': randomBytes(5_000_000), 'b.txt': 'b', 'c.txt': 'c' };
    emulator.addFaults([
      { match: { plane: 'blob', method: 'PUT' }, action: { kind: 'drop', when: 'after' }, count: 2 },
      { match: { plane: 'blob', method: 'PUT' }, action: { kind: 'respond', status: 503 }, after: 2, count: 2 },
    ]);
    const { workspace } = await openEmulated(emulator);
    await workspace.storage.upload(request('LocalUpload/h4/src', contents));
    for (const [name, content] of Object.entries(contents)) {
      assert.deepEqual(await stored(`LocalUpload/h4/src/${name}`), Buffer.from(content), name);
    }
  });

  it('does not mark an upload complete that was cancelled', async () => {
    const { workspace } = await openEmulated(emulator);
    const cancel = new AbortController();
    const upload = workspace.storage.upload({
      ...request('LocalUpload/h5/src', { 'a.py': 'a', 'b.py': 'b', 'c.py': 'c' }),
      onProgress: () => {
        cancel.abort(new CancelledError());
      },
      signal: cancel.signal,
    });
    await assert.rejects(upload, CancelledError);
    assert.equal(emulator.requests({ plane: 'blob', query: 'comp=metadata' }).length, 0);
    const rest = await workspace.storage.upload(
      request('LocalUpload/h5/src', { 'a.py': 'a', 'b.py': 'b', 'c.py': 'c' }),
    );
    assert.ok(rest.uploaded > 0);
  });

  it('notices a file that changes while it is uploaded', async () => {
    const { workspace } = await openEmulated(emulator);
    const changing = request('LocalUpload/h6/src', { 'a.py': 'abc' });
    writeFileSync(join(folder, 'source', 'a.py'), 'abcdef');
    await assert.rejects(workspace.storage.upload(changing), UserError);
  });

  it('uploads to the root of a container by its SAS alone', async () => {
    const container = await containerName();
    const sasUrl = emulator.context.blobs.sasUrl({
      account: 'stmlops',
      container,
      permissions: 'racwl',
      lifetimeMs: 3_600_000,
    });
    const { workspace, secrets, lines } = await openEmulated(emulator);
    emulator.clearRequests();
    const sas: BlobTarget = { kind: 'sas', containerUrl: sasUrl, prefix: 'src' };
    const result = await workspace.storage.upload({ ...request('', { 'x.py': 'x' }), target: sas });
    assert.equal(result.containerUrl, sasUrl.split('?')[0]);
    assert.ok(emulator.requests({ plane: 'blob' }).length > 0);
    assert.ok(emulator.requests().every(({ headers }) => headers.authorization === undefined));
    const signature = new URL(sasUrl).searchParams.get('sig') ?? '';
    assert.ok(secrets.includes(signature));
    assert.ok(!lines.join('\n').includes(signature));
    assert.equal(await workspace.storage.readText(sas, 'x.py'), 'x');
  });

  const refuseEntra = () => {
    emulator.addFaults([
      {
        match: { plane: 'blob', query: '^(?!.*sig=)' },
        action: {
          kind: 'respond',
          status: 403,
          headers: { 'x-ms-error-code': 'AuthorizationPermissionMismatch' },
          body: '',
        },
      },
    ]);
  };

  it('falls back to a SAS of one hour when the own identity is refused', async () => {
    refuseEntra();
    const { workspace, secrets } = await openEmulated(emulator);
    await workspace.storage.upload(request('LocalUpload/h7/src', { 'a.py': 'a', 'b.py': 'b' }));
    assert.equal((await stored('LocalUpload/h7/src/b.py'))?.toString(), 'b');
    assert.equal(emulator.requests({ path: 'listSecrets' }).length, 1, 'asked for once');
    assert.ok(!secrets.includes(emulator.settings.storageKey), 'the key was not handed out');
  });

  it('uses the account key only where that is allowed', async () => {
    refuseEntra();
    const keyOnly = {
      match: { plane: 'arm', path: 'listSecrets' },
      action: {
        kind: 'respond',
        status: 200,
        body: { secretsType: 'AccountKey', key: emulator.settings.storageKey },
      },
    } as const;
    emulator.addFaults([keyOnly]);
    const careful = await openEmulated(emulator);
    const error = await careful.workspace.storage.upload(request('LocalUpload/h8/src', { 'a.py': 'a' })).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, 'AuthorizationPermissionMismatch');
    assert.match(error.hint ?? '', /"Storage Blob Data Contributor" on the storage account stmlops.*allowStorageKey/);
    const allowed = await openEmulated(emulator, { allowStorageKey: true });
    await allowed.workspace.storage.upload(request('LocalUpload/h8/src', { 'a.py': 'a' }));
    assert.equal((await stored('LocalUpload/h8/src/a.py'))?.toString(), 'a');
    assert.ok(allowed.secrets.includes(emulator.settings.storageKey), 'and masked');
  });

  it('lists, reads and downloads below a prefix', async () => {
    const { workspace } = await openEmulated(emulator);
    const big = randomBytes(3_000_000);
    await workspace.storage.upload(request('models/m', { MLmodel: 'flavors:\n', 'data/model.bin': big }));
    const listed: string[] = [];
    for await (const { name, size } of workspace.storage.list(target('models/m')))
      listed.push(`${name} ${String(size)}`);
    assert.deepEqual(listed, ['MLmodel 9', 'data/model.bin 3000000']);
    assert.equal(await workspace.storage.readText(target('models/m'), 'MLmodel'), 'flavors:\n');
    assert.equal(await workspace.storage.readText(target('models/m'), 'nothing'), undefined);

    emulator.addFaults([
      { match: { plane: 'blob', method: 'GET' }, action: { kind: 'truncate', bytes: 1_000_000 }, count: 1 },
    ]);
    const path = join(folder, 'out', 'model.bin');
    await workspace.storage.download(target('models/m'), 'data/model.bin', path);
    assert.equal(md5(readFileSync(path)), md5(big));
    assert.deepEqual(readdirSync(dirname(path)), ['model.bin'], 'no partial file is left');
    const parts = emulator.requests({ plane: 'blob', method: 'GET', path: 'model.bin' });
    assert.match(parts.at(-1)?.headers.range ?? '', /^bytes=[1-9]\d*-$/, 'taken up where it broke');
    await assert.rejects(workspace.storage.download(target('models/m'), 'nothing', join(folder, 'x')), ServiceError);
    assert.ok(!readdirSync(folder).includes('x'));
  });

  it('reads a growing log by range: each byte once, nothing where nothing is new', async () => {
    const container = await containerName();
    const place = { account: 'stmlops', container, name: 'logs/std_log.txt' };
    const url = emulator.context.blobs.sasUrl({ ...place, permissions: 'r', lifetimeMs: 3_600_000 });
    const { workspace } = await openEmulated(emulator);
    const text = async (from: number) => Buffer.from(await workspace.storage.readRange(url, from)).toString();
    assert.equal(await text(0), '', 'not there yet');
    await emulator.context.blobs.append(place, 'one\n');
    assert.equal(await text(0), 'one\n');
    assert.equal(await text(4), '', 'nothing new');
    await emulator.context.blobs.append(place, 'two\n');
    assert.equal(await text(4), 'two\n');
    emulator.addFaults([{ match: { plane: 'blob', method: 'GET' }, action: { kind: 'truncate', bytes: 3 }, count: 1 }]);
    let read = await text(0);
    while (read.length < 8) read += await text(read.length);
    assert.equal(read, 'one\ntwo\n', 'each byte once, also where the connection breaks');
  });

  it('names a datastore that is missing', async () => {
    const { workspace } = await openEmulated(emulator);
    const missing = workspace.storage.readText({ kind: 'datastore', datastore: 'nowhere', prefix: '' }, 'x');
    await assert.rejects(missing, /no datastore 'nowhere'/);
  });
});

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
