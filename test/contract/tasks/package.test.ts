// The extension as it is uploaded.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageExtension, type Packed } from '../../../scripts/package.ts';
import { readTasks, type TaskJson } from '../../../scripts/task-contract.ts';

describe('the package', () => {
  const tasks = readTasks();
  let outputFolder: string;
  let packed: Packed;
  before(() => {
    outputFolder = mkdtempSync(join(tmpdir(), 'package-'));
    packed = packageExtension({ version: '9.8.7', ring: 'test', outputFolder });
  });
  after(() => {
    rmSync(outputFolder, { recursive: true });
  });

  function staged(path: string): unknown {
    return JSON.parse(readFileSync(join(outputFolder, 'extension', path), 'utf8'));
  }

  it('holds every task with all its handlers run', () => {
    const names = packed.entries.map((entry) => entry.name);
    for (const { name, json } of tasks) {
      const handlers = [json.execution, json.postjobexecution].flatMap((phase) => Object.values(phase ?? {}));
      for (const file of ['task.json', 'icon.png', ...handlers.map(({ target }) => target)]) {
        assert.ok(names.includes(`tasks/${name}/${file}`), `tasks/${name}/${file}`);
      }
    }
    assert.ok(names.includes('LICENSE') && names.includes('extension.vsixmanifest'));
  });

  it('holds neither source maps nor sources', () => {
    const strangers = packed.entries.filter(({ name }) => /\.(map|ts)$|node_modules/.test(name));
    assert.deepEqual(strangers, []);
  });

  it('carries the version and the ring in the manifest and in every task', () => {
    const manifest = staged('vss-extension.json') as { readonly id: string; readonly version: string };
    assert.equal(manifest.version, '9.8.7');
    assert.match(manifest.id, /-test$/);
    for (const { name, json } of tasks) {
      const shipped = staged(`tasks/${name}/task.json`) as TaskJson;
      assert.deepEqual(shipped.version, { Major: json.version.Major, Minor: 8, Patch: 7 });
      assert.notEqual(shipped.id, json.id);
      assert.deepEqual(shipped.inputs, json.inputs);
    }
  });
});
