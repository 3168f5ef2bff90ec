/** A reference to a template: `template:` with `parameters:`, and nothing else. */
import type { Value } from '../../agent/expressions/values.ts';
import { entryOf, type DocumentNode, type MappingNode } from '../document/document-node.ts';
import { isEmpty, type NodeReader } from '../document/node-reader.ts';
import type { Budget } from './budget.ts';
import { expandFile, type Composition, type FileKind } from './expand-file.ts';
import type { TemplateFiles } from './template-files.ts';

/** What is the same for the whole pipeline. */
export interface Assembly {
  readonly reader: NodeReader;
  readonly budget: Budget;
  readonly files: TemplateFiles;
  /** Variables every file sees: predefined ones and those given when the run is queued. */
  readonly variables: ReadonlyMap<string, Value>;
}

/**
 * The root of the template a reference names, expanded with its parameters; undefined where that is not possible, which
 * is reported. `depth` counts the files around it. Throws LimitExceeded.
 */
export function includeTemplate(
  assembly: Assembly,
  reference: DocumentNode,
  kind: FileKind,
  depth: number,
  compositionOf: (assembly: Assembly, depth: number) => Composition,
): MappingNode | undefined {
  const { reader, files, budget } = assembly;
  const before = reader.problems.count;
  budget.checkNesting(reference.place, depth);
  const entries = reader.mapping(reference, `a reference to a template of ${kind}`, ['template', 'parameters']);
  const name = entries.get('template')?.value;
  if (name?.kind !== 'scalar' || isEmpty(name)) {
    reader.report(name ?? reference, 'A reference to a template needs its path.');
    return undefined;
  }
  const parameters = entries.get('parameters')?.value;
  const given = parameters === undefined ? [] : [...reader.mapping(parameters, '`parameters`').values()];
  const file = files.resolve(name);
  if (file === undefined || file.isBroken) return undefined;
  if (file.root === undefined) reader.report(name, `The template '${name.text}' is empty.`);
  if (file.root === undefined || reader.problems.count > before) return undefined;
  const root = expandFile(
    file.root,
    kind,
    { place: parameters?.place ?? name.place, entries: given },
    compositionOf(assembly, depth),
  );
  if (reader.problems.count > before) return undefined;
  if (kind !== 'extends' && entryOf(root, kind) === undefined) {
    reader.report(name, `The template '${name.text}' has no '${kind}'.`);
  }
  return root;
}
