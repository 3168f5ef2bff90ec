import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findStale } from '../../../scripts/generate.ts';

describe('finding what does not follow from task.json', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'generate-'));
    put('tasks/AmlTest/task.json', taskJson('apply'));
    put('tasks/AmlTest/README.md', '<!-- inputs:start --><!-- inputs:end -->\n');
    put('vss-extension.json', JSON.stringify({ id: 'x', publisher: 'p', version: '1.0.0' }));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function put(path: string, content: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }

  function taskJson(input: string): string {
    const inputs = [{ name: input, type: 'string', label: 'Input', helpMarkDown: 'Help.' }];
    const task = {
      id: 'i',
      name: 'AmlTest',
      friendlyName: 'Test',
      description: 'Tests.',
      version: { Major: 1 },
      inputs,
    };
    return JSON.stringify(task);
  }

  function writeAll(): void {
    for (const { file, content } of findStale({ root, acceptBreak: true })) put(file, content);
  }

  it('names every file, and none once they are written', () => {
    assert.deepEqual(
      findStale({ root }).map(({ file }) => file),
      ['tasks/AmlTest/task.gen.ts', 'tasks/AmlTest/README.md', 'vss-extension.json', 'test/contract/surface.json'],
    );
    writeAll();
    assert.deepEqual(findStale({ root }), []);
    assert.match(readFileSync(join(root, 'tasks/AmlTest/README.md'), 'utf8'), /\| `apply` \| text \|/);
  });

  it('sees a change by hand', () => {
    writeAll();
    put('tasks/AmlTest/task.gen.ts', '// mine\n');
    assert.deepEqual(
      findStale({ root }).map(({ file }) => file),
      ['tasks/AmlTest/task.gen.ts'],
    );
  });

  it('stops at a break of the surface until it is accepted', () => {
    writeAll();
    put('tasks/AmlTest/task.json', taskJson('renamed'));
    assert.throws(() => findStale({ root }), /AmlTest@1 apply is gone\. Keep the name as an alias/);
    assert.ok(findStale({ root, acceptBreak: true }).length > 0);
  });

  it('has nothing to say about a repository without tasks', () => {
    const empty = join(root, 'empty');
    mkdirSync(join(empty, 'tasks/common'), { recursive: true });
    mkdirSync(join(empty, 'test/contract'), { recursive: true });
    writeFileSync(join(empty, 'test/contract/surface.json'), '{}');
    assert.deepEqual(findStale({ root: empty }), []);
  });
});
