/** Runs the fixture task as the agent runs a task: bundled, by node, stdin closed, both streams piped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../../../scripts/bundle/esbuild-options.ts';
import { repositoryRoot } from '../../../scripts/task-contract.ts';

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Lines of both streams, stdout first, broken as the agent breaks them. */
  readonly lines: readonly string[];
  /** The `result` of every `task.complete`, in order. */
  readonly results: readonly string[];
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves when the process has written this text to stdout. */
  readonly wrote: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

export interface FixtureTask {
  /** An empty folder; the task's Agent.TempDirectory. */
  readonly folder: string;
  readonly start: (scenario: string, environment?: Readonly<Record<string, string>>) => Running;
  readonly run: (scenario: string, environment?: Readonly<Record<string, string>>) => Promise<Ended>;
  readonly remove: () => void;
}

/** Bundles the fixture with the options of the product's own build, to be run by this Node. */
export async function fixtureTask(node: string): Promise<FixtureTask> {
  const folder = mkdtempSync(join(tmpdir(), 'fixture-task-'));
  const options = bundleOptions(repositoryRoot, { task: 'test/contract/agent/fixture-task.ts' });
  const { outputFiles } = await build(options);
  const file = join(folder, 'task.cjs');
  writeFileSync(file, outputFiles.find((output) => output.path.endsWith('.cjs'))?.contents ?? '');
  const start: FixtureTask['start'] = (scenario, environment = {}) =>
    observe(
      spawn(node, [file], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, SCENARIO: scenario, AGENT_TEMPDIRECTORY: folder, ...environment },
      }),
    );
  return {
    folder,
    start,
    run: (scenario, environment) => start(scenario, environment).ended,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** The command the agent sees in a line: the first one, wherever it stands. The rest of the line is its data. */
export function commandOf(line: string): string {
  const start = line.indexOf('##vso[');
  return start < 0 ? '' : line.slice(start);
}

function observe(child: ChildProcess): Running {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([exitCode, signal]): Ended => {
    const lines = [stdout, stderr].flatMap((text) => text.split(/\r\n|\r|\n/)).filter((line) => line !== '');
    const results = lines.flatMap((line) => /^##vso\[task\.complete result=(\w+)/.exec(commandOf(line))?.[1] ?? []);
    return { exitCode: exitCode as number | null, signal: signal as NodeJS.Signals | null, lines, results };
  });
  const wrote = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      if (child.exitCode !== null) throw new Error(`The task ended without writing '${text}':\n${stdout}${stderr}`);
      await Promise.race([once(child.stdout ?? child, 'data'), ended]);
    }
  };
  return { child, wrote, ended };
}
