/**
 * Builds `dist/tasks`: for each task its bundle, task.json, icon and third-party notices. Fails, after writing what it
 * can, on any warning of esbuild, on generated files that are not current, and on what a bundle must not hold.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type BuildFailure, formatMessages, type Message } from 'esbuild';
import { bundleOptions, entryPoint, handlerStubs } from './bundle/esbuild-options.ts';
import { bundleProblems, packagesOf, TASK_BUDGET } from './bundle/inspect-bundle.ts';
import { thirdPartyNotices } from './bundle/third-party-notices.ts';
import { findStale } from './generate.ts';
import { readTasks, repositoryRoot, type Task } from './task-contract.ts';

const outputFolder = join(repositoryRoot, 'dist/tasks');

type Content = string | Uint8Array;

async function bundle(): Promise<readonly string[]> {
  const tasks = readTasks();
  const complete = tasks.filter((task) => existsSync(join(task.folder, 'index.ts')));
  const built = await bundleTasks(complete);
  removeStale(new Set(built.files.keys()));
  for (const [path, content] of built.files) writeChanged(join(outputFolder, path), content);
  return [
    ...findStale().map(({ file }) => `${file} does not follow from task.json any more; run \`npm run generate\``),
    ...tasks.filter((task) => !complete.includes(task)).map((task) => `tasks/${task.name} has no index.ts`),
    ...built.problems,
  ];
}

interface Built {
  /** By path below dist/tasks. */
  readonly files: ReadonlyMap<string, Content>;
  readonly problems: readonly string[];
}

async function bundleTasks(tasks: readonly Task[]): Promise<Built> {
  const files = new Map<string, Content>();
  if (tasks.length === 0) return { files, problems: [] };
  const entryPoints = Object.assign({}, ...tasks.map(entryPoint)) as Record<string, string>;
  const result = await build(bundleOptions(repositoryRoot, entryPoints));
  const problems = [...(await describe(result.warnings, 'warning'))];
  for (const file of result.outputFiles) files.set(file.path.slice(outputFolder.length + 1), file.contents);
  for (const task of tasks) {
    const code = Object.keys(entryPoint(task)).map((entry) => `dist/tasks/${entry}.cjs`);
    const outputs = code.flatMap((file) => result.metafile.outputs[file] ?? []);
    problems.push(...outputs.flatMap((output, index) => bundleProblems(code[index] ?? '', output)));
    for (const [path, content] of taskFiles(task, outputs.flatMap(packagesOf))) files.set(path, content);
    problems.push(...overBudget(task, files));
  }
  return { files, problems };
}

/** What lies beside a task's code in its folder. */
function taskFiles(task: Task, packages: Parameters<typeof thirdPartyNotices>[1]): Map<string, Content> {
  const files = new Map<string, Content>(Object.entries(handlerStubs(task)));
  files.set(`${task.name}/task.json`, readFileSync(join(task.folder, 'task.json')));
  files.set(`${task.name}/ThirdPartyNotices.txt`, thirdPartyNotices(repositoryRoot, packages));
  const icon = join(repositoryRoot, 'images/task-icon.png');
  if (existsSync(icon)) files.set(`${task.name}/icon.png`, readFileSync(icon));
  return files;
}

function overBudget(task: Task, files: ReadonlyMap<string, Content>): readonly string[] {
  const code = [...files].filter(([path]) => path.startsWith(`${task.name}/`) && path.endsWith('.cjs'));
  const size = code.reduce((sum, [, content]) => sum + content.length, 0);
  return size <= TASK_BUDGET ? [] : [`${task.name} weighs ${size} bytes; the budget is ${TASK_BUDGET}`];
}

async function describe(messages: Message[], kind: 'error' | 'warning'): Promise<readonly string[]> {
  return formatMessages(messages, { kind, color: false });
}

/** Removes what an earlier build left and this one does not make. */
function removeStale(current: ReadonlySet<string>): void {
  if (!existsSync(outputFolder)) return;
  for (const entry of readdirSync(outputFolder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !current.has(path.slice(outputFolder.length + 1))) rmSync(path);
  }
  for (const name of readdirSync(outputFolder)) {
    if (readdirSync(join(outputFolder, name)).length === 0) rmSync(join(outputFolder, name), { recursive: true });
  }
}

/** Replaces a file in one step, and only when it differs: somebody may be running it. */
function writeChanged(path: string, content: Content): void {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

async function explain(error: unknown): Promise<readonly string[]> {
  const isBuildFailure = (thrown: unknown): thrown is BuildFailure => thrown instanceof Error && 'errors' in thrown;
  return isBuildFailure(error)
    ? describe(error.errors, 'error')
    : [error instanceof Error ? error.message : String(error)];
}

const problems = await bundle().catch(explain);
process.stderr.write(problems.map((problem) => `${problem}\n`).join(''));
process.exitCode = problems.length === 0 ? 0 : 1;
