/** What a file names without being evaluated: templates with the kind they are used as, and tasks. */
import type { DocumentNode, MappingNode, Place, ScalarNode } from '../document/document-node.ts';
import type { FileKind } from '../template/expand-file.ts';

export interface TemplateReference {
  readonly kind: FileKind;
  readonly template: ScalarNode;
}

const KINDS: readonly FileKind[] = ['stages', 'jobs', 'steps', 'variables', 'extends'];

/** Templates whose path is written out; those an expression makes are known only with parameters. */
export function templateReferences(node: DocumentNode, around?: FileKind): TemplateReference[] {
  switch (node.kind) {
    case 'scalar':
      return [];
    case 'sequence':
      return node.items.flatMap((item) => templateReferences(item, around));
    case 'mapping':
      return node.entries.flatMap(({ key, value }): TemplateReference[] => {
        if (key.text === 'template' && around !== undefined && value.kind === 'scalar') {
          return value.text.includes('${{') ? [] : [{ kind: around, template: value }];
        }
        const inside = KINDS.find((kind) => kind === key.text) ?? (key.text.includes('${{') ? around : undefined);
        return templateReferences(value, inside);
      });
  }
}

/** The values of every `task:`. */
export function taskReferences(node: DocumentNode): ScalarNode[] {
  switch (node.kind) {
    case 'scalar':
      return [];
    case 'sequence':
      return node.items.flatMap(taskReferences);
    case 'mapping':
      return node.entries.flatMap(({ key, value }) =>
        key.text === 'task' && value.kind === 'scalar' ? [value] : taskReferences(value),
      );
  }
}

/**
 * `line:column` of what is known only once it is evaluated: values with expressions, and mappings with the keys of which an
 * expression makes some. A schema cannot judge these.
 */
export function openPlaces(root: DocumentNode): ReadonlySet<string> {
  const places = new Set<string>();
  const add = ({ place }: { readonly place: Place }): void => {
    places.add(`${place.line}:${place.column}`);
  };
  const visit = (node: DocumentNode): void => {
    if (node.kind === 'scalar') {
      if (node.text.includes('${{')) add(node);
      return;
    }
    if (node.kind === 'sequence') {
      for (const item of node.items) visit(item);
      return;
    }
    if (hasComputedKeys(node)) {
      add(node);
      for (const key of keysOf(node)) add(key);
    }
    for (const { value } of node.entries) visit(value);
  };
  visit(root);
  return places;
}

const DIRECTIVE = /^\$\{\{\s*(if|elseif|else|each|insert)(\s|\}\})/;

/** Whether an expression makes keys of the mapping, directly or inside of directives. */
function hasComputedKeys(node: MappingNode): boolean {
  return node.entries.some(({ key, value }) => {
    if (!key.text.includes('${{')) return false;
    if (!DIRECTIVE.test(key.text)) return true;
    return value.kind === 'scalar' || (value.kind === 'mapping' && hasComputedKeys(value));
  });
}

/** The keys of a mapping, those inside of directives too. */
function keysOf(node: MappingNode): readonly ScalarNode[] {
  return node.entries.flatMap(({ key, value }) => [
    key,
    ...(DIRECTIVE.test(key.text) && value.kind === 'mapping' ? keysOf(value) : []),
  ]);
}

/** What a file is when nothing says what it is used for. */
export function kindOfFile(root: DocumentNode): FileKind {
  const keys = root.kind === 'mapping' ? root.entries.map(({ key }) => key.text) : [];
  const others = ['stages', 'jobs', 'steps', 'trigger', 'pr', 'schedules', 'resources', 'pool', 'extends', 'name'];
  return keys.includes('variables') && !keys.some((key) => others.includes(key)) ? 'variables' : 'pipeline';
}
