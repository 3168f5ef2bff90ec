/** The emulator as a process: how it begins, what it says, and that it never outlives whoever started it. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator } from '../../local/emulator/emulator.ts';
import { textAt } from '../../local/emulator/json.ts';
import { applicationToken } from './emulator.ts';
import { send, until } from './job-workspace.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// Node 20 takes an --env-file for its own wherever nothing says that its options have ended.
const MAIN = ['--', 'dist/emulator/main.mjs'];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...MAIN, ...args], { cwd: ROOT }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

function readVariables(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Resolves with the URL once the emulator says that it is ready. */
async function ready(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8');
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const url = /ready at (http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`The emulator did not become ready: ${text}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = (pid: number): Promise<true> =>
  until(() => Promise.resolve(isAlive(pid) ? undefined : (true as const)), `process ${pid} to end`);

describe('the emulator as a process', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'emulator-process-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes the environment for its owner alone, ends on SIGTERM and leaves no folder behind', async () => {
    const file = join(folder, 'emulator.env');
    const child = spawn(process.execPath, [...MAIN, '--env-file', file, '--workspace', 'mine'], { cwd: ROOT });
    const url = await ready(child);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const variables = readVariables(file);
    assert.equal(variables.HTTPS_PROXY, url);
    assert.equal(variables.LOCAL_WORKSPACE, 'mine');
    assert.match(variables.AZURE_CLIENT_SECRET ?? '', /.{20}/);
    assert.equal(existsSync(variables.NODE_EXTRA_CA_CERTS ?? ''), true);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.equal(existsSync(variables.NODE_EXTRA_CA_CERTS ?? ''), false);
  });

  it('says in one sentence that its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await run('--port', String(port));
    server.close();
    assert.equal(ended.code, 1);
    assert.equal(ended.stderr, `Port ${port} is taken by another process; choose another with --port.\n`);
    assert.equal(ended.stdout, '');
  });

  for (const [args, sentence] of [
    [['--speed', 'fast'], "--speed takes a number above 0, not 'fast'. See npm run emulator -- --help.\n"],
    [['--nonsense'], "Unknown option '--nonsense'. See npm run emulator -- --help.\n"],
  ] as const) {
    it(`says in one sentence what is wrong with ${args.join(' ')}`, async () => {
      assert.deepEqual(await run(...args), { code: 1, stdout: '', stderr: sentence });
    });
  }

  it('ends when the process that started it is killed', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify(MAIN)}, { cwd: ${JSON.stringify(ROOT)}, stdio: ['pipe', 'pipe', 'ignore'] });
      child.stdout.once('data', () => console.log(child.pid));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    assert.equal(isAlive(pid), true);
    parent.kill('SIGKILL');
    await gone(pid);
  });

  it('finds its state again, blobs and all', async () => {
    const state = join(folder, 'state');
    const first = await startEmulator({ stateFolder: state });
    const place = { account: 'stmlops', container: 'azureml', name: 'kept' };
    await first.context.blobs.write(place, 'still here');
    const { subscriptionId, resourceGroup, workspace } = first.settings;
    const model = `https://management.azure.com/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}/models/m/versions/1?api-version=2022-05-01`;
    const bearer = (emulator: typeof first) => ({
      authorization: `Bearer ${applicationToken(emulator, 'https://management.azure.com')}`,
    });
    await send(first, 'PUT', model, bearer(first), {
      properties: { modelUri: 'azureml://datastores/workspaceblobstore/paths/m' },
    });
    await first.close();
    const second = await startEmulator({ stateFolder: state });
    try {
      assert.equal((await second.context.blobs.read(place))?.toString(), 'still here');
      assert.equal(textAt((await send(second, 'GET', model, bearer(second))).body, 'name'), '1');
    } finally {
      await second.close();
    }
  });
});
