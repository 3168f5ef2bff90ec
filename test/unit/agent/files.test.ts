import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFiles } from '../../../tasks/common/agent/files.ts';
import { UserError } from '../../../tasks/common/errors.ts';

async function bytes(path: string, size?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of nodeFiles.read(path, size)) chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}

describe('files on the agent', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'files-')));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('answers undefined for what is not there', async () => {
    writeFileSync(join(folder, 'file'), '');
    for (const path of [join(folder, 'missing'), join(folder, 'file', 'below')]) {
      assert.equal(await nodeFiles.readText(path), undefined);
      assert.equal(await nodeFiles.stat(path), undefined);
      assert.equal(await nodeFiles.list(path), undefined);
      assert.equal(await nodeFiles.realPath(path), undefined);
    }
  });

  it('reads text without a byte order mark', async () => {
    writeFileSync(join(folder, 'a.yml'), '\ufeffname: ü\n');
    assert.equal(await nodeFiles.readText(join(folder, 'a.yml')), 'name: ü\n');
  });

  it('reads files of any size, whole and unchanged', async () => {
    for (const size of [0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_500_000]) {
      const content = randomBytes(size);
      writeFileSync(join(folder, 'data'), content);
      const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
      for (const known of [undefined, size]) {
        assert.equal(hash(await bytes(join(folder, 'data'), known)), hash(content), `${size}, known ${known}`);
      }
    }
  });

  it('says what is in a folder, and which of it are links', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'file'), 'x');
    symlinkSync(join(folder, 'sub'), join(folder, 'to-sub'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'to-nowhere'));
    const entries = await nodeFiles.list(folder);
    assert.deepEqual(
      [...(entries ?? [])].sort((left, right) => (left.name < right.name ? -1 : 1)),
      [
        { name: 'file', kind: 'file', isLink: false },
        { name: 'sub', kind: 'folder', isLink: false },
        { name: 'to-nowhere', kind: 'other', isLink: true },
        { name: 'to-sub', kind: 'folder', isLink: true },
      ],
    );
    assert.equal(await nodeFiles.realPath(join(folder, 'to-sub')), join(folder, 'sub'));
    assert.deepEqual(await nodeFiles.stat(join(folder, 'to-sub')), { kind: 'folder', size: 0 });
    assert.deepEqual(await nodeFiles.stat(join(folder, 'file')), { kind: 'file', size: 1 });
  });

  it('tells the user what is there but cannot be read', async () => {
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
    await assert.rejects(nodeFiles.stat(join(folder, 'loop')), UserError);
    await assert.rejects(nodeFiles.readText(folder), /it is a folder/);
    await assert.rejects(bytes(join(folder, 'missing')), /it does not exist/);
    if (process.getuid?.() === 0) return;
    writeFileSync(join(folder, 'locked'), 'x');
    chmodSync(join(folder, 'locked'), 0);
    await assert.rejects(nodeFiles.readText(join(folder, 'locked')), /the agent may not read it/);
  });
});
