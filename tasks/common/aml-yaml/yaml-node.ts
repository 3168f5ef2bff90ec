/**
 * A YAML document as the planner reads it: typed scalars of YAML 1.1, whole numbers apart from fractions, and for every node
 * the place it was written at, so that each error can name file, line and column.
 */

/** Where a node was written. An override (`--set`) has no line: its path stands in for it. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly override?: string;
}

interface Located {
  readonly place: Place;
}

export interface StringNode extends Located {
  readonly kind: 'string';
  readonly value: string;
}
export interface IntegerNode extends Located {
  readonly kind: 'integer';
  readonly value: bigint;
}
export interface FloatNode extends Located {
  readonly kind: 'float';
  readonly value: number;
}
export interface BooleanNode extends Located {
  readonly kind: 'boolean';
  readonly value: boolean;
}
export interface NullNode extends Located {
  readonly kind: 'null';
}
/** A date or a time: no field of Azure Machine Learning's YAML takes one, so only its text is kept. */
export interface TimestampNode extends Located {
  readonly kind: 'timestamp';
  readonly text: string;
}
export interface ListNode extends Located {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}
export interface MapEntry {
  readonly key: string;
  /** Where the key stands: an unknown field is reported there. */
  readonly keyPlace: Place;
  readonly value: YamlNode;
}
export interface MapNode extends Located {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export type ScalarNode = StringNode | IntegerNode | FloatNode | BooleanNode | NullNode | TimestampNode;
export type YamlNode = ScalarNode | ListNode | MapNode;

/** A scalar without its place. */
export type Scalar =
  | Omit<StringNode, 'place'>
  | Omit<IntegerNode, 'place'>
  | Omit<FloatNode, 'place'>
  | Omit<BooleanNode, 'place'>
  | Omit<NullNode, 'place'>
  | Omit<TimestampNode, 'place'>;

/** The value of a key, or undefined where the node is no mapping or lacks the key. */
export function member(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

/** The text of a key, or undefined where there is none or it is no string. */
export function stringMember(node: YamlNode | undefined, key: string): string | undefined {
  const value = member(node, key);
  return value?.kind === 'string' ? value.value : undefined;
}

/** A mapping made by the planner itself, in the place of `place`. */
export function mapNode(place: Place, entries: Iterable<readonly [string, YamlNode]>): MapNode {
  const map = new Map<string, MapEntry>();
  for (const [key, value] of entries) map.set(key, { key, keyPlace: value.place, value });
  return { kind: 'map', place, entries: map };
}
