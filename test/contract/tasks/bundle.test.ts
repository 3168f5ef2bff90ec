// The built tasks as they are shipped: what is in them, and that they run where nothing of ours lies around.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TASK_BUDGET } from '../../../scripts/bundle/inspect-bundle.ts';
import { readTasks, repositoryRoot } from '../../../scripts/task-contract.ts';
import { nodeRuntimes } from '../node-runtimes.ts';

const SHIPPED =
  /^(index\.cjs|post\.cjs|handlers\.cjs|task\.json|icon\.png|ThirdPartyNotices\.txt|\w+\.cjs\.LEGAL\.txt)$/;

for (const task of readTasks()) {
  const folder = join(repositoryRoot, 'dist/tasks', task.name);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.map')) : [];
  const code = files.filter((name) => name.endsWith('.cjs')).map((name) => readFileSync(join(folder, name), 'utf8'));

  describe(`the bundle of ${task.name}`, () => {
    let elsewhere: string;
    before(() => {
      elsewhere = mkdtempSync(join(tmpdir(), 'bundle-'));
    });
    after(() => {
      rmSync(elsewhere, { recursive: true });
    });

    it('holds what a task needs and nothing else', () => {
      for (const name of ['index.cjs', 'task.json', 'icon.png', 'ThirdPartyNotices.txt']) {
        assert.ok(files.includes(name), `${name} is missing; run \`npm run build\``);
      }
      for (const name of files) assert.match(name, SHIPPED);
      assert.deepEqual(JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')), task.json);
    });

    it('keeps to its budget', () => {
      const size = code.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      assert.ok(size > 1000 && size <= TASK_BUDGET, `${size} bytes`);
    });

    it('needs nothing but Node, and tells nothing of the machine it was built on', () => {
      const required = code.flatMap((text) =>
        [...text.matchAll(/\brequire\("([^"]+)"\)/g)].flatMap((match) => match[1] ?? []),
      );
      for (const name of new Set(required)) {
        assert.ok(builtinModules.includes(name.replace(/^node:/, '')), `it requires ${name}`);
      }
      for (const place of [repositoryRoot, homedir()].filter((path) => path.length > 5)) {
        assert.ok(!code.some((text) => text.includes(place)), `it names ${place}`);
      }
    });

    for (const { name: runtime, path: node } of nodeRuntimes()) {
      it(`starts on ${runtime} and says what it lacks`, () => {
        const copy = join(elsewhere, 'task');
        cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.map') });
        for (const target of ['index.cjs', 'post.cjs'].filter((name) => files.includes(name))) {
          const run = spawnSync(node, [join(copy, target)], {
            cwd: elsewhere,
            env: { PATH: process.env.PATH, AGENT_TEMPDIRECTORY: elsewhere },
            encoding: 'utf8',
          });
          const lines = run.stdout.trimEnd().split('\n');
          assert.equal(run.status, 0, run.stdout + run.stderr);
          assert.equal(run.stderr, '');
          assert.match(lines.at(-1) ?? '', /^##vso\[task\.complete result=(Failed|Succeeded);\]$/);
          if (target === 'post.cjs') continue;
          assert.match(run.stdout, /##vso\[task\.logissue type=error;\]Input '\w+' is required/);
          assert.doesNotMatch(run.stdout, /defect of ours/);
        }
      });
    }
  });
}
