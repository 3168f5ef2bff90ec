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

/** True when the file has a test of that title; what fills the holes of a template must stand in the file too. */
function hasTest(file: string, title: string): boolean {
  const source = readFileSync(join(repositoryRoot, file), 'utf8');
  return [...source.matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].some(([, quote, text = '']) => {
    const parts = quote === '`' ? text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/) : [text];
    const literal = parts.map((part) => part.replace(/\\(.)/g, '$1').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const match = new RegExp(`^${literal.join('(.+)')}$`).exec(title);
    return match?.slice(1).every((filling) => source.includes(filling)) === true;
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
      return !existsSync(join(repositoryRoot, file)) || !hasTest(file, test);
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
    assert.ok(!hasTest(first.file, `${first.test}, and more`));
    assert.ok(!hasTest('test/unit/operations/await-job.test.ts', 'does not take an answer 418 for a state'));
  });
});
