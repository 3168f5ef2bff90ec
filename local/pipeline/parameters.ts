/** Parameters of a pipeline: their types, defaults and the values given when it is queued. */
import type { Node } from 'yaml';
import type { Value } from '../agent/expressions/values.ts';
import { suggestion } from './nearest-name.ts';
import type { YamlSource } from './yaml-source.ts';

const TYPES = ['string', 'number', 'boolean'];
const KEYS = ['name', 'displayName', 'type', 'default', 'values'];

/** Reads the list of parameters and binds the given values; everything wrong is reported. */
export function readParameters(
  source: YamlSource,
  node: Node | undefined,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  const names: string[] = [];
  for (const item of node === undefined ? [] : source.sequence(node, '`parameters`')) {
    const entries = source.mapping(item, 'a parameter', KEYS);
    const name = source.text(entries.get('name')?.value, 'the name of a parameter');
    const type = entries.has('type') ? source.text(entries.get('type')?.value, 'the type of a parameter') : 'string';
    if (name === '') source.report(item, 'A parameter needs a name.');
    if (!TYPES.includes(type)) {
      source.report(
        entries.get('type')?.value,
        `Unexpected value '${type}': parameters here are string, number or boolean.`,
      );
    }
    names.push(name);
    const fallback = entries.get('default');
    const text = given[name] ?? (fallback && source.text(fallback.value, `the default of '${name}'`));
    if (text === undefined) source.report(item, `A value for the '${name}' parameter must be provided.`);
    else values.set(name, bind(source, fallback?.value ?? item, { name, type, text }));
    checkAllowed(source, item, name, text, entries.get('values')?.value);
  }
  for (const name of Object.keys(given).filter((each) => !names.includes(each))) {
    source.report(node, `Unexpected parameter '${name}'.${suggestion(name, names)}`);
  }
  return values;
}

function bind(source: YamlSource, node: Node, parameter: { name: string; type: string; text: string }): Value {
  const { name, type, text } = parameter;
  if (type === 'boolean') {
    if (!/^(true|false)$/i.test(text))
      source.report(node, `The '${name}' parameter value '${text}' is not a valid Boolean.`);
    return /^true$/i.test(text);
  }
  if (type === 'number') {
    if (!/^[+-]?\d+(\.\d+)?$/.test(text))
      source.report(node, `The '${name}' parameter value '${text}' is not a number.`);
    return Number(text);
  }
  return text;
}

function checkAllowed(
  source: YamlSource,
  item: Node,
  name: string,
  text: string | undefined,
  node: Node | undefined,
): void {
  if (node === undefined || text === undefined) return;
  const allowed = source.sequence(node, `the values of '${name}'`).map((value) => source.text(value, 'a value'));
  if (!allowed.includes(text)) {
    source.report(item, `The '${name}' parameter value '${text}' is not one of ${allowed.join(', ')}.`);
  }
}
