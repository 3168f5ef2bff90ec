/** Expands `${{ }}` in a document, depth first in the order of the document (documentation: "Template expressions"). */
import { ExpressionError, toText, type Value } from '../../agent/expressions/values.ts';
import {
  mapping,
  nodeOf,
  scalar,
  sequence,
  type DocumentNode,
  type Entry,
  type MappingNode,
  type Place,
  type ScalarNode,
} from '../document/document-node.ts';
import type { ProblemList } from '../problems.ts';
import type { Budget } from './budget.ts';
import { scopesOf, type Chain } from './directives.ts';
import { shapeOfItem, shapeOfKey, type Shape } from './shapes.ts';
import { evaluateIn, innerScope, setVariable, type TemplateScope } from './template-scope.ts';
import { templateText, type Directive, type TemplateText } from './template-text.ts';

export interface Expansion {
  readonly problems: ProblemList;
  readonly budget: Budget;
  readonly scope: TemplateScope;
  /** The items a template of variables stands for. */
  readonly variablesOf: (reference: MappingNode) => readonly DocumentNode[];
}

/**
 * The document with everything evaluated; what cannot be is reported and left empty. The syntax of its expressions has
 * been checked. Throws LimitExceeded.
 */
export function expandNode(node: DocumentNode, outside: Expansion, shape: Shape = 'any'): DocumentNode {
  outside.budget.spend(node.place);
  const isScope = shape === 'stage' || shape === 'job';
  const expansion = isScope ? { ...outside, scope: innerScope(outside.scope) } : outside;
  switch (node.kind) {
    case 'scalar':
      return expandScalar(node, expansion);
    case 'sequence': {
      const items: DocumentNode[] = [];
      expandItems(node.items, expansion, shape, (item) => {
        for (const each of shape === 'variables' ? passVariable(item, expansion) : [item]) items.push(each);
      });
      return sequence(node.place, items);
    }
    case 'mapping': {
      const entries = new Map<string, Entry>();
      expandEntries(node.entries, expansion, shape, (entry) => {
        const { text, place } = entry.key;
        if (entries.has(text.toLowerCase())) expansion.problems.report(place, `'${text}' is already defined.`);
        entries.set(text.toLowerCase(), entry);
        if (shape === 'variables') setVariable(expansion.scope, text, textOf(entry.value));
      });
      return mapping(node.place, [...entries.values()]);
    }
  }
}

function expandScalar(node: ScalarNode, expansion: Expansion): DocumentNode {
  const template = templateText(node);
  const empty = scalar(node.place, '');
  switch (template.kind) {
    case 'plain':
      return node;
    case 'value': {
      const value = guarded(node.place, expansion, () => evaluateIn(expansion.scope, template.expression));
      return value === undefined ? empty : asNode(value, node.place, expansion);
    }
    case 'mixed':
      return joinParts(template.parts, node.place, expansion);
    case 'directive':
      expansion.problems.report(
        node.place,
        `The directive '${template.directive.word}' is not allowed in this context: it must be a key.`,
      );
      return empty;
  }
}

function joinParts(
  parts: Extract<TemplateText, { kind: 'mixed' }>['parts'],
  place: Place,
  { scope, ...expansion }: Expansion,
): ScalarNode {
  const texts = parts.map((part) =>
    typeof part === 'string' ? part : (guarded(place, expansion, () => toText(evaluateIn(scope, part))) ?? ''),
  );
  const text = texts.join('');
  expansion.budget.spendText(place, text);
  return scalar(place, text);
}

function expandItems(
  items: readonly DocumentNode[],
  expansion: Expansion,
  shape: Shape,
  emit: (node: DocumentNode) => void,
): void {
  const chain: Chain = { taken: undefined };
  for (const item of items) {
    const only = item.kind === 'mapping' && item.entries.length === 1 ? item.entries[0] : undefined;
    const directive = only && directiveOf(only.key);
    if (only === undefined || directive === undefined || only.value.kind === 'mapping') {
      chain.taken = undefined;
      expandItem(item, expansion, shape, emit);
    } else if (only.value.kind === 'scalar') {
      chain.taken = undefined;
      expansion.problems.report(only.value.place, 'Expected a mapping.');
    } else {
      const body = only.value.items;
      perform(directive, only.key, expansion, chain, (inside) => {
        expandItems(body, inside, shape, emit);
      });
    }
  }
}

