/** `npm run emulator`: starts the emulator, says how to reach it, and ends it when its time has come. */
import { fstatSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { WORKSPACE_PATH } from './arm/workspace-scope.ts';
import { signInEnvironment } from './client-environment.ts';
import { readOptions, USAGE, type CommandLine } from './command-line.ts';
import { describeRoutes } from './control-plane.ts';
import type { Emulator } from './emulator.ts';

void run();

async function run(): Promise<void> {
  const line = readOptions(process.argv.slice(2));
  if (line.kind === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  if (line.kind === 'problem') {
    fail(line.sentence);
    return;
  }
  const emulator = await start(line);
  if (emulator === undefined) return;
  if (line.showRoutes) {
    process.stdout.write(`${routesText(emulator)}\n`);
    await emulator.close();
    return;
  }
  endWithParent(emulator);
  if (line.environmentFile !== undefined && !writeEnvironment(emulator, line.environmentFile)) return;
  process.stdout.write(`${greeting(emulator, line)}\n`);
}

async function start(line: Extract<CommandLine, { kind: 'start' }>): Promise<Emulator | undefined> {
  try {
    // Loaded only now: a mistake in the options is told at once.
    const { startEmulator } = await import('./emulator.ts');
    return await startEmulator(line.options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE')
      fail(`Port ${line.options.port ?? 0} is taken by another process; choose another with --port.`);
    else if (code === 'EACCES')
      fail(`Port ${line.options.port ?? 0} may not be opened by this user; choose one above 1023.`);
    else fail(`The emulator could not start: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Signals end it, and so does the end of whoever started it, however that ended. */
function endWithParent(emulator: Emulator): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void emulator.close().finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  process.on('disconnect', end);
  const input = inputKind();
  // A terminal or /dev/null tells nothing; a pipe ends with the process at its other end.
  if (input === 'pipe') {
    process.stdin.on('end', end).on('error', end);
    process.stdin.resume();
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_CHECK).unref();
}

/** Real milliseconds between two looks at the parent. */
const PARENT_CHECK = 500;

function inputKind(): 'pipe' | 'other' {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket() ? 'pipe' : 'other';
  } catch {
    return 'other';
  }
}

/** Only its owner may read the file: it holds what to sign in with. */
function writeEnvironment(emulator: Emulator, file: string): boolean {
  const variables = { ...emulator.environment, ...signInEnvironment(emulator.settings, emulator.cloud, emulator.url) };
  const text = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  try {
    writeFileSync(file, text.join(''), { mode: 0o600 });
    return true;
  } catch (error) {
    fail(`The environment could not be written to ${file}: ${error instanceof Error ? error.message : String(error)}`);
    void emulator.close().finally(() => process.exit(1));
    return false;
  }
}

function greeting(emulator: Emulator, line: Extract<CommandLine, { kind: 'start' }>): string {
  const { settings, cloud, url } = emulator;
  const shown = Object.entries(emulator.environment).filter(([name]) => name === name.toUpperCase());
  return [
    `Azure Machine Learning emulator (${cloud.name}) is ready at ${url}`,
    `  workspace ${settings.workspace} in ${settings.resourceGroup}, subscription ${settings.subscriptionId}`,
    `  journal ${url}/_emulator/requests, fault rules ${url}/_emulator/faults`,
    '',
    'Clients reach it with this environment:',
    ...shown.map(([name, value]) => `  export ${name}=${value}`),
    '',
    line.environmentFile === undefined
      ? 'What to sign in with is written by --env-file FILE.'
      : `All of it, and what to sign in with: ${resolve(line.environmentFile)}`,
  ].join('\n');
}

function routesText(emulator: Emulator): string {
  const described = describeRoutes(emulator.routes);
  const lines = described.routes.map(
    ({ mark, plane, method, path }) =>
      `${mark.padEnd(8)}  ${plane.padEnd(9)}  ${method.padEnd(7)}  ${path.replace(WORKSPACE_PATH, '{WS}')}`,
  );
  const { count, recorded, spec, guessed } = described;
  return [...lines, '', `${count} routes: ${recorded} recorded, ${spec} spec, ${guessed} guessed`].join('\n');
}

function fail(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
