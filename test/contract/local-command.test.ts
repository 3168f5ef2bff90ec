import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { taskFolder } from './local-agent-fixture.ts';

const MAIN = fileURLToPath(new URL('../../local/main.ts', import.meta.url));
const PATIENCE_MS = 20_000;

/** A task that says which process it is and waits for ever, deaf to polite signals. */
const DEAF = `for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => undefined); setInterval(() => undefined, 1000); console.log('ready', process.pid)`;

interface Command {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The process id a task printed behind `ready`. */
  readonly ready: Promise<number>;
  readonly exited: Promise<number | null>;
}

describe('the local command', function () {
  this.timeout(60_000);
  let folder = '';
  let temporary = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-command-test-'));
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: readonly string[]): Command {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', MAIN, ...args, '--tasks', join(taskFolder('Scripted'), '..')],
      {
        env: { ...process.env, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let text = '';
    let found: (pid: number) => void;
    const ready = new Promise<number>((resolve) => {
      found = resolve;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const pid = /^ready (\d+)$/m.exec(text)?.[1];
        if (pid !== undefined) found(Number(pid));
      });
    }
    const exited = once(child, 'close').then(([code]) => code as number | null);
    return { child, output: () => text, ready, exited };
  }

  function pipeline(script: string): string {
    const file = join(folder, 'p.yml');
    writeFileSync(
      file,
      `steps:\n- checkout: none\n- task: Scripted@1\n  inputs:\n    script: ${JSON.stringify(script)}\n`,
    );
    return file;
  }

  const leftBehind = (): string[] => readdirSync(temporary).filter((name) => !name.startsWith('tsx-'));

  it('runs a pipeline, says how it went, and leaves nothing behind', async () => {
    const good = start(['pipeline', pipeline(`console.log('hello')`)]);
    assert.equal(await good.exited, 0, good.output());
    assert.match(good.output(), /^hello$/m);
    assert.match(good.output(), /^Result: {2}Succeeded$/m);
    assert.deepEqual(leftBehind(), []);
  });

  it('expands and checks a pipeline without running it', async () => {
    const file = pipeline('x');
    const expanded = start(['expand', file]);
    assert.equal(await expanded.exited, 0, expanded.output());
    assert.match(expanded.output(), /^stages:\n {2}- stage: __default\n {4}jobs:\n {6}- job: Job$/m);
    writeFileSync(file, 'steps:\n- task: Scripted@1\n  inputs: { scirpt: x }\n');
    const checked = start(['validate', file]);
    assert.equal(await checked.exited, 1);
    assert.match(checked.output(), /p\.yml:3:13: Unexpected property scirpt$/m);
  });

  it('runs a task with the emulator’s connection and fails with it', async () => {
    const bad = start([
      'task',
      'Scripted',
      '--input',
      `script=console.log(process.env.INPUT_CONNECTION); process.exit(3)`,
    ]);
    assert.equal(await bad.exited, 1);
    assert.match(bad.output(), /^00000000-0000-4000-8000-0000000000cc$/m);
    assert.match(bad.output(), /^Result: {2}Failed$/m);
  });

  it('says in one sentence what is wrong with a call', async () => {
    const calls: readonly (readonly [readonly string[], RegExp])[] = [
      [['taks'], /^There is no command 'taks'\. Did you mean 'task'\? See --help\.\n$/],
      [['task', 'Scriptd'], /^There is no task 'Scriptd' among the built ones\. Did you mean 'Scripted'\?\n$/],
      [['task', 'Scripted', '--input', 'scirpt=x'], /^Scripted has no input 'scirpt'\. Did you mean 'script'\?\n$/],
      [['pipeline', '/nosuch.yml'], /^There is no pipeline at \/nosuch\.yml\.\n$/],
    ];
    for (const [args, expected] of calls) {
      const call = start(args);
      assert.equal(await call.exited, 1);
      assert.match(call.output(), expected);
    }
  });

  it('cancels at Ctrl-C and ends by itself', async () => {
    const run = start(['pipeline', pipeline(`setInterval(() => undefined, 1000); console.log('ready', process.pid)`)]);
    await run.ready;
    run.child.kill('SIGINT');
    assert.equal(await run.exited, 1);
    assert.match(run.output(), /^Result: {2}Canceled$/m);
    assert.deepEqual(leftBehind(), []);
  });

  it('leaves neither process nor folder behind after a kill -9', async () => {
    const run = start(['pipeline', pipeline(DEAF)]);
    const pid = await run.ready;
    assert.notDeepEqual(leftBehind(), []);
    run.child.kill('SIGKILL');
    await run.exited;
    await until(() => !isRunning(pid) && leftBehind().length === 0);
  });
});

/** A killed process may stay as a zombie until its parent looks. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`).length > 0;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(Date.now() < end, 'the condition never held');
    await delay(50);
  }
}
