import { compareCodePoints, pythonFloat } from './python-literals.ts';
import type { ListNode, MapNode, ScalarNode, YamlNode } from './yaml-node.ts';
import { readsAsString } from './yaml-scalars.ts';
import { analyzeText, doubleQuotedEscape, type TextAnalysis } from './python-yaml-text.ts';

const WIDTH = 80;
const INDENT = 2;
/** PyYAML counts the tag's `!!str` too, so a longer key is written in the explicit form (`? key`). */
const LONGEST_SIMPLE_KEY = 122;

/**
 * PyYAML's `yaml.dump(value, sort_keys=True)`, character by character: block style, keys by code point, lists not indented under
 * their key, folding at 80 columns. The version of an anonymous environment is a hash over this text (yaml/emitter.py).
 */
export function pythonYamlDump(node: YamlNode): string {
  return new Emitter(repeatedNodes(node)).dump(node);
}

/** Lists and mappings that are reached more than once get an anchor, numbered in the order of the second visit. */
function repeatedNodes(root: YamlNode): ReadonlyMap<YamlNode, string> {
  const seen = new Set<YamlNode>();
  const anchors = new Map<YamlNode, string>();
  const visit = (node: YamlNode): void => {
    if (node.kind !== 'list' && node.kind !== 'map') return;
    if (seen.has(node)) {
      if (!anchors.has(node)) anchors.set(node, `id${(anchors.size + 1).toString().padStart(3, '0')}`);
      return;
    }
    seen.add(node);
    for (const child of node.kind === 'list' ? node.items : sortedEntries(node).map(([, value]) => value)) visit(child);
  };
  visit(root);
  return anchors;
}

function sortedEntries(node: MapNode): (readonly [string, YamlNode])[] {
  return [...node.entries.values()]
    .map((entry) => [entry.key, entry.value] as const)
    .toSorted(([a], [b]) => compareCodePoints(a, b));
}

/** What stands before a node on its line decides whether its first line may follow there. */
type Position = 'root' | 'item' | 'value';

/** The part of PyYAML's emitter that block style needs; it holds the column, the indentation and what was just written. */
class Emitter {
  readonly #anchors: ReadonlyMap<YamlNode, string>;
  readonly #written = new Set<YamlNode>();
  #text = '';
  #column = 0;

  constructor(anchors: ReadonlyMap<YamlNode, string>) {
    this.#anchors = anchors;
  }

  dump(node: YamlNode): string {
    this.#node(node, -INDENT, 'root');
    if (!this.#text.endsWith('\n')) this.#write('\n');
    return isPlainRoot(node) ? `${this.#text}...\n` : this.#text;
  }

  #write(text: string): void {
    this.#text += text;
    const lineBreak = text.lastIndexOf('\n');
    this.#column =
      lineBreak < 0 ? this.#column + Array.from(text).length : Array.from(text.slice(lineBreak + 1)).length;
  }

