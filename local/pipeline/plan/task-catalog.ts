/** The tasks a pipeline may name: the built ones, those every agent has, and stand-ins for others. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTaskDefinition, type TaskDefinition } from '../../agent/task-definition.ts';
import { suggestion } from '../nearest-name.ts';

export interface CatalogTask {
  readonly definition: TaskDefinition;
  /** As pipelines name it, which is not what a stand-in's own task.json says. */
  readonly name: string;
  /** Takes any version and any inputs. */
  readonly standIn?: boolean;
  /** Why it cannot be run on this machine. */
  readonly missing?: string | undefined;
}

export type TaskCatalog = readonly CatalogTask[];

/** Reads every task of a folder (`dist/tasks`). Throws TaskDefinitionError for a broken one; a missing folder is empty. */
export function readTaskCatalog(folder: string): TaskCatalog {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'task.json')))
    .map((path) => readTaskDefinition(path))
    .map((definition) => ({ definition, name: definition.name }));
}

/** A task's folder that is run where a pipeline names `name`. Throws TaskDefinitionError. */
export function standIn(name: string, folder: string): CatalogTask {
  return { definition: readTaskDefinition(folder), name: name.replace(/@\d+$/, ''), standIn: true };
}

export type FoundTask =
  | { readonly kind: 'found'; readonly task: CatalogTask }
  /** A task of someone else, which a stand-in could run. */
  | { readonly kind: 'unknown'; readonly sentence: string }
  | { readonly kind: 'wrong'; readonly sentence: string };

/** The task `Name@Major` means, or a sentence why there is none. */
export function findTask(catalog: TaskCatalog, reference: string): FoundTask {
  const [name = '', major, ...rest] = reference.split('@');
  if (name === '' || major === undefined || !/^\d+$/.test(major) || rest.length > 0) {
    return wrong(`'${reference}' must be a task and its major version, such as AmlRunJob@1.`);
  }
  const task = catalog.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (task === undefined) {
    const hint = suggestion(
      name,
      catalog.map((each) => each.name),
    );
    const sentence = `The task '${reference}' is not on this machine.${hint}`;
    return { kind: 'unknown', sentence: `${sentence} Give a stand-in for it with --task ${name}=FOLDER.` };
  }
  const version = task.definition.version.split('.')[0] ?? '';
  if (task.missing !== undefined) return { kind: 'unknown', sentence: task.missing };
  if (version === major || task.standIn === true) return { kind: 'found', task };
  return wrong(`The task ${task.name} has no version ${major}; it is ${task.name}@${version}.`);
}

function wrong(sentence: string): FoundTask {
  return { kind: 'wrong', sentence };
}
