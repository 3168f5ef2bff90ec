/** Changes to YAML documents, of the kinds that people and attackers make. */
import { isCollection, isMap, isScalar, isSeq, parseDocument, Scalar, visit, type Document, type Node } from 'yaml';
import { PLAIN_TRAPS, TEXT_TRAPS, TRAVERSALS } from './hostile-values.ts';
import type { Random } from './random.ts';

type Path = readonly unknown[];
type Mutation = (text: string, random: Random) => string;

/** Applies one to three changes. */
export function mutate(text: string, random: Random): string {
  let result = text;
  for (let left = 1 + random.below(3); left > 0; left -= 1) result = random.pick(MUTATIONS)(result, random);
  return result;
}

/** The document with one value after the other replaced by a text. */
export function* withEachValue(text: string, value: string): Iterable<string> {
  const document = parseDocument(text);
  for (const place of places(document, isScalar)) {
    const node = document.getIn(place, true);
    const range = isScalar(node) ? node.range : undefined;
    if (range)
      yield `${text.slice(0, range[0])}${JSON.stringify(value)}${text[range[1] - 1] === '\n' ? '\n' : ''}${text.slice(range[1])}`;
  }
}

/** Paths of the values of a kind, from the root. */
function places(document: Document, isWanted: (node: unknown) => boolean): readonly Path[] {
  const found: Path[] = [];
  const collect = (node: unknown, path: Path): void => {
    if (path.length > 0 && isWanted(node)) found.push(path);
    if (isMap(node)) for (const { key, value } of node.items) collect(value, [...path, key]);
    if (isSeq(node))
      node.items.forEach((item, at) => {
        collect(item, [...path, at]);
      });
  };
  collect(document.contents, []);
  return found;
}

function onTree(change: (document: Document, random: Random) => void): Mutation {
  return (text, random) => {
    const document = parseDocument(text.slice(0, 50_000));
    if (document.errors.length > 0 || !isCollection(document.contents)) return text;
    try {
      change(document, random);
      return document.toString({ lineWidth: 0 });
    } catch {
      // Not every tree can be written (an anchor may have lost its place); then the text stays as it was.
      return text;
    }
  };
}

function somewhere(document: Document, random: Random, isWanted: (node: unknown) => boolean = () => true): Path {
  const all = places(document, isWanted);
  return all[random.below(all.length)] ?? [];
}

const deleteNode = onTree((document, random) => document.deleteIn(somewhere(document, random)));

const duplicateNode = onTree((document, random) => {
  const node = document.getIn(somewhere(document, random), true);
  document.setIn(somewhere(document, random), (node as Node | undefined)?.clone());
});

const retypeNode = onTree((document, random) => {
  const path = somewhere(document, random);
  const old = document.getIn(path, true);
  const values = [[], {}, [old], { value: old }, null, true, 7, 1.5, '', [null], { '': null }, 10n ** 40n] as const;
  document.setIn(path, document.createNode(random.pick(values)));
});

const renameKey = onTree((document, random) => {
  visit(document, {
    Pair: (_, pair) => {
      if (random.below(10) > 0) return undefined;
      pair.key = new Scalar(
        random.pick([...TEXT_TRAPS, 'type', 'path', 'inputs', 'jobs', 'component', 'code', 'name']),
      );
      return visit.BREAK;
    },
  });
});

const replaceText: Mutation = onTree((document, random) => {
  const value = random.pick(random.below(3) === 0 ? TRAVERSALS : TEXT_TRAPS);
  document.setIn(somewhere(document, random, isScalar), value);
});

const aliasNode = onTree((document, random) => {
  const path = somewhere(document, random);
  const node = document.getIn(path, true) as Parameters<Document['createAlias']>[0];
  document.setIn(somewhere(document, random), document.createAlias(node, 'a'));
});

/** Swaps the value of a line for one that YAML itself reads in its own way. */
const replacePlain: Mutation = (text, random) =>
  onLine(text, random, (line) =>
    line.replace(/(:\s|-\s)[^\n]*$/, (_, start: string) => start + random.pick(PLAIN_TRAPS)),
  );

function onLine(text: string, random: Random, change: (line: string, lines: string[], at: number) => string): string {
  const lines = text.split('\n');
  const at = random.below(lines.length);
  lines[at] = change(lines[at] ?? '', lines, at);
  return lines.join('\n');
}

const shiftLine: Mutation = (text, random) =>
  onLine(text, random, (line) => random.pick([`  ${line}`, line.trimStart(), `\t${line}`, '', `${line}\n${line}`]));

const swapLines: Mutation = (text, random) =>
  onLine(text, random, (line, lines, at) => {
    const other = random.below(lines.length);
    const taken = lines[other] ?? '';
    lines[other] = line;
    return other === at ? line : taken;
  });

const truncate: Mutation = (text, random) => text.slice(0, random.below(text.length + 1));

const insertCharacters: Mutation = (text, random) => {
  const at = random.below(text.length + 1);
  const inserted = random.pick([
    '\0',
    '\uFEFF',
    '\u0007',
    '\u001b[0m',
    '\r',
    '\u0085',
    '\u2028',
    '\uDC00',
    '\t',
    '---\n',
    '...\n',
  ]);
  return text.slice(0, at) + inserted + text.slice(at);
};

const nestDeeply: Mutation = (text, random) => {
  const depth = random.pick([20, 90, 101, 500, 2000]);
  const nest = random.pick(['[', '{a: ', '- ', '? ', '[{']);
  return onLine(text, random, (line) =>
    line.replace(/(:\s|-\s)[^\n]*$/, (_, start: string) => start + nest.repeat(depth)),
  );
};

const anchorsAndMerges: Mutation = (text, random) =>
  onLine(text, random, (line) =>
    random.pick([
      line.replace(/(:\s+)/, '$1&a '),
      line.replace(/(:\s+).*/, '$1*a'),
      line.replace(/^(\s*)(.*)/, '$1<<: *a\n$1$2'),
      line.replace(/^(\s*)(.*)/, '$1<<: {jobs: 1, type: x}\n$1$2'),
      line.replace(/^(\s*)(.*)/, '$1<<: [*a, {}]\n$1$2'),
      line.replace(/(:\s+).*/, `$1&a [*a, *a]`),
    ]),
  );

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  ...([deleteNode, duplicateNode, retypeNode, renameKey, replaceText, aliasNode, replacePlain] as const),
  ...[replaceText, replacePlain, shiftLine, swapLines, truncate, insertCharacters, nestDeeply, anchorsAndMerges],
];
