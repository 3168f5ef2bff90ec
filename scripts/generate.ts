/**
 * Writes what follows from each task.json (`task.gen.ts`, the tables of the READMEs, the extension's task entries and the
 * frozen surface) and from the templates (their reference). `--check` writes nothing and fails when a file is not as it would be written; `--accept-break` lets a
 * change of the surface through that breaks pipelines.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { inputReaderSource } from './generate/input-reader.ts';
import { withTasks, type ExtensionManifest } from './generate/manifest.ts';
import { findBreaks, surfaceOf, type Surface } from './generate/surface.ts';
import { fillTables, taskListTable, taskTables } from './generate/tables.ts';
import { readTemplates, templateLists, templateReference } from './generate/templates.ts';
import { readTasks, repositoryRoot, type Task } from './task-contract.ts';

/** A generated file that is not current, and what it should hold. */
export interface Stale {
  /** Relative to the repository. */
  readonly file: string;
  readonly content: string;
}

/**
 * The files that differ from what the task.json files ask for.
 * Throws when that would break the surface and `acceptBreak` is not set.
 */
export function findStale(options: { readonly root?: string; readonly acceptBreak?: boolean } = {}): readonly Stale[] {
  const root = options.root ?? repositoryRoot;
  const tasks = readTasks(root);
  const templates = readTemplates(root);
  return [
    ...tasks.map((task) => text(join(task.folder, 'task.gen.ts'), () => inputReaderSource(task))),
    ...tasks.map((task) => text(join(task.folder, 'README.md'), (old) => old && fillTables(old, taskTables(task)))),
    text(join(root, 'README.md'), (old) => old && fillTables(old, taskListTable(tasks))),
    text(join(root, 'templates/README.md'), (old) => old && fillTables(old, templateLists(templates))),
    text(join(root, 'docs/templates.md'), (old) => old && fillTables(old, templateReference(templates))),
    json(join(root, 'vss-extension.json'), (old) => old && withTasks(old as ExtensionManifest, tasks)),
    json(join(root, 'test/contract/surface.json'), (old) => newSurface(old as Surface | undefined, tasks, options)),
  ]
    .filter((change) => change !== undefined)
    .map((change) => ({ ...change, file: relative(root, change.file) }));
}

function newSurface(
  before: Surface | undefined,
  tasks: readonly Task[],
  options: { readonly acceptBreak?: boolean },
): Surface {
  const after = surfaceOf(tasks);
  const breaks = findBreaks(before ?? {}, after);
  if (breaks.length === 0 || options.acceptBreak === true) return after;
  throw new Error(
    `This would break pipelines that use the tasks:\n${breaks.map((line) => `  ${line}\n`).join('')}` +
      'If that is meant, run `npm run generate -- --accept-break`.',
  );
}

function text(file: string, next: (old: string | undefined) => string | undefined): Stale | undefined {
  const old = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const content = next(old);
  return content === undefined || content === old ? undefined : { file, content };
}

/** Compared by value: how the file is laid out is the formatter's matter. */
function json(file: string, next: (old: unknown) => unknown): Stale | undefined {
  const old: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const value = next(old);
  return value === undefined || isDeepStrictEqual(value, old)
    ? undefined
    : { file, content: JSON.stringify(value, null, 2) };
}

async function write(stale: readonly Stale[]): Promise<void> {
  const prettier = await import('prettier');
  for (const { file, content } of stale) {
    const path = join(repositoryRoot, file);
    const isJson = file.endsWith('.json');
    const options = isJson ? { ...(await prettier.resolveConfig(path)), filepath: path } : undefined;
    writeFileSync(path, options === undefined ? content : await prettier.format(content, options));
    process.stdout.write(`${file}\n`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const stale = findStale({ acceptBreak: args.includes('--accept-break') });
  if (!args.includes('--check')) {
    await write(stale);
  } else if (stale.length > 0) {
    const files = stale.map(({ file }) => `  ${file}\n`).join('');
    throw new Error(`These files do not follow from task.json any more; run \`npm run generate\`:\n${files}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
