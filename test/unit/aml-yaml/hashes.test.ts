import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { contentHash } from '../../../tasks/common/aml-yaml/content-hash.ts';
import { COMPONENT_RULES, isIgnored, parseIgnoreRules } from '../../../tasks/common/aml-yaml/ignore-rules.ts';
import { objectHash } from '../../../tasks/common/aml-yaml/object-hash.ts';
import { flattenTree, listTree } from '../../../tasks/common/aml-yaml/source-tree.ts';
import { memoryFiles, type Tree } from './memory-files.ts';

const ROOT = '/sources/code';

async function hashes(tree: Tree, ignore = ''): Promise<{ content: string; component: string; object: string }> {
  const files = memoryFiles(
    Object.fromEntries(Object.entries(tree).map(([path, entry]) => [`${ROOT}/${path}`, entry])),
  );
  const folder = await listTree(files, ROOT, () => Promise.resolve(true));
  const rules = parseIgnoreRules(ignore);
  return {
    content: await contentHash(files, flattenTree(folder, rules)),
    component: await contentHash(files, flattenTree(folder, [...rules, ...COMPONENT_RULES])),
    object: await objectHash(files, folder, rules),
  };
}

function sha256(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('')).digest('hex');
}

const SEED = 'Initialize for october 2021 AML CLI version';

describe('the hashes that name uploads', () => {
  it('takes names and sizes first, then contents, by lower-cased path', async () => {
    const { content } = await hashes({ 'b.txt': 'B', 'A/c.txt': 'cc', 'a b.txt': '' });
    assert.equal(content, sha256('3', '#a b.txt#0', '#A/c.txt#2', '#b.txt#1', 'cc', 'B'));
  });

  it('compares code points, not UTF-16 units', async () => {
    const { content } = await hashes({ '\u{1D49C}.txt': '1', '\uE000.txt': '2' });
    assert.equal(content, sha256('2', '#\uE000.txt#1', '#\u{1D49C}.txt#1', '2', '1'));
  });

  it('hashes what the service’s client is known to make of these trees', async () => {
    const single = await hashes({ 'only.py': 'print(1)' });
    assert.equal(single.content, 'fc8c063d607dbc1d33733b3ae95949ef0bebb524b22d2a78b662b442b26c50e0');
    assert.equal(single.object, '99b99e714dd569bbd4a014a04aa874c82645225c4d221ceed99db24e54794839');
    const ignore = '*\n!a\n';
    const star = await hashes({ '.amlignore': ignore, a: 'x', 'b/c': 'x' }, ignore);
    assert.equal(star.content, '299d07c92851cd63573536517b06b3a3a4527d6258e7fe3a333dcb3558a9dce9');
    assert.equal(star.object, '3177a82f7838a2651763c29548abb7562dbb4359ec63632042a7faa39e6639e5');
    const nested = await hashes({ 'a.txt': 'x', 's/.amlignore': 'b.txt\n', 's/b.txt': 'x' });
    assert.equal(nested.content, 'a3d79df514516a5a40f71d1a62d38a9b16f67d3a891b6e14ed9ff4e4b8feac6c');
    assert.equal(nested.object, 'e60000294f0ef3bbb20df95592d0354090f7e435eec608593f4471089475e3af');
  });

  it('follows links under their own names', async () => {
    const { content, object } = await hashes({
      'f.txt': 'F',
      'real/a.txt': 'A',
      again: { linkTo: 'real' },
      copy: { linkTo: 'f.txt' },
    });
    assert.equal(content, sha256('4', '#again/a.txt#1', '#copy#1', '#f.txt#1', '#real/a.txt#1', 'A', 'F', 'F', 'A'));
    assert.equal(object, sha256(SEED, 'again', 'a.txt', 'A', 'copy', 'F', 'f.txt', 'F', 'real', 'a.txt', 'A'));
  });

  it('leaves __pycache__ out of a component’s code, and only there', async () => {
    const { content, component } = await hashes({ 'a.py': 'x', '__pycache__/a.pyc': 'y' });
    assert.equal(component, sha256('1', '#a.py#1', 'x'));
    assert.notEqual(content, component);
  });

  it('hashes the name of a folder whose files alone are ignored', async () => {
    const { object } = await hashes({ 'sub/x.txt': 'x', y: 'y' }, 'sub/\n');
    assert.equal(object, sha256(SEED, 'sub', 'y', 'y'));
  });

  it('ends where a link leads back to a folder above it', async () => {
    await assert.rejects(hashes({ 'a/b.txt': 'x', 'a/loop': { linkTo: '..' } }), /leads back/);
  });
});

describe('ignore rules', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*.log', 'deep/down/a.log', true],
    ['*.log', 'a.log.txt', false],
    ['foo', 'a/foo/b', true],
    ['/foo', 'a/foo', false],
    ['/foo', 'foo/b', true],
    ['a/b', 'x/a/b', false],
    ['sub/', 'sub', false],
    ['sub/', 'x/sub/y', true],
    ['docs/**', 'docs/a/b', true],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['**/', 'root.txt', false],
    ['**/', 'x/y', true],
    ['a[12].txt', 'a1.txt', true],
    ['a[!12].txt', 'a1.txt', false],
    ['x\\[1\\].txt', 'x[1].txt', true],
    ['\\#hash', '#hash', true],
    ['A', 'a', false],
    ['# comment', 'comment', false],
  ];
  for (const [rule, path, ignored] of cases) {
    it(`'${rule}' ${ignored ? 'leaves out' : 'keeps'} ${path}`, () => {
      assert.equal(isIgnored(path, parseIgnoreRules(rule)), ignored);
    });
  }

  it('lets the last matching rule win, also below an ignored folder', () => {
    const rules = parseIgnoreRules('\uFEFFsub/\r\n!sub/keep.py  \r\n');
    assert.equal(isIgnored('sub/keep.py', rules), false);
    assert.equal(isIgnored('sub/drop.py', rules), true);
  });

  it('refuses a pattern that ends in a lone backslash', () => {
    assert.throws(() => parseIgnoreRules('a\\'), SyntaxError);
  });
});
