// docs/promises.md names the tests that prove each promise: they must exist.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/task-contract.ts';

const DOCUMENT = 'docs/promises.md';
const SECTIONS = [
  'The truth',
  'What we start, we own',
  'Retry re-attaches',
  'Waits outlive tokens',
  'Nothing is lost or half done',
  'Secrets stay secret',
  'Foreign text cannot command the agent',
  'Files stay inside the sources',
  'Private by default',
  'One clear sentence',
];

interface Proof {
  readonly section: string;
  readonly file: string;
  readonly test: string;
}

function proofs(): readonly Proof[] {
  let section = '';
  return readFileSync(join(repositoryRoot, DOCUMENT), 'utf8')
    .split('\n')
    .flatMap((line) => {
      section = /^## (.+)$/.exec(line)?.[1] ?? section;
      const [, file, test] = /^\| .+ \| \[[^\]]+\]\(\.\.\/([^)]+)\)\s*\| (.+?)\s*\|$/.exec(line) ?? [];
      return file === undefined || test === undefined ? [] : [{ section, file, test }];
    });
}

/** A test for the titles of a file; the holes of templates stand for any text. */
function titlesOf(file: string): readonly RegExp[] {
  const source = readFileSync(join(repositoryRoot, file), 'utf8');
  return [...source.matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, quote, text = '']) => {
    const parts = quote === '`' ? text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/) : [text];
    const literal = parts.map((part) => part.replace(/\\(.)/g, '$1').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${literal.join('.+')}$`);
  });
}

describe('the promises', () => {
  it('have at least one proof each', () => {
    const proven = new Set(proofs().map(({ section }) => section));
    assert.deepEqual(
      SECTIONS.filter((section) => !proven.has(section)),
      [],
    );
  });

  it('are proven by tests that exist', () => {
    const missing = proofs().filter(({ file, test }) => {
      if (!existsSync(join(repositoryRoot, file))) return true;
      return !titlesOf(file).some((title) => title.test(test));
    });
    assert.deepEqual(missing, []);
  });

  it('are read from every row of the document', () => {
    const rows = readFileSync(join(repositoryRoot, DOCUMENT), 'utf8').match(/^\| .*\]\(\.\.\/test\//gm) ?? [];
    assert.equal(proofs().length, rows.length);
    assert.ok(rows.length > 50);
  });

  it('would be missed: a title that no test has is found', () => {
    const [first] = proofs();
    assert.ok(first);
    assert.ok(!titlesOf(first.file).some((title) => title.test(`${first.test}, and more`)));
  });
});
