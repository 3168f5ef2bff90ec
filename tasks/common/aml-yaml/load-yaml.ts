import type { Alias, CST, Document, Scalar as YamlScalar } from 'yaml';
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, YAMLParseError } from 'yaml';
import { UserError } from '../errors.ts';
import type { ListNode, MapEntry, MapNode, Place, YamlNode } from './yaml-node.ts';
import { resolvePlainScalar, resolveTaggedScalar } from './yaml-scalars.ts';
import { problemAt } from './problems.ts';
import { pythonText } from './python-literals.ts';

const MAXIMUM_CHARACTERS = 1024 * 1024;
/** Words and signs: far above any real file too; the time of reading grows with them. */
const MAXIMUM_LEXEMES = 400_000;
/** Nodes after every alias is followed: far above any real file, far below what an alias bomb makes. */
const MAXIMUM_NODES = 200_000;
const MAXIMUM_DEPTH = 100;
const NESTED_TOO_DEEPLY = `The YAML is nested more than ${MAXIMUM_DEPTH} levels deep.`;
const TOO_LONG = `The file has more than ${MAXIMUM_LEXEMES} words and signs.`;
/** One mistake in YAML's syntax often brings many; more of them say nothing new. */
const MAXIMUM_SYNTAX_ERRORS = 20;
const CORE_TAG = 'tag:yaml.org,2002:';

/**
 * Reads YAML as PyYAML's safe loader does (`az ml` reads every file with it): YAML 1.1 scalars, a byte order mark dropped,
 * merge keys followed, of a repeated key the last one taken. Every node keeps its place.
 *
 * @param text the file's content
 * @param file how the user knows the file; it stands in every error
 * @throws UserError for whatever is not one YAML document, with line and column, and for documents that expand beyond reason
 */
export function loadYaml(text: string, file: string): YamlNode {
  if (text.length > MAXIMUM_CHARACTERS) {
    throw new UserError({ file, message: `The file is larger than ${MAXIMUM_CHARACTERS / 1024 / 1024} MB.` });
  }
  const lines = new LineCounter();
  const content = text.replace(/^\uFEFF/, '');
  const document = parse(content, file, lines);
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0) {
    throw new UserError(
      document.errors
        .slice(0, MAXIMUM_SYNTAX_ERRORS)
        .map((error) => problemAt(placeOf(error.pos[0]), `This is not valid YAML: ${error.message}.`)),
    );
  }
  return new DocumentReader(placeOf).read(document.contents, 0, placeOf(0));
}

/** The first document of the text; a second one is among its errors. */
function parse(text: string, file: string, lines: LineCounter): Document.Parsed {
  const composer = new Composer({ schema: 'failsafe', version: '1.1', uniqueKeys: false, merge: false });
  const documents = withoutStackTraces(() =>
    Array.from(composer.compose(tokensOf(text, file, lines), true, text.length)),
  );
  const [document, second] = documents;
  if (document === undefined) throw new Error('The YAML composer made no document, though it was told to.');
  if (second !== undefined) {
    const [from, , to] = second.range;
    document.errors.push(new YAMLParseError([from, to], 'MULTIPLE_DOCS', 'The file holds more than one document'));
  }
  return document;
}

/**
 * The parser's tokens. Nesting is told here, before a tree is built: building it is recursive, and a stack that is almost used up
 * can end the whole process in a place where nothing can be caught.
 */
function* tokensOf(text: string, file: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let left = MAXIMUM_LEXEMES;
  for (const lexeme of new Lexer().lex(text)) {
    const start = parser.offset;
    yield* parser.next(lexeme);
    left -= 1;
    if (left > 0 && parser.stack.length <= MAXIMUM_DEPTH + 5) continue;
    const { line, col } = lines.linePos(start);
    throw failure({ file, line, column: col }, left > 0 ? NESTED_TOO_DEEPLY : TOO_LONG);
  }
  yield* parser.end();
}

