/** Options of the command line: how each is written, read and refused. */
import { UsageError } from './errors.ts';

export interface Option {
  readonly name: string;
  /** What stands for the value in the help; a switch has none. */
  readonly value?: string;
  readonly help: string;
  readonly isRequired?: boolean;
  readonly isRepeatable?: boolean;
  readonly fallback?: string;
  /** What a value must be, and what is said of one that is not. */
  readonly accepts?: (value: string) => boolean;
  readonly rule?: string;
}

/** Values by option; a switch that is on holds `true`. */
export type Values = ReadonlyMap<string, readonly string[]>;

const isGuid = (value: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);

export const ORGANIZATION: Option = {
  name: 'organization',
  value: 'URL',
  help: 'the organization, https://dev.azure.com/<organization>',
  isRequired: true,
  accepts: (value) => /^https:\/\/(dev\.azure\.com\/[a-z0-9][a-z0-9-]*|[a-z0-9-]+\.visualstudio\.com)\/?$/i.test(value),
  rule: 'must be https://dev.azure.com/<organization> or https://<organization>.visualstudio.com',
};

export const POOL: Option = {
  name: 'pool',
  value: 'NAME',
  help: 'the agent pool',
  isRequired: true,
  accepts: (value) => /^[^/"$@<>]{1,64}$/.test(value),
  rule: 'must be the name of a pool: up to 64 characters, without / " $ @ < and >',
};

export const IDENTITY: Option = {
  name: 'identity',
  value: 'CLIENT-ID',
  help: 'the user-assigned managed identity to sign in with, where this machine has several',
  accepts: isGuid,
  rule: 'must be the client id (a GUID) of a managed identity',
};

export const WHAT_IF: Option = { name: 'what-if', help: 'say what would be changed, and change nothing' };

export const NAME_PREFIX: Option = {
  name: 'name-prefix',
  value: 'TEXT',
  help: 'only agents whose name begins so',
  accepts: (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value),
  rule: 'must be the beginning of agents’ names: letters, digits, dots, dashes and underscores',
};

/** An option that takes a GUID. */
export function guid(name: string, value: string, help: string): Option {
  return { name, value, help, accepts: isGuid, rule: 'must be a GUID' };
}

/** An option that takes a whole number within bounds. */
export function count(name: string, help: string, fallback: number | undefined, least: number, most: number): Option {
  return {
    name,
    value: 'N',
    help,
    ...(fallback === undefined ? { isRequired: true } : { fallback: String(fallback) }),
    accepts: (text) => /^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most,
    rule: `must be a whole number from ${least} to ${most}`,
  };
}

/**
 * Reads `--name value`, `--name=value` and switches. Throws a UsageError that names all problems at once.
 */
export function readOptions(options: readonly Option[], args: readonly string[]): Values {
  const values = new Map<string, readonly string[]>();
  const problems: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const [, name = '', , inline] = /^--([a-z-]+)(=([\s\S]*))?$/.exec(args[index] ?? '') ?? [];
    const option = options.find((candidate) => candidate.name === name);
    if (option === undefined) {
      problems.push(`there is no option '${args[index] ?? ''}'`);
      continue;
    }
    const isSwitch = option.value === undefined;
    const value = isSwitch ? 'true' : (inline ?? args[(index += 1)] ?? '');
    const earlier = values.get(name) ?? [];
    if (isSwitch && inline !== undefined) problems.push(`--${name} takes no value`);
    if (earlier.length > 0 && option.isRepeatable !== true) problems.push(`--${name} is given twice`);
    if (!isSwitch) problems.push(...valueProblems(option, value));
    values.set(name, [...earlier, value]);
  }
  problems.push(...missing(options, values));
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  return values;
}

function valueProblems({ name, accepts, rule = 'is wrong' }: Option, value: string): readonly string[] {
  if (value === '' || value.startsWith('--')) return [`--${name} needs a value`];
  return accepts?.(value) === false ? [`--${name} ${rule}; '${value}' is not`] : [];
}

function missing(options: readonly Option[], values: Values): readonly string[] {
  return options
    .filter(({ name, isRequired }) => isRequired === true && !values.has(name))
    .map(({ name }) => `--${name} is missing`);
}

/** The last value of an option, or its fallback. */
export function textOf(values: Values, option: Option): string | undefined {
  return values.get(option.name)?.at(-1) ?? option.fallback;
}

/** The value of an option that is required or has a fallback. */
export function requiredText(values: Values, option: Option): string {
  const text = textOf(values, option);
  if (text === undefined) throw new UsageError(`--${option.name} is missing`);
  return text;
}

export function numberOf(values: Values, option: Option): number {
  return Number(requiredText(values, option));
}

/** The options as lines of a help text. */
export function describeOptions(options: readonly Option[]): readonly string[] {
  const left = options.map(({ name, value }) => `  --${name}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(...left.map((text) => text.length));
  return options.map((option, index) => `${(left[index] ?? '').padEnd(width)}  ${option.help}${remark(option)}`);
}

function remark({ isRequired, isRepeatable, fallback }: Option): string {
  const remarks = [
    ...(isRequired === true ? ['required'] : []),
    ...(isRepeatable === true ? ['may be repeated'] : []),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
  ];
  return remarks.length === 0 ? '' : ` (${remarks.join(', ')})`;
}
