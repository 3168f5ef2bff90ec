/** Puts the agent's side of the ports together. Nothing is read before it is asked for. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Agent, NetworkSettings, PipelineRun } from '../ports.ts';
import { systemClock } from './clock.ts';
import type { WriteLine } from './commands.ts';
import type { AgentEnvironment } from './environment.ts';
import { nodeFiles } from './files.ts';
import { inputReader, type InputReader } from './inputs.ts';
import { agentLog } from './log.ts';
import { masking } from './masking.ts';
import { networkSettings } from './network-settings.ts';
import { pipelineRun } from './pipeline-run.ts';
import { runCommand } from './run-command.ts';
import { pipelineService, type PipelineService } from './pipeline-service.ts';
import { serviceConnection } from './service-connection.ts';
import { summary, type Summary } from './summary.ts';
import { taskMemory } from './task-memory.ts';

/** The agent as a task's `index.ts` sees it: what operations get, and the inputs. */
export interface TaskAgent extends Agent {
  readonly inputs: InputReader;
  readonly pipelineService: PipelineService;
}

/** The agent for one handler of a step, and the summary it publishes at the end. */
export function createAgent(
  taskName: string,
  environment: AgentEnvironment,
  write: WriteLine,
  signal: AbortSignal,
): { readonly agent: TaskAgent; readonly page: Summary } {
  const masks = masking(write, environment.secretVariables());
  const run = once<PipelineRun>(() => pipelineRun(environment));
  const network = once<NetworkSettings>(() => networkSettings(environment, masks));
  const page = summary(taskName, () => run().tempDirectory, masks, write);
  const agent: TaskAgent = {
    inputs: inputReader(environment),
    log: agentLog(write),
    clock: systemClock,
    signal,
    memory: taskMemory(environment, write),
    files: nodeFiles,
    get run() {
      return run();
    },
    get network() {
      return network();
    },
    connection: (id) => serviceConnection(environment, masks, id),
    addSummary: page.add,
    maskSecret: masks.add,
    redact: masks.redact,
    pipelineService: pipelineService(environment, masks),
    writeTemporaryFile: (name, content) => Promise.resolve(writeTemporaryFile(run().tempDirectory, name, content)),
    runCommand: (command) => runCommand(command, run().sourcesDirectory),
  };
  return { agent, page };
}

function once<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => (value ??= { of: read() }).of;
}

/** In a folder of its own, so that names never clash; readable by the agent's user alone. */
function writeTemporaryFile(folder: string, name: string, content: string): string {
  const path = join(mkdtempSync(join(folder, 'aml-')), basename(name));
  writeFileSync(path, content, { encoding: 'utf8', mode: 0o600, flag: 'wx' });
  return path;
}
