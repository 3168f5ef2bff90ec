import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { installedNodeBinaries } from '../../local/agent/handler.ts';

const DEMO = fileURLToPath(new URL('../../local/demo.ts', import.meta.url));

/** Runs the demo with a temporary folder of its own; returns exit code, output, and what it left in that folder. */
async function demo(folder: string, ...args: string[]): Promise<{ code: number; output: string; left: string[] }> {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const child = spawn(process.execPath, ['--import', 'tsx', DEMO, '--output', join(folder, 'output'), ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise<number>((resolve) =>
    child.once('close', (code) => {
      resolve(code ?? -1);
    }),
  );
  const output = await text(child.stdout);
  const left = readdirSync(temporary).filter((name) => !name.startsWith('tsx-'));
  return { code: await closed, output, left };
}

/** Gate outcomes in the order of the runs. */
const gates = (output: string): string[] =>
  [...output.matchAll(/^ {2}Gate: (\w+)\.$/gm)].map(([, outcome]) => outcome ?? '');

describe('the demo', function () {
  this.timeout(600_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
    mkdirSync(join(folder, 'state'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('promotes a first model, keeps it against an equal one, and replaces it by a better one', async () => {
    const { code, output, left } = await demo(folder, '--state', join(folder, 'state'));
    assert.equal(code, 0, output);
    assert.deepEqual(gates(output), ['promote', 'keepChampion', 'promote']);
    assert.match(output, /Everything the demo claims was found in the workspaces\./);
    assert.match(output, / {2}\? breast-cancer-prod asks for approval of finishProd: approved/);
    assert.match(output, /^ {2}prod: 2 models, deployments blue, green, traffic green 100 %\.$/m);
    assert.deepEqual(left, []);
  });

  it('goes on from a kept state, and leaves production alone without approval; on Node 24 and with a secret', async () => {
    const node24 = installedNodeBinaries().node24 !== undefined;
    const { code, output } = await demo(
      folder,
      '--state',
      join(folder, 'state'),
      '--auth',
      'secret',
      '--approve',
      'breast-cancer-prod=no',
      ...(node24 ? ['--node', '24'] : []),
    );
    assert.equal(code, 0, output);
    assert.deepEqual(gates(output), ['keepChampion', 'promote']);
    assert.match(output, /^ {2}Deploy breast-cancer +Failed/m);
    assert.match(output, /^ {2}prod: 2 models, deployments blue, green, traffic green 100 %\.$/m);
  });
});
