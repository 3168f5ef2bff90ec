/**
 * Packs the built tasks into `dist/<publisher>.<extension>-<version>.vsix`.
 * `--version x.y.z` is stamped into the manifest and, as Minor.Patch, into every task: agents keep a task's version for
 * ever. `--ring dev|test|release` (release by default): the other rings get ids of their own and stay private.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { ExtensionManifest } from './generate/manifest.ts';
import { isRing, manifestOf, type Ring, RINGS, taskJsonOf } from './package/ring.ts';
import { listZip, type ZipEntry } from './package/zip-listing.ts';
import { readTasks, repositoryRoot, type Task, type TaskJson } from './task-contract.ts';

/** What the whole package may weigh, in bytes. */
export const PACKAGE_BUDGET = 5_000_000;

export interface PackageOptions {
  readonly version: string;
  readonly ring: Ring;
  /** Folder for the staged files and the package; earlier ones in it are removed. */
  readonly outputFolder: string;
}

export interface Packed {
  readonly file: string;
  readonly size: number;
  readonly entries: readonly ZipEntry[];
}

/** Makes and checks the package. Throws with every reason why it cannot be shipped. */
export function packageExtension(options: PackageOptions): Packed {
  const tasks = readTasks();
  const manifest = manifestOf(readJson('vss-extension.json') as ExtensionManifest, options);
  refuse(missingSources(tasks, manifest));
  mkdirSync(options.outputFolder, { recursive: true });
  const staged = join(options.outputFolder, 'extension');
  rmSync(staged, { recursive: true, force: true });
  for (const name of readdirSync(options.outputFolder)) {
    if (name.endsWith('.vsix')) rmSync(join(options.outputFolder, name));
  }
  stage(staged, tasks, manifest, options);
  const file = join(options.outputFolder, `${manifest.publisher}.${manifest.id}-${options.version}.vsix`);
  runTfx(staged, file);
  const packed = { file, size: statSync(file).size, entries: listZip(readFileSync(file)) };
  refuse(packageProblems(packed, tasks));
  return packed;
}

/** Files the manifest names by path: they are packed as they are. */
function namedFiles(manifest: ExtensionManifest): readonly string[] {
  const paths = JSON.stringify([manifest.icons, manifest.content]).matchAll(/"(?:default|path)":"([^"]+)"/g);
  const listed = (manifest.files ?? []).map((file) => file.path).filter((path) => !path.startsWith('tasks/'));
  return [...new Set([...[...paths].flatMap((match) => match[1] ?? []), ...listed])];
}

function missingSources(tasks: readonly Task[], manifest: ExtensionManifest): readonly string[] {
  const needed = [
    ...namedFiles(manifest),
    ...tasks.flatMap((task) => taskFiles(task.json).map((file) => `dist/tasks/${task.name}/${file}`)),
  ];
  return [
    ...(tasks.length === 0 ? ['there is no task to pack'] : []),
    ...needed.filter((path) => !existsSync(join(repositoryRoot, path))).map((path) => `${path} is missing`),
  ];
}

/** What must be in a task's folder: what its handlers run, and what the agent and the run's page read. */
function taskFiles(json: TaskJson): readonly string[] {
  const handlers = [json.prejobexecution, json.execution, json.postjobexecution];
  const targets = handlers.flatMap((handler) => Object.values(handler ?? {}).map(({ target }) => target));
  return [...new Set([...targets, 'task.json', 'icon.png', 'ThirdPartyNotices.txt'])];
}

function stage(folder: string, tasks: readonly Task[], manifest: ExtensionManifest, options: PackageOptions): void {
  for (const path of namedFiles(manifest)) cpSync(join(repositoryRoot, path), join(folder, path), { recursive: true });
  for (const task of tasks) {
    const target = join(folder, 'tasks', task.name);
    const filter = (source: string): boolean => !source.endsWith('.map');
    cpSync(join(repositoryRoot, 'dist/tasks', task.name), target, { recursive: true, filter });
    writeJson(join(target, 'task.json'), taskJsonOf(task, manifest, options));
  }
  writeJson(join(folder, 'vss-extension.json'), manifest);
}

/** tfx-cli, Microsoft's packer; it works without a network. */
function runTfx(folder: string, file: string): void {
  const tfx = join(repositoryRoot, 'node_modules/tfx-cli/_build/tfx-cli.js');
  const args = [
    'extension',
    'create',
    '--root',
    folder,
    '--manifest-globs',
    'vss-extension.json',
    '--output-path',
    file,
  ];
  const result = spawnSync(process.execPath, [tfx, ...args, '--no-prompt', '--no-color'], { encoding: 'utf8' });
  const complaints = `${result.stdout}${result.stderr}`.split('\n').filter((line) => /\b(warning|error)\b/i.test(line));
  refuse(result.status === 0 ? complaints : [`tfx failed:\n${result.stdout}${result.stderr}`]);
}

function packageProblems(packed: Packed, tasks: readonly Task[]): readonly string[] {
  const names = new Set(packed.entries.map((entry) => entry.name));
  const missing = tasks
    .flatMap((task) => taskFiles(task.json).map((file) => `tasks/${task.name}/${file}`))
    .filter((name) => !names.has(name));
  return [
    ...missing.map((name) => `${name} is not in the package`),
    ...(packed.size > PACKAGE_BUDGET
      ? [`the package weighs ${packed.size} bytes; the budget is ${PACKAGE_BUDGET}`]
      : []),
  ];
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0)
    throw new Error(`The extension cannot be packed:\n${problems.map((line) => `  ${line}\n`).join('')}`);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8'));
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

function describe(packed: Packed): string {
  const lines = [...packed.entries]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((entry) => `${String(entry.size).padStart(9)} ${String(entry.compressedSize).padStart(9)}  ${entry.name}`);
  const head = `${'bytes'.padStart(9)} ${'packed'.padStart(9)}  file`;
  return [head, ...lines, `${relative(process.cwd(), packed.file)}: ${packed.size} bytes`, ''].join('\n');
}

function main(): void {
  const { values } = parseArgs({ options: { version: { type: 'string' }, ring: { type: 'string' } } });
  const version = values.version ?? (readJson('package.json') as { readonly version: string }).version;
  const ring = values.ring ?? 'release';
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`--version must be x.y.z, not '${version}'`);
  if (!isRing(ring)) throw new Error(`--ring must be one of ${RINGS.join(', ')}, not '${ring}'`);
  const outputFolder = join(repositoryRoot, 'dist');
  process.stdout.write(describe(packageExtension({ version, ring, outputFolder })));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
