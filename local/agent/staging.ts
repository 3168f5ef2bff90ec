/** Puts a task where an agent unpacks it: `_tasks/{name}_{id}/{version}`, read-only, without its execute bits. */
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTaskDefinition, type TaskDefinition } from './task-definition.ts';

const READ_ONLY_FILE = 0o444;

/** Copies a built task's folder below the work folder and reads its definition there. */
export async function stageTask(folder: string, workFolder: string): Promise<TaskDefinition> {
  const { name, id, version } = readTaskDefinition(folder);
  const target = join(workFolder, '_tasks', `${name}_${id}`, version.replaceAll('+', '_'));
  await rm(target, { recursive: true, force: true });
  await mkdir(dirname(target), { recursive: true });
  await cp(folder, target, { recursive: true });
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  await Promise.all(files.map((entry) => chmod(join(entry.parentPath, entry.name), READ_ONLY_FILE)));
  return readTaskDefinition(target);
}

/** Throws when packages of a folder above could be found by a task, which on an agent has only its own files. */
export function refuseModulesAbove(folder: string): void {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules'))) {
      throw new Error(
        `The work folder ${folder} has ${join(at, 'node_modules')} above it; tasks would find packages they do not carry.`,
      );
    }
    if (at === dirname(at)) return;
  }
}
