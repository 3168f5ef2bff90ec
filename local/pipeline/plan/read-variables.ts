/** Variables of a pipeline, a stage or a job: a mapping, or a list of names with values and of groups. */
import type { DocumentNode } from '../document/document-node.ts';
import { isEmpty, type Entries } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';
import { checkRuntimeText } from './runtime-text.ts';
import type { PlanVariable } from './plan.ts';
import type { Reading } from './reading.ts';

/** In the order in which they are written; a later one of the same name wins. */
export function readVariables(reading: Reading, entries: Entries): readonly PlanVariable[] {
  const node = entries.get('variables')?.value;
  if (node === undefined || isEmpty(node)) return [];
  const { reader } = reading;
  if (node.kind === 'mapping') {
    return [...reader.mapping(node, 'variables')].map(([name, { value }]) => readVariable(reading, name, value));
  }
  return reader.sequence(node, '`variables`').flatMap((item) => readItem(reading, item));
}

function readItem(reading: Reading, item: DocumentNode): readonly PlanVariable[] {
  const { reader } = reading;
  const entries = reader.mapping(item, 'a variable', ['name', 'value', 'readonly', 'group']);
  const group = entries.get('group')?.value;
  if (group !== undefined) return readGroup(reading, group);
  const name = reader.optionalText(entries, 'name') ?? '';
  if (name === '') reader.report(item, 'A variable needs a name.');
  const variable = readVariable(reading, name, entries.get('value')?.value);
  return [{ ...variable, readOnly: reader.boolean(entries, 'readonly', false) }];
}

function readVariable({ reader }: Reading, name: string, node: DocumentNode | undefined): PlanVariable {
  const value = node === undefined ? '' : reader.text(node, `the variable '${name}'`);
  if (node !== undefined) checkRuntimeText(reader, node, value);
  return { name, value, readOnly: false };
}

function readGroup(reading: Reading, node: DocumentNode): readonly PlanVariable[] {
  const { reader, groups } = reading;
  const name = reader.text(node, 'group');
  const group = groups.get(name);
  if (group === undefined) {
    const hint = suggestion(name, [...groups.keys()]);
    reading.refuse(
      node,
      `The variable group '${name}' is not on this machine; give its values with --group ${name}=FILE.${hint}`,
    );
    return [];
  }
  return Object.entries(group).map(([each, { value, secret }]) => ({ name: each, value, readOnly: false, secret }));
}