/** A broken file can have an error at every character; recording where in our code each was made takes most of the time. */
function withoutStackTraces<T>(work: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/** Turns the parser's tree into ours; one per document, because anchors hold from where they are written on. */
class DocumentReader {
  readonly #placeOf: (offset: number) => Place;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #sizes = new WeakMap<YamlNode, number>();
  #nodes = 0;

  constructor(placeOf: (offset: number) => Place) {
    this.#placeOf = placeOf;
  }

  read(node: unknown, depth: number, parent: Place): YamlNode {
    const place = hasRange(node) ? this.#placeOf(node.range[0]) : parent;
    if (depth > MAXIMUM_DEPTH) throw failure(place, NESTED_TOO_DEEPLY);
    const before = this.#nodes;
    this.#count(1, place);
    const result = isAlias(node) ? this.#alias(node, place) : this.#plain(node, depth, place);
    this.#sizes.set(result, this.#nodes - before);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, result);
    return result;
  }

  #count(nodes: number, place: Place): void {
    this.#nodes += nodes;
    if (this.#nodes > MAXIMUM_NODES) {
      throw failure(place, `The YAML grows to more than ${MAXIMUM_NODES} values when its aliases are followed.`);
    }
  }

  #alias(node: Alias, place: Place): YamlNode {
    const target = this.#anchors.get(node.source);
    if (target === undefined)
      throw failure(place, `The alias *${node.source} names no anchor (&${node.source}) before it.`);
    this.#count(this.#sizes.get(target) ?? 1, place);
    return target;
  }

  #plain(node: unknown, depth: number, place: Place): YamlNode {
    if (isMap(node)) return this.#map(node.items, depth, place);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, depth + 1, place));
      return { kind: 'list', items, place } satisfies ListNode;
    }
    if (isScalar(node)) return this.#scalar(node, place);
    return { kind: 'null', place };
  }

  #scalar(node: YamlScalar, place: Place): YamlNode {
    const text = typeof node.value === 'string' ? node.value : '';
    if (node.tag === undefined) {
      return { ...(node.type === 'PLAIN' ? resolvePlainScalar(text) : { kind: 'string', value: text }), place };
    }
    const value = node.tag.startsWith(CORE_TAG)
      ? resolveTaggedScalar(node.tag.slice(CORE_TAG.length), text)
      : undefined;
    if (value === undefined) {
      throw failure(place, `The tag ${node.tag.replace(CORE_TAG, '!!')} cannot be used for '${text}'.`);
    }
    return { ...value, place };
  }

  #map(items: readonly { readonly key: unknown; readonly value: unknown }[], depth: number, place: Place): MapNode {
    const merged = new Map<string, MapEntry>();
    const own = new Map<string, MapEntry>();
    for (const item of items) {
      const keyNode = this.read(item.key, depth + 1, place);
      const value = this.read(item.value, depth + 1, keyNode.place);
      if (isMergeKey(item.key)) {
        for (const [key, entry] of mergedEntries(value)) merged.set(key, entry);
        continue;
      }
      const key = keyText(keyNode);
      own.set(key, { key, keyPlace: keyNode.place, value });
    }
    return { kind: 'map', entries: new Map([...merged, ...own]), place };
  }
}

/** The entries a merge key brings in; of several mappings the first one that has a key wins. */
function mergedEntries(value: YamlNode): ReadonlyMap<string, MapEntry> {
  if (value.kind === 'map') return value.entries;
  const sources = value.kind === 'list' ? value.items : [];
  const maps = sources.filter((item) => item.kind === 'map');
  if (value.kind !== 'list' || maps.length !== sources.length) {
    throw failure(value.place, 'A merge key (<<) takes a mapping or a list of mappings.');
  }
  return new Map(maps.toReversed().flatMap((map) => [...map.entries]));
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.value === '<<' && key.tag === undefined;
}

/** Keys are texts in every field of Azure Machine Learning's YAML; other scalars are taken by their Python text. */
function keyText(node: YamlNode): string {
  const text = node.kind === 'timestamp' ? node.text : pythonText(node);
  if (text === undefined) throw failure(node.place, 'A key must be a single value, not a list or a mapping.');
  return text;
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function failure(place: Place, message: string): UserError {
  return new UserError(problemAt(place, message));
}
