import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { runCommand } from '../../../tasks/common/agent/run-command.ts';
import { CancelledError } from '../../../tasks/common/errors.ts';
import type { Command } from '../../../tasks/common/ports.ts';

const run = (script: string, change: Partial<Command> = {}) =>
  runCommand({ line: [process.execPath, '-e', script], environment: {}, timeoutMs: 20_000, ...change }, tmpdir());

/** Starts a child that would live for an hour, says its number and stays. */
const WITH_CHILD = `
const child = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => 0, 3600000)'], { stdio: 'inherit' });
console.log('child ' + child.pid);
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise(setImmediate);
}

describe('a command on the agent', function () {
  this.timeout(20_000);

  it('ends with its exit code and what it said on both streams', async () => {
    const result = await run(`console.log(process.env.WHAT); console.error('bad'); process.exitCode = 3`, {
      environment: { WHAT: 'green' },
    });
    assert.equal(result.exitCode, 3);
    assert.deepEqual(result.output.split('\n').toSorted(), ['bad', 'green']);
  });

  it('keeps the end of what it said', async () => {
    const { output } = await run(`process.stdout.write('x'.repeat(100000) + 'the end')`);
    assert.ok(output.length <= 8000);
    assert.match(output, /the end$/);
  });

  it('is killed after its time, with everything it started', async () => {
    const result = await run(`${WITH_CHILD} setTimeout(() => 0, 3600000)`, { timeoutMs: 500 });
    assert.equal(result.exitCode, undefined);
    const [, pid] = /child (\d+)/.exec(result.output) ?? [];
    assert.match(result.output, /killed after 0\.5 s/);
    await gone(Number(pid));
  });

  it('leaves no child behind when it ends by itself', async () => {
    const { exitCode, output } = await run(`${WITH_CHILD} setTimeout(() => process.exit(0), 200)`);
    assert.equal(exitCode, 0);
    await gone(Number(/child (\d+)/.exec(output)?.[1]));
  });

  it('is killed when the step is cancelled', async () => {
    const stop = new AbortController();
    const work = run('setTimeout(() => 0, 3600000)', { signal: stop.signal });
    setImmediate(() => {
      stop.abort(new CancelledError());
    });
    await assert.rejects(work, CancelledError);
  });

  it('says when there is no such program', async () => {
    const result = await runCommand({ line: ['no-such-program'], environment: {}, timeoutMs: 1000 }, tmpdir());
    assert.equal(result.exitCode, undefined);
    assert.match(result.output, /no-such-program/);
  });
});
