/** The built tasks a pipeline may name. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTaskDefinition, type TaskDefinition } from '../agent/task-definition.ts';
import { suggestion } from './nearest-name.ts';

export type TaskCatalog = readonly TaskDefinition[];

/** Reads every task of a folder (`dist/tasks`). Throws TaskDefinitionError for a broken one; a missing folder is empty. */
export function readTaskCatalog(folder: string): TaskCatalog {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'task.json')))
    .map((path) => readTaskDefinition(path));
}

/** The task `Name@Major` means, or a sentence why there is none. */
export function findTask(catalog: TaskCatalog, reference: string): TaskDefinition | string {
  const [name = '', major, ...rest] = reference.split('@');
  if (major === undefined || !/^\d+$/.test(major) || rest.length > 0) {
    return `'${reference}' must be a task and its major version, such as AmlRunJob@1.`;
  }
  const task = catalog.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (task === undefined) {
    return `The task '${name}' is not one of this extension.${suggestion(
      name,
      catalog.map((each) => each.name),
    )}`;
  }
  const version = task.version.split('.')[0];
  return version === major
    ? task
    : `The task ${task.name} has no version ${major}; it is ${task.name}@${version ?? ''}.`;
}
