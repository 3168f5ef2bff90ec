import { nearest } from '../domain/spelling.ts';
import type { ProblemList } from './problems.ts';
import { pythonFloat, pythonText } from './python-literals.ts';
import type { YamlNode } from './yaml-node.ts';

/** Where a reader stands: the YAML path for its sentences, and where they go. */
export interface At {
  /** `jobs.train.limits.timeout`; '' at the top. */
  readonly path: string;
  readonly problems: ProblemList;
}

/** Reads a node into a value; undefined when it does not fit, which the reader has then reported. */
export type Reader<T> = (node: YamlNode, at: At) => T | undefined;

export type Fields = Readonly<Record<string, Reader<unknown>>>;

/** What a table of fields reads: every field may be missing, in the file or because it was refused. */
export type Values<F extends Fields> = { readonly [K in keyof F]?: Exclude<ReturnType<F[K]>, undefined> };

export function childAt(at: At, key: string): At {
  return { ...at, path: at.path === '' ? key : `${at.path}.${key}` };
}

/** `'path' must be …, not …`, at the node's place. */
export function refuse(node: YamlNode, at: At, expected: string): void {
  const subject = at.path === '' ? 'The file' : `'${at.path}'`;
  const found = SECRET.test(at.path) ? 'this value' : describe(node);
  const message =
    node.kind === 'null'
      ? `${subject} is empty; it must be ${expected}. Leave the key out if nothing is meant.`
      : `${subject} must be ${expected}, not ${found}.`;
  at.problems.add(node.place, message);
}

/** Fields whose value must not be repeated in a log. */
const SECRET = /(key|secret|token|password|pat)$/i;

function describe(node: YamlNode): string {
  switch (node.kind) {
    case 'string':
      return `the text '${node.value}'`;
    case 'integer':
      return `the number ${node.value}`;
    case 'float':
      return `the number ${pythonFloat(node.value)}`;
    case 'boolean':
      return node.value ? 'true' : 'false';
    case 'timestamp':
      return `the date ${node.text} (quote it to make it a text)`;
    case 'list':
      return 'a list';
    case 'map':
      return 'a mapping';
    case 'null':
      return 'empty';
  }
}

/** A reader that takes what `read` makes something of, and says what was expected of the rest. */
export function expecting<T>(expected: string, read: (node: YamlNode) => T | undefined): Reader<T> {
  return (node, at) => {
    const value = read(node);
    if (value === undefined) refuse(node, at, expected);
    return value;
  };
}

export const text = expecting('a text (in quotes, where it looks like a number or a switch)', (node) =>
  node.kind === 'string' ? node.value : undefined,
);

/** A text, or a number whose Python text is meant (`version: 1.0`). */
export const textOrNumber = expecting('a text or a number', (node) =>
  node.kind === 'string' || node.kind === 'integer' || node.kind === 'float' ? pythonText(node) : undefined,
);

/** A whole number, also when it is written as a text. */
export const integer = expecting('a whole number', (node) => {
  const written = node.kind === 'string' ? node.value.trim() : pythonText(node);
  const fits = node.kind !== 'boolean' && written !== undefined && /^[-+]?\d+(\.0)?$/.test(written);
  const value = fits ? Number(written) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
});

/** A number, also when it is written as a text. */
export const number = expecting('a number', (node) => {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value);
  const value = node.kind === 'string' && node.value.trim() !== '' ? Number(node.value) : NaN;
  return Number.isFinite(value) ? value : undefined;
});

const TRUE_TEXTS = /^(t|true|on|y|yes|1)$/i;
const FALSE_TEXTS = /^(f|false|off|n|no|0)$/i;

/** true or false, also as the texts and numbers the service's own client takes for them. */
export const boolean = expecting('true or false', (node) => {
  if (node.kind === 'boolean') return node.value;
  const written = node.kind === 'string' || node.kind === 'integer' ? (pythonText(node) ?? '') : '';
  if (TRUE_TEXTS.test(written)) return true;
  return FALSE_TEXTS.test(written) ? false : undefined;
});

/** Any node, as it stands. */
export const anything: Reader<YamlNode> = (node) => node;

/** A mapping with any content. */
export const anyMap = expecting('a mapping', (node) => (node.kind === 'map' ? node : undefined));

/** The same reader, with an empty value taken as if the key were missing. */
export function emptyAllowed<T>(reader: Reader<T>): Reader<T> {
  return (node, at) => (node.kind === 'null' ? undefined : reader(node, at));
}

/** A reader followed by a pure change of what it read. */
export function mapped<T, U>(reader: Reader<T>, change: (value: T) => U | undefined): Reader<U> {
  return (node, at) => {
    const value = reader(node, at);
    return value === undefined ? undefined : change(value);
  };
}

export function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (node, at) => {
    if (node.kind !== 'list') {
      refuse(node, at, 'a list');
      return undefined;
    }
    return node.items.flatMap((item, index) => {
      const value = reader(item, { ...at, path: `${at.path}[${index}]` });
      return value === undefined ? [] : [value];
    });
  };
}

/** A mapping of names the user chooses. */
export function mapOf<T>(reader: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (node, at) => {
    if (node.kind !== 'map') {
      refuse(node, at, 'a mapping');
      return undefined;
    }
    const result: Record<string, T> = {};
    for (const entry of node.entries.values()) {
      const value = reader(entry.value, childAt(at, entry.key));
      if (value !== undefined) result[entry.key] = value;
    }
    return result;
  };
}

