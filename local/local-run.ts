/** What every local command stands on: a temporary folder, an emulator, an agent, and an end that leaves nothing behind. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { LogLine } from './agent/job-request.ts';
import type { LocalOptions } from './arguments.ts';
import { showLine, takesColour } from './console-log.ts';
import { signInEnvironment } from './emulator/client-environment.ts';
import type { Emulator } from './emulator/emulator.ts';
import { agentSettingsFor, serviceFromFile, serviceOf, type EmulatedService } from './emulated-service.ts';
import type { AgentSettings } from './pipeline/run/pipeline-run.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';
import { UsageError } from './usage-error.ts';

export interface LocalRun {
  readonly folder: RunFolder;
  readonly service: EmulatedService;
  /** Undefined where a running one is used. */
  readonly emulator: Emulator | undefined;
  readonly agent: AgentSettings;
  /** Aborts at Ctrl-C and other requests to end. */
  readonly cancel: AbortSignal;
}

/**
 * Starts what is needed, does the work, ends and removes everything. The first SIGINT, SIGTERM or SIGHUP cancels the
 * work, a second one ends the process at once. Throws UsageError when something that is needed is missing.
 */
export async function withLocalRun<T>(options: LocalOptions, work: (run: LocalRun) => Promise<T>): Promise<T> {
  requirePython();
  const cancellation = cancelOnSignals();
  const folder = openRunFolder();
  let emulator: Emulator | undefined;
  try {
    emulator = options.emulatorFile === undefined ? await startOwn(options) : undefined;
    const service = emulator === undefined ? serviceFromFile(options.emulatorFile ?? '') : serviceOf(emulator);
    const colour = takesColour();
    return await work({
      folder,
      service,
      emulator,
      cancel: cancellation.signal,
      agent: {
        ...agentSettingsFor(service, options.scheme),
        node: options.node,
        cancel: cancellation.signal,
        onStart: folder.watch,
        onLine: (line: LogLine) => {
          process.stdout.write(`${showLine(line, colour)}\n`);
        },
      },
    });
  } finally {
    await emulator?.close();
    folder.remove();
    cancellation.forget();
  }
}

/** Writes the environment file for others, says how to use it, and waits until this process is asked to end. */
export async function keepRunning({ emulator, cancel }: LocalRun, environmentFile: string): Promise<void> {
  if (emulator === undefined || cancel.aborted) return;
  const { environment, settings, cloud, url } = emulator;
  const variables = { ...environment, ...signInEnvironment(settings, cloud, url) };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  mkdirSync(dirname(environmentFile), { recursive: true });
  // What is there may be readable by others; a new file is not.
  rmSync(environmentFile, { force: true });
  writeFileSync(environmentFile, lines.join(''), { mode: 0o600 });
  const shown = relative(process.cwd(), environmentFile);
  process.stdout.write(
    `The workspace keeps running until Ctrl-C. Use it with: npm run local -- … --emulator ${shown}\n`,
  );
  await once(cancel, 'abort');
  rmSync(environmentFile, { force: true });
}

async function startOwn({ speed, port, stateFolder, workspaces, registries }: LocalOptions): Promise<Emulator> {
  // Loaded only now: it brings a storage server with it, and a mistake in a call should be told at once.
  const { startEmulator } = await import('./emulator/emulator.ts');
  const [workspace, ...furtherWorkspaces] = workspaces;
  try {
    return await startEmulator({
      speed,
      registries,
      ...(workspace !== undefined && { workspace, furtherWorkspaces }),
      ...(port !== undefined && { port }),
      ...(stateFolder !== undefined && { stateFolder }),
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UsageError(`Port ${port ?? ''} is taken by another program; choose another one, or none.`);
    }
    throw error;
  }
}

function requirePython(): void {
  if (spawnSync('python3', ['--version'], { stdio: 'ignore' }).error !== undefined) {
    throw new UsageError('python3 is not on the PATH; the emulator runs jobs and deployments with it.');
  }
}

interface Cancellation {
  readonly signal: AbortSignal;
  readonly forget: () => void;
}

function cancelOnSignals(): Cancellation {
  const cancel = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => {
    // The guard cleans up what this leaves.
    if (cancel.signal.aborted) process.exit(130);
    process.stderr.write('Cancelling; once more ends everything at once.\n');
    cancel.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: cancel.signal,
    forget: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
