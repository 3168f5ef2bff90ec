/** A YAML document as pipelines see it: texts with their kind, and a place in a file for every node. */
import type { Value } from '../../agent/expressions/values.ts';
import { isArray, isMap, toText } from '../../agent/expressions/values.ts';

export interface Place {
  /** As problems name it. */
  readonly file: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  /** What it is where a text is wanted: as it was written, `1.20` and `0010` included. */
  readonly text: string;
  /** What it is where a kind matters: `1.20` is a number, `true` a Boolean. */
  readonly value: Value;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly place: Place;
  readonly items: readonly DocumentNode[];
}

export interface Entry {
  readonly key: ScalarNode;
  readonly value: DocumentNode;
}

export interface MappingNode {
  readonly kind: 'mapping';
  readonly place: Place;
  readonly entries: readonly Entry[];
}

export type DocumentNode = ScalarNode | SequenceNode | MappingNode;

export function scalar(place: Place, text: string, value: Value = text): ScalarNode {
  return { kind: 'scalar', place, text, value };
}

export function sequence(place: Place, items: readonly DocumentNode[]): SequenceNode {
  return { kind: 'sequence', place, items };
}

export function mapping(place: Place, entries: readonly Entry[]): MappingNode {
  return { kind: 'mapping', place, entries };
}

/** The entry of a key, which is compared as it is written. */
export function entryOf(node: DocumentNode | undefined, key: string): Entry | undefined {
  return node?.kind === 'mapping' ? node.entries.find((entry) => entry.key.text === key) : undefined;
}

/** Every scalar of a document, keys too, in the order of the text. */
export function* scalarsOf(node: DocumentNode): Generator<ScalarNode> {
  switch (node.kind) {
    case 'scalar':
      yield node;
      return;
    case 'sequence':
      for (const item of node.items) yield* scalarsOf(item);
      return;
    case 'mapping':
      for (const { key, value } of node.entries) {
        yield key;
        yield* scalarsOf(value);
      }
  }
}

/** The same node with every single value a text, as it is written. */
export function asTexts(node: DocumentNode): DocumentNode {
  switch (node.kind) {
    case 'scalar':
      return scalar(node.place, node.text);
    case 'sequence':
      return sequence(node.place, node.items.map(asTexts));
    case 'mapping':
      return mapping(
        node.place,
        node.entries.map(({ key, value }) => ({ key, value: asTexts(value) })),
      );
  }
}

/** The node that a whole list or object of an expression came from, so that it keeps its places when it is put back. */
const origins = new WeakMap<object, DocumentNode>();

/** The value an expression sees. Numbers and Booleans keep their kind, not their spelling. */
export function valueOf(node: DocumentNode): Value {
  if (node.kind === 'scalar') return node.value;
  const value =
    node.kind === 'sequence'
      ? node.items.map(valueOf)
      : new Map(node.entries.map((entry) => [entry.key.text, valueOf(entry.value)]));
  origins.set(value, node);
  return value;
}

/** The node a value becomes; `place` is where it has none of its own. `spend` is told of every node made. */
export function nodeOf(value: Value, place: Place, spend: (place: Place) => void): DocumentNode {
  return placed(value, place, undefined, spend);
}

function placed(
  value: Value,
  fallback: Place,
  known: DocumentNode | undefined,
  spend: (place: Place) => void,
): DocumentNode {
  const place = known?.place ?? fallback;
  spend(place);
  if (isArray(value)) {
    const origin = origins.get(value);
    const items = origin?.kind === 'sequence' ? origin.items : [];
    return sequence(
      origin?.place ?? place,
      value.map((item, index) => placed(item, origin?.place ?? place, items[index], spend)),
    );
  }
  if (isMap(value)) {
    const origin = origins.get(value);
    const at = origin?.place ?? place;
    const entries = [...value].map(([name, item]) => {
      const entry = entryOf(origin, name);
      return { key: scalar(entry?.key.place ?? at, name), value: placed(item, at, entry?.value, spend) };
    });
    return mapping(at, entries);
  }
  return scalar(place, toText(value), value);
}