  #newLine(indent: number): void {
    this.#write(`\n${' '.repeat(Math.max(indent, 0))}`);
  }

  /** @param indent the indentation of the collection the node stands in */
  #node(node: YamlNode, indent: number, position: Position): void {
    const anchor = this.#anchors.get(node);
    const lead = position === 'root' ? '' : ' ';
    if (anchor !== undefined && this.#written.has(node)) {
      this.#write(`${lead}*${anchor}`);
      return;
    }
    this.#written.add(node);
    if (anchor !== undefined) this.#write(`${lead}&${anchor}`);
    if (node.kind === 'list') this.#list(node, indent, anchor === undefined ? position : 'value', position);
    else if (node.kind === 'map') this.#map(node, indent, anchor === undefined ? position : 'value');
    else this.#scalar(node, Math.max(indent + INDENT, INDENT), lead);
  }

  /** @param layout where the first item may go; @param position where the list really stands (under a key it is not indented) */
  #list(node: ListNode, indent: number, layout: Position, position: Position): void {
    if (node.items.length === 0) {
      this.#write(position === 'root' ? '[]' : ' []');
      return;
    }
    const own = position === 'value' ? indent : indent + INDENT;
    for (const [index, item] of node.items.entries()) {
      if (index === 0 && layout === 'item') this.#write(' ');
      else if (index > 0 || layout !== 'root') this.#newLine(own);
      this.#write('-');
      this.#node(item, own, 'item');
    }
  }

  #map(node: MapNode, indent: number, layout: Position): void {
    if (node.entries.size === 0) {
      this.#write(layout === 'root' ? '{}' : ' {}');
      return;
    }
    const own = indent + INDENT;
    for (const [index, [key, value]] of sortedEntries(node).entries()) {
      if (index === 0 && layout === 'item') this.#write(' ');
      else if (index > 0 || layout !== 'root') this.#newLine(own);
      // What follows an explicit key is laid out as a list item is.
      const simple = isSimpleKey(key);
      if (simple) this.#string(key, own + INDENT, true, '');
      else this.#explicitKey(key, own);
      this.#write(':');
      this.#node(value, own, simple ? 'value' : 'item');
    }
  }

  #explicitKey(key: string, indent: number): void {
    this.#write('?');
    this.#string(key, indent + INDENT, false, ' ');
    this.#newLine(indent);
  }

  #scalar(node: ScalarNode, indent: number, lead: string): void {
    if (node.kind === 'string') this.#string(node.value, indent, false, lead);
    else this.#write(lead + scalarText(node));
  }

  #string(text: string, indent: number, isKey: boolean, lead: string): void {
    const analysis = analyzeText(text);
    const characters = Array.from(text);
    this.#write(lead);
    if (analysis.allowsPlain && readsAsString(text)) this.#plain(characters, indent, !isKey);
    else if (allowsSingleQuotes(analysis, isKey)) this.#singleQuoted(characters, indent, !isKey);
    else this.#doubleQuoted(characters, indent, !isKey);
  }

  #plain(characters: readonly string[], indent: number, mayFold: boolean): void {
    for (const [index, character] of characters.entries()) {
      if (mayFold && this.#foldsAt(characters, index)) this.#newLine(indent);
      else this.#write(character);
    }
  }

  #singleQuoted(characters: readonly string[], indent: number, mayFold: boolean): void {
    this.#write("'");
    for (const [index, character] of characters.entries()) {
      const inside = index > 0 && index < characters.length - 1;
      if (character === '\n') {
        if (characters[index - 1] !== '\n') this.#write('\n');
        this.#write('\n');
        if (characters[index + 1] !== '\n') this.#write(' '.repeat(indent));
      } else if (mayFold && inside && this.#foldsAt(characters, index)) this.#newLine(indent);
      else this.#write(character === "'" ? "''" : character);
    }
    this.#write("'");
  }

  /** A lone blank past the width is replaced by a line break. */
  #foldsAt(characters: readonly string[], index: number): boolean {
    return (
      characters[index] === ' ' &&
      characters[index - 1] !== ' ' &&
      characters[index + 1] !== ' ' &&
      this.#column > WIDTH
    );
  }

  #doubleQuoted(characters: readonly string[], indent: number, mayFold: boolean): void {
    this.#write('"');
    let pending = '';
    for (const [index, character] of characters.entries()) {
      const escaped = doubleQuotedEscape(character);
      if (escaped !== undefined) {
        this.#write(pending + escaped);
        pending = '';
      }
      const inside = index > 0 && index < characters.length - 1;
      const tooWide = this.#column + Array.from(pending).length > WIDTH;
      if (mayFold && inside && tooWide && (character === ' ' || escaped !== undefined)) {
        this.#write(`${pending}\\`);
        pending = '';
        this.#newLine(indent);
        const next = escaped === undefined ? character : characters[index + 1];
        if (next === ' ') this.#write('\\');
      }
      if (escaped === undefined) pending += character;
    }
    this.#write(`${pending}"`);
  }
}

function isSimpleKey(key: string): boolean {
  return key !== '' && !key.includes('\n') && Array.from(key).length <= LONGEST_SIMPLE_KEY;
}

function allowsSingleQuotes(analysis: TextAnalysis, isKey: boolean): boolean {
  return analysis.allowsSingleQuotes && !(isKey && analysis.hasLineBreaks);
}

/** PyYAML closes a document that is one plain scalar with `...`. */
function isPlainRoot(node: YamlNode): boolean {
  if (node.kind === 'list' || node.kind === 'map') return false;
  return node.kind !== 'string' || (analyzeText(node.value).allowsPlain && readsAsString(node.value));
}

function scalarText(node: Exclude<ScalarNode, { kind: 'string' }>): string {
  switch (node.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return node.value ? 'true' : 'false';
    case 'integer':
      return node.value.toString();
    case 'float':
      return floatText(node.value);
    case 'timestamp':
      return node.text;
  }
}

/** YAML 1.1 floats need a dot: PyYAML writes 1e-05 as 1.0e-05. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = pythonFloat(value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}
