/** The pipelines of the migration guide run as they are printed there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { REPOSITORY } from './pipeline-job.ts';

/** The YAML blocks that stand below a line that begins with "After". */
function pipelinesAfter(guide: string): string[] {
  return [...guide.matchAll(/^After[^\n]*\n[^`]*```yaml\n(.*?)^```/gms)].map(([, yaml]) => yaml ?? '');
}

async function runPipeline(file: string, ...options: string[]): Promise<{ code: number; output: string }> {
  const args = ['--import', 'tsx', '--', 'local/main.ts', 'pipeline', file, '--speed', '150', ...options];
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<number>((resolve) =>
    child.once('close', (code) => {
      resolve(code ?? -1);
    }),
  );
  const output = await text(child.stdout);
  return { code: await closed, output };
}

describe('the migration guide', function () {
  this.timeout(180_000);
  const pipelines = pipelinesAfter(readFileSync(join(REPOSITORY, 'docs/migration.md'), 'utf8'));
  let folder: string;
  let output: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'migration-'));
    output = mkdtempSync(join(tmpdir(), 'migration-output-'));
    cpSync(join(REPOSITORY, 'templates/sample'), folder, { recursive: true });
  });
  after(() => {
    for (const each of [folder, output]) rmSync(each, { recursive: true, force: true });
  });

  it('shows two pipelines', () => {
    assert.equal(pipelines.length, 2);
  });

  for (const [index, yaml] of pipelines.entries()) {
    it(`shows pipeline ${index + 1} as it runs`, async () => {
      const file = join(folder, `after-${index}.yml`);
      writeFileSync(file, yaml);
      const repositories = [`secure-mlops=${REPOSITORY}`, `self=${folder}`].flatMap((each) => ['--repository', each]);
      const ended = await runPipeline(file, ...repositories, '--approve', 'production=yes', '--output', output);
      assert.equal(ended.code, 0, ended.output);
      assert.match(ended.output, /Succeeded/);
    });
  }
});
