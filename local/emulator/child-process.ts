/**
 * Processes the emulator runs (jobs, model servers). Each is started through a small supervisor that ends it, and all
 * it started, when the emulator ends it or itself ends, a kill -9 included.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  /** Program and arguments; secrets belong into `env`, never here. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment; nothing of the emulator's own is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with what the process writes, as it comes. */
  readonly onOutput: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Real milliseconds between SIGTERM and SIGKILL when it is stopped; 5 s by default. */
  readonly grace?: number;
}

export interface Child {
  /** The supervisor's process id. */
  readonly pid: number | undefined;
  /**
   * Resolves with the exit code once the process has ended and all its output was handed over: 128 plus the number of
   * the signal that ended it, 127 when it could not be started.
   */
  readonly exited: Promise<number>;
  /** Asks it to end (SIGTERM to its group, SIGKILL after the grace); resolves as `exited` does. May be called again. */
  stop(): Promise<number>;
}

const SUPERVISOR = fileURLToPath(new URL('supervise.py', import.meta.url));
const DEFAULT_GRACE = 5000;

/** Starts a process under supervision. Never throws: what cannot be started exits with 127 and says so on stderr. */
export function startChild(options: ChildOptions): Child {
  const grace = String((options.grace ?? DEFAULT_GRACE) / 1000);
  // -I: neither the job's PYTHONPATH nor its working folder may reach into the supervisor.
  const supervisor = spawn('python3', ['-I', SUPERVISOR, grace, ...options.command], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  supervisor.stdout.on('data', (chunk: Buffer) => {
    options.onOutput(chunk, 'stdout');
  });
  supervisor.stderr.on('data', (chunk: Buffer) => {
    options.onOutput(chunk, 'stderr');
  });
  // The supervisor may end between the decision to stop it and the write of that decision.
  supervisor.stdin.on('error', () => undefined);
  const exited = new Promise<number>((resolve) => {
    supervisor.on('error', (error) => {
      options.onOutput(Buffer.from(`python3: ${error.message}\n`), 'stderr');
      resolve(127);
    });
    supervisor.on('close', (code, signal) => {
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 143));
    });
  });
  return {
    pid: supervisor.pid,
    exited,
    stop: () => {
      supervisor.stdin.end();
      return exited;
    },
  };
}