export const textMap = mapOf(text);

/** Environment variables: every scalar as Python writes it, empty ones as null. */
export const environmentVariables: Reader<Readonly<Record<string, string | null>>> = mapOf(
  expecting('a text or a number', (node) => (node.kind === 'null' ? null : pythonText(node))),
);

export interface RecordOptions {
  readonly required?: readonly string[];
  /** `keep`: unknown keys are no error (they are found in the node). */
  readonly unknown?: 'refuse' | 'keep';
}

/** Keys the service fills in; a file that was downloaded may carry them, and they mean nothing when it is sent. */
const READ_ONLY_KEYS: ReadonlySet<string> = new Set([
  'id',
  'creation_context',
  'status',
  'log_files',
  'provisioning_state',
  'provisioning_errors',
  'scoring_uri',
  'openapi_uri',
  'created_on',
  'latest_version',
]);

/** Keys of every file that say how it is to be checked, not what is sent. */
const SCHEMA_KEY = '$schema';

/** A mapping with known keys, one reader each. */
export function record<F extends Fields>(fields: F, options: RecordOptions = {}): Reader<Values<F>> {
  const names = Object.keys(fields);
  return (node, at) => {
    if (node.kind !== 'map') {
      refuse(node, at, 'a mapping');
      return undefined;
    }
    const result: Record<string, unknown> = {};
    for (const entry of node.entries.values()) {
      const reader = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined;
      if (reader !== undefined) {
        const value = reader(entry.value, childAt(at, entry.key));
        if (value !== undefined) result[entry.key] = value;
      } else if (options.unknown !== 'keep' && entry.key !== SCHEMA_KEY && !READ_ONLY_KEYS.has(entry.key)) {
        const close = nearest(entry.key, names);
        if (close !== undefined) at.problems.noteMisspelt(entry.keyPlace, childAt(at, close).path);
        at.problems.add(entry.keyPlace, unknownField(entry.key, close, names, at));
      }
    }
    for (const name of options.required ?? []) {
      if (!node.entries.has(name)) at.problems.addMissing(node.place, childAt(at, name).path);
    }
    return result as Values<F>;
  };
}

function unknownField(key: string, close: string | undefined, names: readonly string[], at: At): string {
  const hint = close === undefined ? '' : ` Did you mean '${close}'?`;
  const where = at.path === '' ? '' : ` of '${at.path}'`;
  return `Unknown field '${key}'${where}.${hint} Known here: ${names.join(', ')}.`;
}

/** How two spellings of an allowed value are compared. */
export type Spelling = 'lower' | 'snake';

/** `camel_to_snake` of the service's client: `LightGBM` and `light_gbm` are the same. */
export function snakeCase(value: string): string {
  return value
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** One of a few texts; the keys are what is written, the values what is sent. */
export function choice<T>(allowed: Readonly<Record<string, T>>, spelling: Spelling = 'lower'): Reader<T> {
  const normal = (value: string): string => (spelling === 'snake' ? snakeCase(value) : value.toLowerCase());
  const names = Object.keys(allowed);
  return (node, at) => {
    const written = node.kind === 'string' ? node.value : node.kind === 'boolean' ? pythonText(node) : undefined;
    if (written === undefined) {
      refuse(node, at, `one of ${names.join(', ')}`);
      return undefined;
    }
    const name = names.find((candidate) => normal(candidate) === normal(written));
    if (name !== undefined) return allowed[name];
    const close = nearest(written, names);
    const hint = close === undefined ? '' : ` Did you mean '${close}'?`;
    at.problems.add(node.place, `'${at.path}' cannot be '${written}'.${hint} Allowed: ${names.join(', ')}.`);
    return undefined;
  };
}

/** A choice whose values are sent as they are listed. */
export function oneOf<const T extends string>(allowed: readonly T[], spelling: Spelling = 'lower'): Reader<T> {
  return choice(Object.fromEntries(allowed.map((value) => [value, value])) as Readonly<Record<string, T>>, spelling);
}

/** A mapping that is read by what its key `type` says. */
export function byType<T>(
  readers: Readonly<Record<string, Reader<T>>>,
  fallback?: string,
  spelling: Spelling = 'lower',
): Reader<T> {
  const choose = choice(Object.fromEntries(Object.entries(readers)), spelling);
  return (node, at) => {
    if (node.kind !== 'map') {
      refuse(node, at, 'a mapping');
      return undefined;
    }
    const type = node.entries.get('type')?.value;
    if (type === undefined) {
      const reader = fallback === undefined ? undefined : readers[fallback];
      if (reader !== undefined) return reader(node, at);
      at.problems.add(
        node.place,
        `'${childAt(at, 'type').path}' is missing; it is one of ${Object.keys(readers).join(', ')}.`,
      );
      return undefined;
    }
    return choose(type, childAt(at, 'type'))?.(node, at);
  };
}

/** One reader for texts, another for mappings. */
export function textOr<T, U>(ofText: Reader<T>, ofMap: Reader<U>): Reader<T | U> {
  return (node, at) => (node.kind === 'map' ? ofMap(node, at) : ofText(node, at));
}
