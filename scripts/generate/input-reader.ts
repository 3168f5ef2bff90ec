/** `task.gen.ts`: the typed inputs and outputs of a task, and the function that reads the inputs. */
import {
  inputKind,
  isIndispensable,
  isOptionalOutput,
  literalDefault,
  type InputKind,
  type Task,
  type TaskInput,
  type TaskOutput,
} from '../task-contract.ts';

/** The source of a task's `task.gen.ts`. Throws when a default does not fit its input. */
export function inputReaderSource(task: Task): string {
  return [
    '// Generated from task.json by `npm run generate`; edit that instead.',
    "import type { InputReader } from '../common/agent/inputs.ts';",
    '',
    ...members('Inputs', task.json.inputs, inputMember),
    '',
    ...members('Outputs', task.json.outputVariables ?? [], outputMember),
    '',
    '/** Reads all inputs. Throws a UserError that names every problem. */',
    'export function readInputs(reader: InputReader): Inputs {',
    '  return reader.read(() => ({',
    ...task.json.inputs.map((input) => `    ${input.name}: ${readExpression(task, input)},`),
    '  }));',
    '}',
    '',
  ].join('\n');
}

function members<T>(name: string, items: readonly T[], member: (item: T) => readonly string[]): readonly string[] {
  if (items.length === 0) return [`export type ${name} = Record<string, never>;`];
  return [`export interface ${name} {`, ...items.flatMap(member), '}'];
}

function inputMember(input: TaskInput): readonly string[] {
  const type = isAlwaysThere(input) ? typeOf(input) : `${typeOf(input)} | undefined`;
  return [...docComment(input.helpMarkDown ?? input.label), `  readonly ${input.name}: ${type};`];
}

function outputMember(output: TaskOutput): readonly string[] {
  const member = isOptionalOutput(output) ? `${output.name}?: string | undefined` : `${output.name}: string`;
  return [...docComment(output.description), `  readonly ${member};`];
}

function isAlwaysThere(input: TaskInput): boolean {
  return isIndispensable(input) || literalDefault(input) !== undefined || inputKind(input) === 'lines';
}

function typeOf(input: TaskInput): string {
  const types: Readonly<Record<InputKind, string>> = {
    text: 'string',
    path: 'string',
    lines: 'readonly string[]',
    integer: 'number',
    boolean: 'boolean',
    choice: options(input).map(quote).join(' | '),
  };
  return types[inputKind(input)];
}

function readExpression(task: Task, input: TaskInput): string {
  const kind = inputKind(input);
  const optionList = kind === 'choice' ? `, [${options(input).map(quote).join(', ')}]` : '';
  const read = `reader.${kind}(${quote(input.name)}${optionList})`;
  const fallback = literalDefault(input);
  if (fallback !== undefined) return `${read} ?? ${defaultLiteral(task, input, fallback)}`;
  if (isIndispensable(input)) return `reader.required(${quote(input.name)}, ${read})`;
  return kind === 'lines' ? `${read} ?? []` : read;
}

function defaultLiteral(task: Task, input: TaskInput, value: string): string {
  const unfit = (expected: string): Error =>
    new Error(`${task.name}: the default '${value}' of input '${input.name}' is not ${expected}`);
  switch (inputKind(input)) {
    case 'integer':
      if (!/^-?\d+$/.test(value)) throw unfit('a whole number');
      return value;
    case 'boolean':
      if (value !== 'true' && value !== 'false') throw unfit('true or false');
      return value;
    case 'choice':
      if (!options(input).includes(value)) throw unfit('one of its options');
      return quote(value);
    case 'lines':
      return `[${value.split(/\r?\n/).map(quote).join(', ')}]`;
    default:
      return quote(value);
  }
}

function options(input: TaskInput): readonly string[] {
  return Object.keys(input.options ?? {});
}

function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}

function docComment(text: string): readonly string[] {
  const lines = text.replaceAll('*/', '*\u200b/').split(/\r?\n/);
  if (lines.length === 1) return [`  /** ${lines.join('')} */`];
  return ['  /**', ...lines.map((line) => `   * ${line}`.trimEnd()), '   */'];
}
