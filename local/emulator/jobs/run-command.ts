/** Runs one command the way the service's compute does: bring what it needs, run it, keep what it made. */
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { startChild } from '../child-process.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import type { CommandPlan } from './command-plan.ts';
import { DataNotFound } from './data-access.ts';
import {
  fetchCode,
  fetchInputs,
  makeJobFolders,
  makePythonFolder,
  placeOutputs,
  removeJobFolders,
  storeArtifacts,
  storeOutputs,
} from './job-files.ts';
import type { PlacedOutput } from './job-files.ts';
import { jobEnvironment } from './job-environment.ts';
import type { JobFolders } from './job-environment.ts';
import { fillPlaceholders } from './placeholders.ts';
import type { RunError, RunRecord } from './records.ts';
import { openRunLog } from './run-log.ts';
import type { RunLog } from './run-log.ts';
import type { RunStore } from './run-store.ts';

export interface RunCommandParts {
  readonly context: EmulatorContext;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
  readonly run: RunRecord;
  readonly experimentName: string;
  readonly plan: CommandPlan;
  /** Aborted by a cancel: the processes are ended. */
  readonly signal: AbortSignal;
  /** Called when the process is about to start, after code and inputs are there. */
  readonly onStart: () => void;
}

export type CommandOutcome =
  | { readonly kind: 'completed'; readonly outputs: readonly PlacedOutput[] }
  | { readonly kind: 'failed'; readonly error: RunError }
  | { readonly kind: 'timedOut' }
  | { readonly kind: 'canceled' };

export const STANDARD_LOG = 'user_logs/std_log.txt';
/** How much of stderr an error message carries. */
const ERROR_TAIL = 3000;
/** Real milliseconds between SIGTERM and SIGKILL. */
const GRACE_MS = 5000;

/** Runs the command to its end. Throws only where the emulator itself is at fault. */
export async function runCommand(parts: RunCommandParts): Promise<CommandOutcome> {
  const { context, run, workspace } = parts;
  const log = openRunLog(context, workspace, run.id, STANDARD_LOG);
  const system = openRunLog(context, workspace, run.id, 'system_logs/lifecycler/lifecycler.log');
  const note = (text: string): void => {
    system.write(`${context.clock.isoZ()} INFO ${text}\n`);
  };
  try {
    return await runInFolders(parts, await makeJobFolders(context.workFolder, run.id), log, note);
  } catch (error) {
    if (!(error instanceof DataNotFound)) throw error;
    note(error.message);
    return { kind: 'failed', error: dataError(error) };
  } finally {
    await log.flushed();
    await system.flushed();
    await removeJobFolders(context.workFolder, run.id);
  }
}

async function runInFolders(
  parts: RunCommandParts,
  folders: JobFolders,
  log: RunLog,
  note: (text: string) => void,
): Promise<CommandOutcome> {
  const { context, store, workspace, run, plan, signal } = parts;
  const files = { context, store, workspace };
  const { dataFolder } = folders;
  if (plan.codeId !== undefined) await fetchCode(files, plan.codeId, folders.workingFolder);
  const inputs = await fetchInputs(files, plan.inputs, dataFolder);
  const placed = await placeOutputs(plan.outputs, run.id, dataFolder, { experiment_name: parts.experimentName });
  const outputs = Object.fromEntries(placed.map((output) => [output.name, seenPath(output)]));
  note(`Code, ${Object.keys(inputs).length} inputs and ${placed.length} outputs are in place.`);

  const env = jobEnvironment({ ...parts, folders, inputs, outputs, own: plan.environmentVariables });
  env.PATH = `${await makePythonFolder(context.workFolder)}${delimiter}${env.PATH ?? ''}`;
  if (isAborted(signal)) return { kind: 'canceled' };
  parts.onStart();
  const ended = await execute(parts, fillPlaceholders(plan.command, { inputs, outputs }), folders, env, log);
  note(`The command ended with ${ended.exitCode}.`);

  // What is mounted is written through; what is uploaded is so only by a command that succeeds.
  const isCanceled = isAborted(signal);
  const succeeded = ended.exitCode === 0 && !ended.timedOut && !isCanceled;
  await storeOutputs(files, succeeded ? placed : placed.filter(({ output }) => output.mode === 'ReadWriteMount'));
  await storeArtifacts(files, run.id, folders);
  if (isCanceled) return { kind: 'canceled' };
  if (ended.timedOut) return { kind: 'timedOut' };
  if (ended.exitCode !== 0) return { kind: 'failed', error: commandError(ended.exitCode, ended.errorTail) };
  return { kind: 'completed', outputs: placed };
}

interface Ended {
  readonly exitCode: number;
  readonly errorTail: string;
  readonly timedOut: boolean;
}

async function execute(
  { context, plan, signal }: RunCommandParts,
  command: string,
  folders: JobFolders,
  env: Record<string, string>,
  log: RunLog,
): Promise<Ended> {
  let tail = '';
  let timedOut = false;
  const child = startChild({
    command: [shell(), '-c', command],
    cwd: folders.workingFolder,
    env,
    grace: GRACE_MS,
    onOutput: (chunk, stream) => {
      log.write(chunk);
      if (stream === 'stderr') tail = (tail + chunk.toString('utf8')).slice(-ERROR_TAIL);
    },
  });
  const stop = (): void => {
    void child.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const callOff =
    plan.timeoutMs === undefined
      ? undefined
      : context.clock.after(plan.timeoutMs, () => {
          timedOut = true;
          stop();
        });
  const exitCode = await child.exited;
  callOff?.();
  signal.removeEventListener('abort', stop);
  return { exitCode, errorTail: tail.trim(), timedOut };
}

/** Asked anew each time: it changes while others are awaited. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function shell(): string {
  return existsSync('/bin/bash') || existsSync('/usr/bin/bash') ? 'bash' : 'sh';
}

/** In mode Direct the command writes to the address itself. */
function seenPath({ output, path, uri }: PlacedOutput): string {
  return output.mode === 'Direct' ? uri : path;
}

function commandError(exitCode: number, tail: string): RunError {
  const cause = tail === '' ? '' : ` Error: ${tail}`;
  return {
    code: 'UserError',
    message: `Execution failed. User process 'bash' exited with status code ${exitCode}. Please check log file '${STANDARD_LOG}' for error details.${cause}`,
  };
}

function dataError(error: DataNotFound): RunError {
  return { code: 'UserError', message: `Data Capability [data-capability] failed: NotFound. ${error.message}` };
}
