/** Runs a program on the agent for a task, bounded in time and in what it may say. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Command, CommandResult } from '../ports.ts';

/** Characters of output that are kept: the last ones. */
const OUTPUT_LIMIT = 8000;

/**
 * Runs it to its end, or kills it with everything it started after its time or when the signal aborts (which rejects with the
 * signal's reason). It inherits the task's environment, from which the secrets have been removed, and no input.
 */
export async function runCommand(command: Command, folder: string): Promise<CommandResult> {
  command.signal?.throwIfAborted();
  const [program, ...rest] = command.line;
  const child = spawn(program, rest, {
    cwd: folder,
    env: { ...process.env, ...command.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it starts can be killed with it.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let output = '';
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_LIMIT);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep);
  const stop = (): void => {
    killAll(child);
  };
  const deadline = AbortSignal.timeout(command.timeoutMs);
  const signals = [deadline, command.signal].filter((signal) => signal !== undefined);
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
  try {
    const exitCode = await ended(child, keep);
    command.signal?.throwIfAborted();
    if (deadline.aborted) keep(`\nIt was killed after ${String(command.timeoutMs / 1000)} s.`);
    return { exitCode: deadline.aborted ? undefined : exitCode, output: output.trim() };
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', stop);
  }
}

/** How long streams may stay open, in milliseconds, once the program has ended and its children are killed. */
const CLOSING_MS = 2000;

/** The exit code, once everything it said is read; undefined when a signal ended it or it could not be started. */
function ended(child: ChildProcess, keep: (text: string) => void): Promise<number | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      keep(error.message);
      resolve(undefined);
    });
    child.once('exit', (code) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve(code ?? undefined);
      };
      const timer = setTimeout(done, CLOSING_MS);
      child.once('close', done);
      // Children it left behind would outlive the step, and hold its streams open.
      killAll(child);
    });
  });
}

function killAll({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    if (exitCode === null) spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' }).unref();
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}
