/** Variables of a pipeline, a stage or a job: a mapping, or a list of name and value. */
import type { PlanVariable } from './plan.ts';
import type { Entry, YamlSource } from './yaml-source.ts';

/** Variable groups and templates are refused. */
export function readVariables(source: YamlSource, entry: Entry | undefined): readonly PlanVariable[] {
  if (entry === undefined) return [];
  if (source.isMapping(entry.value)) {
    return [...source.mapping(entry.value, 'variables')].map(([name, { value }]) => ({
      name,
      value: source.text(value, `the variable '${name}'`),
      readOnly: false,
    }));
  }
  return source.sequence(entry.value, 'variables').map((item) => {
    const entries = source.mapping(item, 'a variable', ['name', 'value', 'readonly']);
    const name = source.text(entries.get('name')?.value, 'the name of a variable');
    if (name === '') source.report(item, 'A variable needs a name.');
    const readOnly = entries.get('readonly');
    return {
      name,
      value: source.text(entries.get('value')?.value, `the variable '${name}'`),
      readOnly: readOnly !== undefined && source.boolean(readOnly.value, 'readonly'),
    };
  });
}
