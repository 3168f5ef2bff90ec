/** Runs built tasks as the pipeline agent does, against an emulated workspace, in folders that are gone afterwards. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobRequest, TaskStep } from '../../local/agent/job-request.ts';
import { runJob } from '../../local/agent/job-runner.ts';
import type { JobRecord, StepRecord } from '../../local/agent/records.ts';
import { agentSettingsFor, serviceOf, type Scheme } from '../../local/emulated-service.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../local/emulator/emulator.ts';
import { DEFAULT_IDENTIFIERS } from '../../local/emulator/settings.ts';
import { sendThroughProxy } from '../../local/proxied-request.ts';
import { createWorkspaceReader, type WorkspaceReader } from '../../local/workspace-reader.ts';
import { applicationToken } from '../contract/emulator.ts';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Virtual seconds in a real one: minutes of provisioning take seconds. */
const SPEED = 150;

export interface Bench {
  readonly emulator: Emulator;
  readonly workspace: WorkspaceReader;
  /** The sources folder. */
  readonly sources: string;
  /** Runs one pipeline job; the sources keep what it leaves in them. */
  run(steps: readonly TaskStep[], request?: Partial<JobRequest> & { readonly scheme?: Scheme }): Promise<JobRecord>;
  /** Sends a POST to a path below the workspace, as somebody else than the pipeline, and reads the answer. */
  post(path: string): Promise<string>;
  /** Writes a file of the sources. */
  write(path: string, text: string): void;
  close(): Promise<void>;
}

/** An emulator and a folder of sources; `from` is copied into it. */
export async function openBench(from?: string, options: EmulatorOptions = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-'));
  const [work, sources] = [join(folder, 'work'), join(folder, 'sources')];
  mkdirSync(work);
  mkdirSync(sources);
  if (from !== undefined) cpSync(join(REPOSITORY, from), sources, { recursive: true });
  const emulator = await startEmulator({ speed: SPEED, ...options });
  const service = serviceOf(emulator);
  return {
    emulator,
    workspace: createWorkspaceReader(service),
    sources,
    run: (steps, { scheme = 'federation', ...request } = {}) =>
      runJob({
        name: 'job',
        ...agentSettingsFor(service, scheme),
        ...request,
        variables: { 'Build.DefinitionName': { value: 'e2e' }, 'Build.BuildId': { value: '1' }, ...request.variables },
        steps,
        folders: { work, sources },
      }),
    post: (path) => postAsSomebody(emulator, path),
    write: (path, text) => {
      mkdirSync(dirname(join(sources, path)), { recursive: true });
      writeFileSync(join(sources, path), text);
    },
    close: async () => {
      await emulator.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

async function postAsSomebody(emulator: Emulator, path: string): Promise<string> {
  const { settings, cloud } = emulator;
  const workspace =
    `/subscriptions/${settings.subscriptionId}/resourceGroups/${settings.resourceGroup}` +
    `/providers/Microsoft.MachineLearningServices/workspaces/${settings.workspace}`;
  const { status, body } = await sendThroughProxy(serviceOf(emulator), {
    method: 'POST',
    url: `https://${cloud.arm}${workspace}/${path}?api-version=2024-10-01`,
    headers: { authorization: `Bearer ${applicationToken(emulator, `https://${cloud.arm}`)}` },
  });
  if (status >= 300) throw new Error(`POST ${path} answered ${status}: ${body}`);
  return body;
}

/** A step of a built task, with the inputs that name the workspace. */
export function task(name: string, inputs: Readonly<Record<string, string>>, rest: Partial<TaskStep> = {}): TaskStep {
  const workspace = {
    azureSubscription: DEFAULT_IDENTIFIERS.connectionName,
    resourceGroupName: DEFAULT_IDENTIFIERS.resourceGroup,
    workspaceName: DEFAULT_IDENTIFIERS.workspace,
  };
  return {
    kind: 'task',
    name,
    folder: join(REPOSITORY, 'dist/tasks', name),
    ...rest,
    inputs: { ...workspace, ...inputs },
  };
}

/** The step of a record by its name, in its own phase and not in that of its post-job handler. */
export function stepOf(record: JobRecord, name: string, phase: StepRecord['phase'] = 'main'): StepRecord {
  const found = record.steps.find((step) => step.name === name && step.phase === phase);
  if (found === undefined) throw new Error(`The job ran no step '${name}' (${phase}).`);
  return found;
}

/** The values of a step's outputs. */
export function outputsOf(step: StepRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(step.outputs).map(([name, { value }]) => [name, value]));
}

/** The sentences of a step's errors. */
export function errorsOf(step: StepRecord): readonly string[] {
  return step.issues.filter(({ type }) => type === 'error').map(({ message }) => message);
}
