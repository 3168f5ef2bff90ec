/** The command line of the local tools. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { suggestion } from './pipeline/nearest-name.ts';
import { SCHEMES, type Scheme } from './emulated-service.ts';
import { UsageError } from './usage-error.ts';

export interface LocalOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** Values come from this process's environment, never from the command line. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly node: 20 | 24;
  readonly debug: boolean;
  readonly scheme: Scheme;
  readonly speed: number;
  readonly port: number | undefined;
  readonly stateFolder: string | undefined;
  /** Where logs and summaries are written; a folder of the repository where it is missing. */
  readonly outputFolder: string | undefined;
  /** What exists in the emulator from the start; the first workspace is the default one. */
  readonly workspaces: readonly string[];
  readonly registries: readonly string[];
  readonly sourcesFolder: string | undefined;
  /** Folder of built tasks; dist/tasks where it is missing. */
  readonly tasksFolder: string | undefined;
  /** Environment file of a running emulator. */
  readonly emulatorFile: string | undefined;
  /** Folders by the alias of a repository. */
  readonly repositories: Readonly<Record<string, string>>;
  /** Files by the name of a variable group. */
  readonly groups: Readonly<Record<string, string>>;
  /** Folders by the name of a task that is not one of ours. */
  readonly standIns: Readonly<Record<string, string>>;
  /** Answers by the name of an environment. */
  readonly approvals: Readonly<Record<string, boolean>>;
  readonly keep: boolean;
  readonly help: boolean;
}

const OPTIONS = {
  input: { type: 'string', multiple: true },
  variable: { type: 'string', multiple: true },
  var: { type: 'string', multiple: true },
  param: { type: 'string', multiple: true },
  secret: { type: 'string', multiple: true },
  node: { type: 'string' },
  debug: { type: 'boolean' },
  auth: { type: 'string' },
  speed: { type: 'string' },
  port: { type: 'string' },
  state: { type: 'string' },
  output: { type: 'string' },
  workspace: { type: 'string', multiple: true },
  registry: { type: 'string', multiple: true },
  sources: { type: 'string' },
  tasks: { type: 'string' },
  emulator: { type: 'string' },
  repository: { type: 'string', multiple: true },
  group: { type: 'string', multiple: true },
  task: { type: 'string', multiple: true },
  approve: { type: 'string', multiple: true },
  keep: { type: 'boolean' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

export type OptionName = keyof typeof OPTIONS;

/** Reads arguments; only `allowed` options may occur. Throws UsageError. */
export function parseArguments(
  args: readonly string[],
  allowed: readonly OptionName[],
  defaults: { readonly speed: number },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly positionals: readonly string[]; readonly options: LocalOptions } {
  refuseUnknown(args, allowed);
  const { values, positionals } = parse(args);
  return {
    positionals,
    options: {
      variables: { ...pairs(values.variable, '--variable'), ...pairs(values.var, '--var') },
      secrets: secretValues(values.secret ?? [], environment),
      parameters: pairs(values.param, '--param'),
      inputs: pairs(values.input, '--input'),
      node: oneOf(values.node ?? '20', ['20', '24'], '--node') === '24' ? 24 : 20,
      debug: values.debug ?? false,
      scheme: oneOf(values.auth ?? 'federation', SCHEMES, '--auth'),
      speed: values.speed === undefined ? defaults.speed : positiveNumber(values.speed, '--speed'),
      port: values.port === undefined ? undefined : positiveNumber(values.port, '--port'),
      stateFolder: values.state,
      outputFolder: values.output,
      workspaces: values.workspace ?? [],
      registries: values.registry ?? [],
      sourcesFolder: values.sources,
      tasksFolder: values.tasks,
      emulatorFile: values.emulator,
      repositories: pairs(values.repository, '--repository'),
      groups: pairs(values.group, '--group'),
      standIns: pairs(values.task, '--task'),
      approvals: answers(values.approve),
      keep: values.keep ?? false,
      help: values.help ?? false,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function refuseUnknown(args: readonly string[], allowed: readonly OptionName[]): void {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name !== undefined && !(allowed as readonly string[]).includes(name)) {
      throw new UsageError(`There is no option --${name} here.${suggestion(name, allowed)}`);
    }
  }
}

function pairs(list: readonly string[] | undefined, option: string): Record<string, string> {
  return Object.fromEntries(
    (list ?? []).map((text) => {
      const sign = text.indexOf('=');
      if (sign < 1) throw new UsageError(`${option} takes name=value, not '${text}'.`);
      return [text.slice(0, sign), text.slice(sign + 1)];
    }),
  );
}

function answers(list: readonly string[] | undefined): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(pairs(list, '--approve')).map(([environment, answer]) => [
      environment,
      oneOf(answer.toLowerCase(), ['yes', 'no'], `--approve ${environment}`) === 'yes',
    ]),
  );
}

function secretValues(
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = environment[name];
      if (value === undefined) {
        throw new UsageError(
          `--secret ${name} takes its value from the environment variable ${name}, which is not set.`,
        );
      }
      return [name, value];
    }),
  );
}

function oneOf<T extends string>(text: string, allowed: readonly T[], option: string): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new UsageError(`${option} takes ${allowed.join(', ')}, not '${text}'.`);
  return found;
}

function positiveNumber(text: string, option: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new UsageError(`${option} takes a positive number, not '${text}'.`);
  return number;
}
