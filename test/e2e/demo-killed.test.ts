import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../local/demo.ts', import.meta.url));
/** What has to end within which time of the demo's own end, in milliseconds. */
const DEADLINE = 20_000;

describe('a demo that is ended from outside', function () {
  this.timeout(90_000);
  let folder = '';
  let output = '';
  let mark = '';

  before(function () {
    // Processes and their environment are looked up in /proc.
    if (process.platform !== 'linux') this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-killed-'));
    output = mkdtempSync(join(tmpdir(), 'demo-output-'));
    mark = `DEMO_MARK=${folder}`;
  });
  afterEach(() => {
    for (const pid of pidsBelow()) process.kill(pid, 'SIGKILL');
    for (const each of [folder, output]) rmSync(each, { recursive: true, force: true });
  });

  /** Starts a demo and resolves once a step of it has started another process. */
  async function startDemo(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx', DEMO, '--output', output], {
      env: { ...process.env, TMPDIR: folder, DEMO_MARK: folder },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('… Train')) return child;
    }
    throw new Error('The demo ended before it ran a job.');
  }

  /** Processes that carry the demo's mark, or whose command names its folder. */
  function pidsBelow(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].some((file) => mentions(file)))
      .map(Number);
  }

  function mentions(file: string): boolean {
    try {
      const text = readFileSync(file, 'utf8');
      return text.includes(mark) || text.includes(`${folder}/`);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  }

  /** What is left of processes and files once nothing changes any more, or at the deadline. */
  async function leftovers(): Promise<{ readonly processes: number; readonly files: readonly string[] }> {
    const end = Date.now() + DEADLINE;
    for (;;) {
      const left = {
        processes: pidsBelow().length,
        files: readdirSync(folder).filter((name) => !name.startsWith('tsx-') && name !== 'node-compile-cache'),
      };
      if ((left.processes === 0 && left.files.length === 0) || Date.now() > end) return left;
      await pause(100);
    }
  }

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    it(`leaves no process and no file behind after ${signal}`, async () => {
      const child = await startDemo();
      assert.ok(pidsBelow().length > 1);
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.stdout?.resume();
      child.kill(signal);
      await exited;
      assert.deepEqual(await leftovers(), { processes: 0, files: [] });
    });
  }
});
