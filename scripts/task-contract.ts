/** A task's contract, `tasks/<Task>/task.json`, as the scripts and the contract tests read it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

export interface TaskInput {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly helpMarkDown?: string;
  readonly defaultValue?: string;
  readonly required?: boolean;
  readonly visibleRule?: string;
  readonly groupName?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface TaskOutput {
  readonly name: string;
  readonly description: string;
}

/** Handler name (`Node20_1`) to what it runs. */
export type Handlers = Readonly<Record<string, { readonly target: string }>>;

/** The members of task.json that our scripts and tests look at; the agent and the service know more. */
export interface TaskJson {
  readonly id: string;
  readonly name: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly version: { readonly Major: number; readonly Minor: number; readonly Patch: number };
  readonly minimumAgentVersion?: string;
  readonly instanceNameFormat: string;
  readonly groups?: readonly { readonly name: string }[];
  readonly inputs: readonly TaskInput[];
  readonly outputVariables?: readonly TaskOutput[];
  readonly execution?: Handlers;
  readonly prejobexecution?: Handlers;
  readonly postjobexecution?: Handlers;
  readonly restrictions?: {
    readonly commands?: { readonly mode?: string };
    readonly settableVariables?: { readonly allowed?: readonly string[] };
  };
}

export interface Task {
  /** Folder name and task name. */
  readonly name: string;
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly json: TaskJson;
}

/** All tasks of the repository, by name. A folder of `tasks/` with a task.json is a task. */
export function readTasks(root = repositoryRoot): readonly Task[] {
  return readdirSync(join(root, 'tasks'))
    .sort()
    .map((name) => ({ name, folder: join(root, 'tasks', name) }))
    .filter(({ folder }) => existsSync(join(folder, 'task.json')))
    .map((task) => ({ ...task, json: readTaskJson(join(task.folder, 'task.json')) }));
}

function readTaskJson(path: string): TaskJson {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TaskJson;
  } catch (error) {
    throw new Error(`${path} is not valid JSON`, { cause: error });
  }
}

/** How an input is read; the method of the InputReader. */
export type InputKind = 'text' | 'lines' | 'integer' | 'boolean' | 'choice' | 'path';

/**
 * A multi-line input is a list when its help says "one … a line", and one text otherwise.
 * A pick list whose options are editable takes any text.
 */
export function inputKind(input: TaskInput): InputKind {
  switch (input.type) {
    case 'multiLine':
      return /\bone\b[^.]*\b(?:a|per) line\b/i.test(input.helpMarkDown ?? '') ? 'lines' : 'text';
    case 'int':
      return 'integer';
    case 'boolean':
      return 'boolean';
    case 'pickList':
    case 'radio':
      return input.properties?.EditableOptions?.toLowerCase() === 'true' ? 'text' : 'choice';
    case 'filePath':
      return 'path';
    default:
      return 'text';
  }
}

/** The default that is a value; undefined when there is none, or when the agent computes it from variables. */
export function literalDefault(input: TaskInput): string | undefined {
  const value = input.defaultValue;
  return value === undefined || value === '' || /\$\([^)]+\)/.test(value) ? undefined : value;
}

/** True when the user must give a value: nothing else provides one, and no other input hides this one. */
export function isIndispensable(input: TaskInput): boolean {
  return input.required === true && input.visibleRule === undefined && (input.defaultValue ?? '') === '';
}

/** An output whose description says "Unset …" may be missing; every other output always has a value. */
export function isOptionalOutput(output: TaskOutput): boolean {
  return /\bunset\b/i.test(output.description);
}
