/** What a file names without being evaluated: templates with the kind they are used as, and tasks. */
import type { DocumentNode, ScalarNode } from '../document/document-node.ts';
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

/** `line:column` of every value that is, or holds, a template expression. */
export function placesOfExpressions(node: DocumentNode): ReadonlySet<string> {
  const places = new Set<string>();
  const visit = (each: DocumentNode): void => {
    if (each.kind === 'sequence') for (const item of each.items) visit(item);
    else if (each.kind === 'mapping') for (const { value } of each.entries) visit(value);
    else if (each.text.includes('${{')) places.add(`${each.place.line}:${each.place.column}`);
  };
  visit(node);
  return places;
}

/** What a file is when nothing says what it is used for. */
export function kindOfFile(root: DocumentNode): FileKind {
  const keys = root.kind === 'mapping' ? root.entries.map(({ key }) => key.text) : [];
  const others = ['stages', 'jobs', 'steps', 'trigger', 'pr', 'schedules', 'resources', 'pool', 'extends', 'name'];
  return keys.includes('variables') && !keys.some((key) => others.includes(key)) ? 'variables' : 'pipeline';
}
