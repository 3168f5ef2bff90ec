/** A task's contract as the agent reads it from task.json, and what is wrong with the folder it came from. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Restrictions } from './restrictions.ts';

export interface TaskInput {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly aliases: readonly string[];
  /** Undefined where task.json gives none. */
  readonly defaultValue: string | undefined;
  readonly required: boolean;
  readonly visibleRule: string | undefined;
}

export type Phase = 'pre' | 'main' | 'post';

/** Handler name (`Node20_1`) to the file it starts. */
export type Handlers = Readonly<Record<string, { readonly target: string; readonly workingDirectory?: string }>>;

export interface TaskDefinition {
  readonly folder: string;
  readonly id: string;
  readonly name: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly author: string;
  readonly helpMarkDown: string;
  /** `Major.Minor.Patch`. */
  readonly version: string;
  readonly inputs: readonly TaskInput[];
  readonly outputVariables: readonly string[];
  readonly restrictions: Restrictions | undefined;
  readonly handlers: Readonly<Record<Phase, Handlers | undefined>>;
}

export class TaskDefinitionError extends Error {
  override readonly name = 'TaskDefinitionError';
}

const SECTIONS: Readonly<Record<Phase, string>> = {
  pre: 'prejobexecution',
  main: 'execution',
  post: 'postjobexecution',
};

/** Handlers the agent knows; any other name is silently ignored by it, so here it is a fault. */
const KNOWN_HANDLERS = new Set([
  'Node24',
  'Node20_1',
  'Node16',
  'Node10',
  'Node',
  'PowerShell3',
  'PowerShell',
  'Process',
]);

/** Reads `task.json` at the root of a built task's folder. Throws TaskDefinitionError with every fault found. */
export function readTaskDefinition(folder: string): TaskDefinition {
  const definition = readTaskContract(folder);
  const faults = findFaults(definition);
  if (faults.length > 0) throw new TaskDefinitionError(`${join(folder, 'task.json')}: ${faults.join(' ')}`);
  return definition;
}

/** Reads `task.json` of a folder that need not be built. Throws TaskDefinitionError where there is none. */
export function readTaskContract(folder: string): TaskDefinition {
  const file = join(folder, 'task.json');
  if (!existsSync(file)) throw new TaskDefinitionError(`${folder} is not a task: it has no task.json.`);
  const json = asObject(parse(file));
  const version = asObject(json.version);
  return {
    folder,
    id: text(json.id),
    name: text(json.name),
    friendlyName: text(json.friendlyName),
    description: text(json.description),
    author: text(json.author),
    helpMarkDown: text(json.helpMarkDown),
    version: ['Major', 'Minor', 'Patch'].map((part) => text(version[part])).join('.'),
    inputs: asList(json.inputs).map(readInput),
    outputVariables: asList(json.outputVariables).map((output) => text(asObject(output).name)),
    restrictions: readRestrictions(json.restrictions),
    handlers: { pre: handlers(json, 'pre'), main: handlers(json, 'main'), post: handlers(json, 'post') },
  };
}

/** The input a YAML key means: its name or one of its aliases, without case. */
export function findInput(definition: TaskDefinition, key: string): TaskInput | undefined {
  const wanted = key.toLowerCase();
  return definition.inputs.find((input) =>
    [input.name, ...input.aliases].some((name) => name.toLowerCase() === wanted),
  );
}

function findFaults(definition: TaskDefinition): string[] {
  const faults: string[] = [];
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(definition.id)) faults.push('Its id is no GUID.');
  if (!/^[A-Za-z0-9-]+$/.test(definition.name)) faults.push('Its name must be letters, digits and hyphens.');
  if (!/^\d+\.\d+\.\d+$/.test(definition.version)) faults.push('Its version needs Major, Minor and Patch numbers.');
  for (const [phase, section] of Object.entries(SECTIONS)) {
    for (const [name, handler] of Object.entries(definition.handlers[phase as Phase] ?? {})) {
      if (!KNOWN_HANDLERS.has(name)) faults.push(`The agent ignores the unknown handler '${name}' in ${section}.`);
      else if (!existsSync(join(definition.folder, handler.target))) {
        faults.push(`The target '${handler.target}' of ${name} in ${section} does not exist.`);
      }
    }
  }
  if (countTaskLibs(definition.folder) > 1) {
    faults.push('It holds several copies of azure-pipelines-task-lib; only one of them would see the inputs.');
  }
  return faults;
}

function countTaskLibs(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.replaceAll('\\', '/').endsWith('node_modules/azure-pipelines-task-lib/package.json'),
  ).length;
}

function readInput(value: unknown): TaskInput {
  const input = asObject(value);
  const given = input.defaultValue;
  return {
    name: text(input.name),
    type: text(input.type),
    label: text(input.label),
    aliases: asList(input.aliases).map(text),
    defaultValue: given === undefined ? undefined : text(given),
    required: text(input.required).toLowerCase() === 'true',
    visibleRule: input.visibleRule === undefined ? undefined : text(input.visibleRule),
  };
}

function readRestrictions(value: unknown): Restrictions | undefined {
  if (value === undefined) return undefined;
  const restrictions = asObject(value);
  const allowed = asObject(restrictions.settableVariables).allowed;
  return {
    commands: { mode: text(asObject(restrictions.commands).mode) },
    settableVariables: { allowed: allowed === undefined ? undefined : asList(allowed).map(text) },
  };
}

function handlers(json: Record<string, unknown>, phase: Phase): Handlers | undefined {
  const section = json[SECTIONS[phase]];
  if (section === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(asObject(section)).map(([name, value]) => {
      const { target, workingDirectory } = asObject(value);
      return [
        name,
        { target: text(target), ...(workingDirectory !== undefined && { workingDirectory: text(workingDirectory) }) },
      ];
    }),
  );
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new TaskDefinitionError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
