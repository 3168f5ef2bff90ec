/** Lays out the built-in tasks as folders, as an agent has them. */
import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTaskCatalog, type TaskCatalog } from '../plan/task-catalog.ts';
import { BUILT_IN_TASKS, type BuiltInTask } from './definitions.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The tasks in a folder below `parent`; it is written once for each content. */
export function builtInTasks(parent: string): TaskCatalog {
  const scripts = [...new Set(BUILT_IN_TASKS.map(({ script }) => script))].map((name) =>
    readFileSync(join(HERE, name)),
  );
  const hash = createHash('sha256').update(JSON.stringify(BUILT_IN_TASKS));
  for (const script of scripts) hash.update(script);
  const folder = join(parent, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) write(parent, folder);
  const missing = hasProgram('pwsh') ? undefined : 'PowerShell (pwsh) is not on this machine.';
  return readTaskCatalog(folder).map((task) => (task.name === 'PowerShell' ? { ...task, missing } : task));
}

/** Whole or not at all, also where several processes do it at the same time. */
function write(parent: string, folder: string): void {
  const unfinished = join(parent, randomUUID());
  for (const task of BUILT_IN_TASKS) {
    const target = join(unfinished, task.name);
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'task.json'), JSON.stringify(contractOf(task)));
    copyFileSync(join(HERE, task.script), join(target, 'index.cjs'));
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

function contractOf({ id, name, major, friendlyName, description, inputs }: BuiltInTask): object {
  const handler = { target: 'index.cjs' };
  return {
    ...{ id, name, friendlyName, description, author: 'local', helpMarkDown: '' },
    version: { Major: major, Minor: 0, Patch: 0 },
    inputs: inputs.map((input) => ({ type: 'string', label: input.name, ...input })),
    execution: { Node20_1: handler, Node24: handler },
  };
}

function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}