/** An expression as an item: a list is put in its place, null is nothing. */
function expandItem(item: DocumentNode, expansion: Expansion, shape: Shape, emit: (node: DocumentNode) => void): void {
  const node = expandNode(item, expansion, shapeOfItem(shape));
  if (item.kind !== 'scalar' || node === item) emit(node);
  else if (node.kind === 'sequence') node.items.forEach(emit);
  else if (node.kind === 'mapping' || node.value !== null) emit(node);
}

function expandEntries(
  entries: readonly Entry[],
  expansion: Expansion,
  shape: Shape,
  emit: (entry: Entry) => void,
): void {
  const chain: Chain = { taken: undefined };
  for (const { key, value } of entries) {
    const directive = directiveOf(key);
    if (directive === undefined) {
      chain.taken = undefined;
      const name = expandKey(key, expansion);
      emit({ key: name, value: expandNode(value, expansion, shapeOfKey(shape, name.text)) });
    } else {
      perform(directive, key, expansion, chain, (inside) => {
        mergeBody(value, inside, shape, emit);
      });
    }
  }
}

/** The body of a directive among keys must be a mapping, or an expression that gives one. */
function mergeBody(body: DocumentNode, expansion: Expansion, shape: Shape, emit: (entry: Entry) => void): void {
  if (body.kind === 'mapping') {
    expandEntries(body.entries, expansion, shape, emit);
    return;
  }
  const node = body.kind === 'scalar' ? expandNode(body, expansion) : body;
  if (node.kind === 'mapping') node.entries.forEach(emit);
  else expansion.problems.report(body.place, 'Expected a mapping.');
}

function expandKey(key: ScalarNode, expansion: Expansion): ScalarNode {
  const node = expandScalar(key, expansion);
  if (node.kind === 'scalar') return node;
  expansion.problems.report(key.place, `A ${node.kind} was not expected.`);
  return scalar(key.place, '');
}

function perform(
  directive: Directive,
  { place }: ScalarNode,
  expansion: Expansion,
  chain: Chain,
  expandBody: (inside: Expansion) => void,
): void {
  expansion.budget.spend(place);
  guarded(place, expansion, () => {
    for (const scope of scopesOf(directive, expansion.scope, chain, expansion.budget.spend, place)) {
      expandBody({ ...expansion, scope });
    }
  });
}

/** Makes a variable known to what follows; a template of variables becomes what it holds. */
function passVariable(item: DocumentNode, expansion: Expansion): readonly DocumentNode[] {
  if (item.kind !== 'mapping') return [item];
  const value = (name: string): DocumentNode | undefined => item.entries.find(({ key }) => key.text === name)?.value;
  const items = value('template') === undefined ? [item] : expansion.variablesOf(item);
  for (const each of items) if (each !== item) passVariable(each, expansion);
  const name = value('name');
  if (name !== undefined) setVariable(expansion.scope, textOf(name), textOf(value('value')));
  return items;
}

function textOf(node: DocumentNode | undefined): string {
  return node?.kind === 'scalar' ? node.text : '';
}

function directiveOf(key: ScalarNode): Directive | undefined {
  const template = templateText(key);
  return template.kind === 'directive' ? template.directive : undefined;
}

function asNode(value: Value, place: Place, { budget }: Expansion): DocumentNode {
  const node = nodeOf(value, place, budget.spend);
  if (node.kind === 'scalar') budget.spendText(place, node.text);
  return node;
}

/** The result, or undefined after its error has been reported. */
function guarded<T>(place: Place, { problems }: Pick<Expansion, 'problems'>, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    problems.report(place, `${error.message}.`);
    return undefined;
  }
}
