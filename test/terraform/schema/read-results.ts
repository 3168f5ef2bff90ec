/** Reads what the generated classes give back: the attributes a provider computes, and their types. */
import type { ValueType } from './provider-schema.ts';

/** A computed attribute of a plain type, or one made of another class. */
export type Result = { readonly type: ValueType } | { readonly ofClass: string; readonly isSet: boolean };

export interface ResultClass {
  readonly base: string;
  readonly results: ReadonlyMap<string, Result>;
}

const CLASS = /^class (\w+) extends cdktf\.(\w+) \{\n([\s\S]*?)\n\}/gm;
const GETTER = /get \w+\(\) \{\s*return ([\s\S]*?);\s*\}/g;
const NESTED = /new (\w+)\(this, "(\w+)"(?:, (true|false))?\)/g;

const GETTER_TYPES: Readonly<Record<string, ValueType>> = {
  String: 'string',
  Number: 'number',
  Boolean: 'bool',
  List: ['list', 'string'],
  NumberList: ['list', 'number'],
  StringMap: ['map', 'string'],
  NumberMap: ['map', 'number'],
  BooleanMap: ['map', 'bool'],
};

/** Reads one generated module: its classes by name. */
export function readResults(source: string): ReadonlyMap<string, ResultClass> {
  const classes = new Map<string, ResultClass>();
  for (const [, name = '', base = '', body = ''] of source.matchAll(CLASS)) {
    const results = new Map<string, Result>();
    for (const [, expression = ''] of body.matchAll(GETTER)) {
      const [, getter = '', attribute = ''] = /this\.get(\w+)Attribute\(['"](\w+)['"]/.exec(expression) ?? [];
      const type = GETTER_TYPES[getter];
      if (type !== undefined) results.set(attribute, { type: asSet(type, expression) });
    }
    for (const [, ofClass = '', attribute = '', isSet] of body.matchAll(NESTED)) {
      results.set(attribute, { ofClass, isSet: isSet === 'true' });
    }
    classes.set(name, { base, results });
  }
  return classes;
}

/** A set is read through a conversion to a list. */
function asSet(type: ValueType, expression: string): ValueType {
  const [kind, element] = typeof type === 'string' ? [] : type;
  return kind === 'list' && typeof element === 'string' && expression.includes('tolist') ? ['set', element] : type;
}
