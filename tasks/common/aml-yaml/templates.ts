import { pythonText } from './python-literals.ts';
import { numberTemplate } from './number-text.ts';
import type { Template } from './plan.ts';
import type { YamlNode } from './yaml-node.ts';

export type TemplateObject = Readonly<Record<string, Template>>;

/** The object without members that have no value; `null` is one and stays. */
export function compact(members: Readonly<Record<string, Template | undefined>>): TemplateObject {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, Template] => entry[1] !== undefined),
  );
}

/** The object without members that are missing, null or empty: what the service's client leaves out of a componentSpec. */
export function compactDeep(members: Readonly<Record<string, Template | undefined>>): TemplateObject {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, Template] => !isEmpty(entry[1])));
}

function isEmpty(value: Template | undefined): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** `process_count_per_instance` → `processCountPerInstance`. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The same members under camelCase keys; values are not looked into. */
export function camelKeys(members: Readonly<Record<string, Template | undefined>>): TemplateObject {
  return compact(Object.fromEntries(Object.entries(members).map(([key, value]) => [camelCase(key), value])));
}

/** Any YAML as it is sent where the file's own structure passes through; dates by their text. */
export function passThrough(node: YamlNode): Template {
  switch (node.kind) {
    case 'map':
      return Object.fromEntries([...node.entries.values()].map(({ key, value }) => [key, passThrough(value)]));
    case 'list':
      return node.items.map(passThrough);
    case 'integer':
    case 'float':
      return numberTemplate(node);
    case 'boolean':
      return node.value;
    case 'null':
      return null;
    case 'timestamp':
      return node.text;
    case 'string':
      return pythonText(node) ?? '';
  }
}
