/** Jobs of fixture tasks with real processes, in a folder of their own that is gone after the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runJob } from '../../local/agent/job-runner.ts';
import type { JobRequest, TaskStep } from '../../local/agent/job-request.ts';
import type { JobRecord, StepRecord } from '../../local/agent/records.ts';

/** Grace times short enough for tests and long enough for a busy machine. */
const GRACE = { sigint: 1500, sigterm: 1500, streams: 300, done: 100 };

export function taskFolder(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tasks/${name}`, import.meta.url));
}

/** A step that runs JavaScript in a task's process. */
export function scripted(script: string, rest: Partial<Omit<TaskStep, 'kind'>> = {}): TaskStep {
  return { kind: 'task', folder: taskFolder('Scripted'), ...rest, inputs: { script, ...rest.inputs } };
}

/** Runs a job in a fresh work folder and removes the folder. */
export async function run(request: Partial<JobRequest> & Pick<JobRequest, 'steps'>): Promise<JobRecord> {
  const work = mkdtempSync(join(tmpdir(), 'local-agent-test-'));
  try {
    return await runJob({ name: 'job', grace: GRACE, ...request, folders: { work, ...request.folders } });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Runs one scripted step and returns its record. */
export async function runScript(script: string, rest: Partial<Omit<TaskStep, 'kind'>> = {}): Promise<StepRecord> {
  const { steps } = await run({ steps: [scripted(script, rest)] });
  const [step] = steps;
  if (step === undefined) throw new Error('The job ran no step.');
  return step;
}

/** The log without the agent's own lines around it. */
export function outputOf(step: StepRecord | undefined): string[] {
  const lines = step?.log ?? [];
  const rules = lines.flatMap((line, at) => (line.startsWith('=====') ? [at] : []));
  return lines.slice((rules[1] ?? -1) + 1).filter((line) => !line.startsWith('##[section]'));
}
