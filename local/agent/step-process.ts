/** One run of a task's process: start, output, the agent's way of ending it (agent source: ProcessInvoker.cs). */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { GraceTimes } from './job-request.ts';
import { LineSplitter } from './lines.ts';

export interface ProcessRequest {
  readonly nodePath: string;
  readonly script: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  readonly grace: GraceTimes;
  /** Signals do not reach a process in a container. */
  readonly container: boolean;
  /** Ends the process: SIGINT, SIGTERM, SIGKILL, with grace times between. */
  readonly stop: AbortSignal;
  /** Ends it at once. */
  readonly kill: AbortSignal;
  /** Goes on without the process, which keeps running. */
  readonly detach: AbortSignal;
}

export interface ProcessOutcome {
  /** 128 + n for a process ended by signal n; undefined when it was left running. */
  readonly exitCode: number | undefined;
  readonly endedBy: string | undefined;
  /** Signals sent, in order. */
  readonly signals: readonly string[];
}

/** Runs `node <script>` to its end. Rejects only when the process cannot be started. */
export async function runProcess(request: ProcessRequest): Promise<ProcessOutcome> {
  const child = spawn(request.nodePath, [request.script], {
    cwd: request.cwd,
    env: request.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own, so that Ctrl-C at a terminal comes once, from the agent, and not from the terminal too.
    detached: true,
  });
  await started(child);
  const streams = listen(child, request.onLine);
  child.stdin.on('error', () => undefined).end();

  const signals: string[] = [];
  const send = (signal: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null && child.kill(signal)) signals.push(signal);
  };
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const left = aborted(request.detach);
  const ended = endOnRequest(request, exited, send);
  await Promise.race([exited, left, ended.leftRunning]);
  const running = child.exitCode === null && child.signalCode === null;
  if (!running) await Promise.race([streams.closed, delay(request.grace.streams, undefined, { ref: false })]);
  ended.forget();
  streams.stop();
  if (running) child.unref();
  return { ...exitOf(child), signals };
}

function exitOf(child: ChildProcess): Pick<ProcessOutcome, 'exitCode' | 'endedBy'> {
  const signal = child.signalCode;
  if (signal === null) return { exitCode: child.exitCode ?? undefined, endedBy: undefined };
  return { exitCode: 128 + constants.signals[signal], endedBy: signal };
}

async function started(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

interface Streams {
  readonly closed: Promise<void>;
  /** Hands over unfinished lines and stops listening, also where a child of the task keeps the pipe open. */
  readonly stop: () => void;
}

function listen(child: ChildProcess, onLine: (line: string) => void): Streams {
  let open = true;
  const splitters = [child.stdout, child.stderr].map((stream) => {
    const splitter = new LineSplitter((line) => {
      if (open) onLine(line);
    });
    stream?.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
    });
    stream?.once('end', () => {
      splitter.end();
    });
    return splitter;
  });
  return {
    closed: new Promise((resolve) =>
      child.once('close', () => {
        resolve();
      }),
    ),
    stop: () => {
      for (const splitter of splitters) splitter.end();
      open = false;
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  };
}

interface Ending {
  /** Resolves when the agent gives up on a process it cannot reach. */
  readonly leftRunning: Promise<void>;
  readonly forget: () => void;
}

function endOnRequest(request: ProcessRequest, exited: Promise<void>, send: (signal: NodeJS.Signals) => void): Ending {
  const { stop, kill, grace, container } = request;
  let forgotten = false;
  const within = async (ms: number): Promise<boolean> => {
    const timer = new AbortController();
    const waited = delay(ms, false, { signal: timer.signal }).catch(() => true);
    const over = await Promise.race([exited.then(() => true), waited]);
    timer.abort();
    return over || forgotten;
  };
  const escalate = async (): Promise<void> => {
    await aborted(stop);
    if (forgotten) return;
    if (container) {
      await within(grace.sigint + grace.sigterm);
      return;
    }
    send('SIGINT');
    if (await within(grace.sigint)) return;
    send('SIGTERM');
    if (await within(grace.sigterm)) return;
    send('SIGKILL');
    await exited;
  };
  const killNow = async (): Promise<void> => {
    await aborted(kill);
    if (!container && !forgotten) {
      send('SIGKILL');
      await exited;
    }
  };
  return {
    leftRunning: Promise.race([escalate(), killNow()]),
    forget: () => {
      forgotten = true;
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
