/** The documents of the fuzz test, and the disk they are planned on. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Files } from '../../../../tasks/common/ports.ts';
import { memoryFiles, type Tree } from '../memory-files.ts';
import { TRAVERSALS } from './hostile-values.ts';
import { mutate, withEachValue } from './mutations.ts';
import { createRandom } from './random.ts';

/** One document to plan. */
export interface FuzzCase {
  readonly name: string;
  /** Absolute path of the changed file. */
  readonly changed: string;
  readonly text: string;
  /** Absolute path of the file that is planned; it may refer to the changed one. */
  readonly planned: string;
}

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

/** What lies outside of the sources, and the links that lead there. */
const SURROUNDINGS: Tree = {
  '/outside/secret.txt': 'secret\n',
  '/outside/secret.yml': 'name: secret\n',
  '/sources-beside/secret.txt': 'secret\n',
  '/sources/link-out': { linkTo: '/outside' },
  '/sources/folder-with-link/link': { linkTo: '../../outside/secret.txt' },
  '/sources/folder-with-link/file.txt': 'x',
  '/sources/link-to-itself': { linkTo: 'link-to-itself' },
  '/sources/looping-folder/file.txt': 'x',
  '/sources/looping-folder/loop': { linkTo: '.' },
};

/** Our own fixtures and the sample, as a disk below /sources. */
export const TREE: Tree = {
  ...SURROUNDINGS,
  ...folderOf('test/fixtures/aml-yaml', '/sources/fixtures'),
  ...folderOf('templates/sample', '/sources/sample'),
};

function folderOf(folder: string, root: string): Tree {
  const names = readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(REPOSITORY, folder, name)).isFile());
  return Object.fromEntries(
    files.map((name) => [`${root}/${name}`, readFileSync(join(REPOSITORY, folder, name), 'utf8')]),
  );
}

/** Absolute path and text of every YAML file that is changed. */
const DOCUMENTS: readonly (readonly [string, string])[] = Object.entries(TREE).flatMap(([path, text]) =>
  path.endsWith('.yml') && path !== '/outside/secret.yml' && typeof text === 'string' ? [[path, text] as const] : [],
);
const PIPELINES = DOCUMENTS.filter(([, text]) => /^\s+component: \.\.?\//m.test(text)).map(([path]) => path);

/** Random changes to all documents in turn: the same seed and index give the same case. */
export function randomCase(seed: number, index: number): FuzzCase {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const [path, text] = DOCUMENTS[index % DOCUMENTS.length] ?? ['', ''];
  const isReferred = path.includes('/components/') && random.below(2) === 0;
  const planned = isReferred ? (PIPELINES[random.below(PIPELINES.length)] ?? path) : path;
  return { name: `seed ${seed}, document ${index}`, changed: path, text: mutate(text, random), planned };
}

/** Of all paths that lead out: those that do so most directly, and how many of the others each value meets. */
const DIRECT = 2;
const OTHERS = 4;

/** Every value of every document, with the most direct paths that lead out and some of the others: a seed chooses which. */
export function* traversalCases(seed: number): Iterable<FuzzCase> {
  const random = createRandom(seed);
  for (const [path, text] of DOCUMENTS) {
    const first = random.below(TRAVERSALS.length);
    const others = Array.from({ length: OTHERS }, (_, at) => TRAVERSALS[(first + at * 4) % TRAVERSALS.length] ?? '');
    for (const value of new Set([...TRAVERSALS.slice(0, DIRECT), ...others])) {
      for (const changed of withEachValue(text, value)) {
        yield { name: `${JSON.stringify(value)} in ${path}`, changed: path, text: changed, planned: path };
      }
    }
  }
}

/** The disk of a case, which notes every path outside of /sources that is looked into. Resolving links reads nothing. */
export function watchedFiles(fuzzCase: FuzzCase, outside: string[]): Files {
  const files = memoryFiles({ ...TREE, [fuzzCase.changed]: fuzzCase.text });
  const watch = async (path: string): Promise<void> => {
    const real = (await files.realPath(path)) ?? path;
    if (real !== '/sources' && !real.startsWith('/sources/')) outside.push(path);
  };
  const after =
    <T>(use: (path: string) => Promise<T>) =>
    async (path: string): Promise<T> => {
      await watch(path);
      return use(path);
    };
  return {
    readText: after((path) => files.readText(path)),
    stat: after((path) => files.stat(path)),
    list: after((path) => files.list(path)),
    realPath: (path) => files.realPath(path),
    read: async function* (path) {
      await watch(path);
      yield* files.read(path);
    },
  };
}
