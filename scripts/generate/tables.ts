/** The generated tables of the READMEs: a task's inputs and outputs, and the list of tasks. */
import { inputKind, isIndispensable, literalDefault, type Task, type TaskInput } from '../task-contract.ts';

/** Tables a task's README may hold, by the name in its markers. */
export function taskTables(task: Task): Readonly<Record<string, string>> {
  const inputs = task.json.inputs.map((input) => [
    `\`${input.name}\``,
    describeType(input),
    describeDefault(input),
    input.helpMarkDown ?? input.label,
  ]);
  const outputs = (task.json.outputVariables ?? []).map((output) => [`\`${output.name}\``, output.description]);
  return {
    inputs: table(['Input', 'Type', 'Default', 'Meaning'], inputs),
    outputs: outputs.length === 0 ? 'None.' : table(['Output', 'Meaning'], outputs),
  };
}

/** The table the repository's README may hold. */
export function taskListTable(tasks: readonly Task[]): Readonly<Record<string, string>> {
  const rows = tasks.map((task) => [
    `[${task.name}](tasks/${task.name}/README.md)`,
    task.json.description.split(/\r?\n/).join(' '),
  ]);
  return { tasks: table(['Task', 'Does'], rows) };
}

/**
 * Puts each table between its markers, `<!-- name:start -->` and `<!-- name:end -->`.
 * A table whose markers the text does not have is left out.
 */
export function fillTables(markdown: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, content]) => {
    const between = new RegExp(`(<!-- ${name}:start -->)[\\s\\S]*?(<!-- ${name}:end -->)`);
    // A table as wide as its longest help text reads worse than one that is not aligned.
    const block = `\n\n<!-- prettier-ignore-start -->\n${content}\n<!-- prettier-ignore-end -->\n\n`;
    return text.replace(between, (_, start: string, end: string) => `${start}${block}${end}`);
  }, markdown);
}

function describeType(input: TaskInput): string {
  const names: Readonly<Record<string, string>> = {
    text: 'text',
    lines: 'lines',
    integer: 'whole number',
    boolean: 'true or false',
    path: 'path',
  };
  if (input.type.startsWith('connectedService:')) return 'service connection';
  const kind = inputKind(input);
  if (kind !== 'choice') return names[kind] ?? kind;
  return Object.keys(input.options ?? {})
    .map((option) => `\`${option}\``)
    .join(', ');
}

function describeDefault(input: TaskInput): string {
  if (isIndispensable(input)) return '**required**';
  const value = literalDefault(input) ?? input.defaultValue ?? '';
  return value === '' ? '' : `\`${value}\``;
}

/** A Markdown table; cells may hold several lines. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\r?\n\r?\n/g, '<br><br>')
    .replaceAll(/\r?\n/g, ' ');
}
