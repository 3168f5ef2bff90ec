/** Reads a YAML file into located nodes. What pipelines may not hold is reported: anchors, tags, keys that are no text. */
import {
  Composer,
  CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type Document,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml';
import type { Value } from '../../agent/expressions/values.ts';
import type { ProblemList } from '../problems.ts';
import {
  mapping,
  scalar,
  sequence,
  type DocumentNode,
  type Entry,
  type Place,
  type ScalarNode,
} from './document-node.ts';

/** Levels a document may be nested; the service's parser refuses more. */
const MAX_DEPTH = 100;
/** A file alone may not be larger than a whole pipeline, in characters. */
const MAX_LENGTH = 20 * 1024 * 1024;
/** What is written plainly and means a number. */
const NUMBER = /^([+-]?(\d*\.)?\d+([eE][+-]?\d+)?|0x[0-9a-fA-F]+)$/;

/** The root of a file; undefined for an empty one. Everything wrong is reported. */
export function parseYaml(text: string, file: string, problems: ProblemList): DocumentNode | undefined {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (text.length > MAX_LENGTH) {
    problems.report(at(0), `The file has ${text.length} characters; a pipeline may have at most ${MAX_LENGTH}.`);
    return undefined;
  }
  // The composer calls itself for each level, so the depth is known before it starts.
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = findTooDeep(tokens);
  if (tooDeep !== undefined) {
    problems.report(at(tooDeep), 'Maximum object depth exceeded.');
    return undefined;
  }
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false, lineCounter: lines });
  const [document, second] = composer.compose(tokens, true, text.length);
  if (document === undefined) return undefined;
  // The first fault brings forth all others.
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) problems.report(at(error.pos[0]), `This is not valid YAML: ${error.message}.`);
  if (second !== undefined) problems.report(at(second.range[0]), 'A pipeline file holds one document.');
  return rootOf(document, at, problems);
}

type Locate = (offset: number) => Place;

function rootOf(document: Document.Parsed, at: Locate, problems: ProblemList): DocumentNode | undefined {
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === '')) return undefined;
  return convert(contents, at(0), at, problems);
}

function convert(node: Node | null | undefined, before: Place, at: Locate, problems: ProblemList): DocumentNode {
  if (node === null || node === undefined) return scalar(before, '');
  const place = node.range ? at(node.range[0]) : before;
  if (isAlias(node) || node.anchor !== undefined) {
    problems.report(place, 'Anchors are not currently supported. Remove the anchor.');
    return scalar(place, '');
  }
  if (isScalar(node)) return scalarOf(node, place);
  if (isSeq(node)) {
    return sequence(
      place,
      node.items.map((item) => convert(item as Node, place, at, problems)),
    );
  }
  if (isMap(node)) {
    const pairs = node.items as Pair<Node, Node | null>[];
    return mapping(
      place,
      pairs.flatMap((pair) => entryOf(pair, place, at, problems)),
    );
  }
  return scalar(place, '');
}

function entryOf(pair: Pair<Node, Node | null>, place: Place, at: Locate, problems: ProblemList): Entry[] {
  const key = convert(pair.key, place, at, problems);
  const value = convert(pair.value, key.place, at, problems);
  if (key.kind === 'scalar') return [{ key: scalar(key.place, key.text), value }];
  problems.report(key.place, `A ${key.kind} was not expected: a key is a text.`);
  return [];
}

/** Only what is written without quotes can be something else than a text, and only in lower case. */
function scalarOf(node: Scalar, place: Place): ScalarNode {
  const text = typeof node.value === 'string' ? node.value : '';
  return scalar(place, text, node.type === 'PLAIN' ? plainValue(text) : text);
}

/** The value of a plain scalar: `true`, `false`, `null` and numbers; everything else, `yes`, `~` and dates too, is text. */
export function plainValue(text: string): Value {
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text === 'null') return null;
  return NUMBER.test(text) ? Number(text) : text;
}

/** Offset of the first node deeper than allowed. Walks without recursion. */
function findTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting: { readonly token: CST.Token; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return 'offset' in token ? token.offset : 0;
    for (const child of childrenOf(token)) waiting.push({ token: child, depth: depth + 1 });
  }
  return undefined;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!CST.isCollection(token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((each) => each !== undefined && each !== null));
}
