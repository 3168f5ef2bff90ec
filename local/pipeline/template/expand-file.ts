/** Expands one file with its parameters: which keys its root may have, and where expressions are allowed. */
import type { Value } from '../../agent/expressions/values.ts';
import {
  mapping,
  scalarsOf,
  sequence,
  type DocumentNode,
  type Entry,
  type MappingNode,
  type Place,
} from '../document/document-node.ts';
import type { NodeReader } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';
import type { Budget } from './budget.ts';
import { expandNode, type Expansion } from './expand-node.ts';
import { bindParameters, type StructureOf } from './parameters.ts';
import { shapeOfKey } from './shapes.ts';
import { createScope } from './template-scope.ts';

/** What a file is used for, by the place that names it. */
export type FileKind = 'pipeline' | 'extends' | 'stages' | 'jobs' | 'steps' | 'variables';

/** What is the same for every file of a pipeline. */
export interface Composition {
  readonly reader: NodeReader;
  readonly budget: Budget;
  /** Variables every file sees: predefined ones and those given when the run is queued. */
  readonly variables: ReadonlyMap<string, Value>;
  readonly variablesOf: (reference: MappingNode) => readonly DocumentNode[];
  readonly structureOf: StructureOf;
}

export interface Given {
  readonly place: Place;
  readonly entries: readonly Entry[];
}

const BODY = ['stages', 'jobs', 'steps'];
const PIPELINE_KEYS = [
  ...['name', 'parameters', 'variables', 'resources', 'trigger', 'pr', 'schedules', 'pool', 'extends', ...BODY],
  ...['lockBehavior', 'appendCommitMessageToRunName'],
];
const EXTENDS_KEYS = ['parameters', 'variables', 'resources', 'trigger', 'pr', 'schedules', 'pool', 'extends', ...BODY];
/** Where `${{ }}` may stand in the whole value. */
const EXPANDED = ['name', 'variables', 'extends', ...BODY];

/** The root of the file with everything evaluated and without its parameters. Everything wrong is reported. */
export function expandFile(root: DocumentNode, kind: FileKind, given: Given, composition: Composition): MappingNode {
  const { reader } = composition;
  const entries = reader.mapping(root, kind === 'pipeline' ? 'a pipeline' : `a template of ${kind}`);
  checkRootKeys(reader, root, kind);
  const declared = entries.get('parameters')?.value;
  if (declared !== undefined) refuseExpressions(reader, declared);
  const before = reader.problems.count;
  const parameters = bindParameters(reader, declared, given, composition.structureOf);
  // What comes of wrong parameters would only be more of the same.
  if (reader.problems.count > before) return mapping(root.place, []);
  const expansion: Expansion = {
    problems: reader.problems,
    budget: composition.budget,
    scope: createScope(parameters, composition.variables),
    variablesOf: composition.variablesOf,
  };
  const expanded = [...entries.values()]
    .filter(({ key }) => key.text !== 'parameters')
    .map(({ key, value }) => ({ key, value: expandRootValue(reader, key.text, value, expansion) }));
  return mapping(root.place, expanded);
}

function checkRootKeys(reader: NodeReader, root: DocumentNode, kind: FileKind): void {
  if (root.kind !== 'mapping') return;
  const allowed = kind === 'pipeline' ? PIPELINE_KEYS : kind === 'extends' ? EXTENDS_KEYS : ['parameters', kind];
  const seen = new Set<string>();
  for (const { key } of root.entries) {
    if (key.text.includes('${{')) refuseExpressions(reader, key);
    else if (!allowed.includes(key.text)) {
      reader.report(key, `Unexpected value '${key.text}'.${suggestion(key.text, allowed)}`);
    }
    if (seen.has(key.text.toLowerCase())) reader.report(key, `'${key.text}' is already defined.`);
    seen.add(key.text.toLowerCase());
  }
  const bodies = root.entries.filter(({ key }) => [...BODY, 'extends'].includes(key.text));
  for (const { key } of bodies.slice(1)) {
    reader.report(key, `Unexpected value '${key.text}': it cannot stand beside '${bodies[0]?.key.text ?? ''}'.`);
  }
}

function expandRootValue(reader: NodeReader, key: string, value: DocumentNode, expansion: Expansion): DocumentNode {
  if (EXPANDED.includes(key)) return expandNode(value, expansion, shapeOfKey('root', key));
  if (key === 'resources') return expandResources(reader, value, expansion);
  refuseExpressions(reader, value);
  return value;
}

/** Containers, and the `ref` of repositories; elsewhere resources are literal. */
function expandResources(reader: NodeReader, resources: DocumentNode, expansion: Expansion): DocumentNode {
  const change = (node: DocumentNode, known: Readonly<Record<string, (value: DocumentNode) => DocumentNode>>) => {
    if (node.kind === 'scalar') refuseExpressions(reader, node);
    if (node.kind !== 'mapping') return node;
    const entries = node.entries.map(({ key, value }) => {
      const expand = Object.hasOwn(known, key.text) ? known[key.text] : undefined;
      refuseExpressions(reader, key);
      if (expand === undefined) refuseExpressions(reader, value);
      return { key, value: expand?.(value) ?? value };
    });
    return mapping(node.place, entries);
  };
  const expand = (node: DocumentNode): DocumentNode => expandNode(node, expansion);
  return change(resources, {
    containers: expand,
    repositories: (list) =>
      list.kind === 'sequence'
        ? sequence(
            list.place,
            list.items.map((item) => change(item, { ref: expand })),
          )
        : change(list, {}),
  });
}

function refuseExpressions(reader: NodeReader, node: DocumentNode): void {
  for (const found of scalarsOf(node)) {
    if (found.text.includes('${{')) reader.report(found, 'A template expression is not allowed in this context.');
  }
}
