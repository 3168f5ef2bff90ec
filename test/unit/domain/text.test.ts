import assert from 'node:assert/strict';
import { durationText, elapsedText } from '../../../tasks/common/domain/elapsed-time.ts';
import { codeBlock, escapeMarkdown, markdownLink, markdownTable } from '../../../tasks/common/domain/markdown.ts';
import { isAbsolutePath, pathBelow, shownPath } from '../../../tasks/common/domain/paths.ts';
import { globTest } from '../../../tasks/common/domain/glob.ts';

describe('elapsed time', () => {
  it('shows the two largest units', () => {
    assert.equal(elapsedText(0), '0 s');
    assert.equal(elapsedText(59_999), '59 s');
    assert.equal(elapsedText(65_000), '1 min 5 s');
    assert.equal(elapsedText(3_600_000), '1 h');
    assert.equal(elapsedText(3_665_000), '1 h 1 min');
    assert.equal(elapsedText(30 * 3_600_000), '1 d 6 h');
    assert.equal(elapsedText(-5), '0 s');
  });

  it('is empty where a time is missing', () => {
    assert.equal(durationText('2026-01-01T00:00:00Z', '2026-01-01T00:01:05Z'), '1 min 5 s');
    assert.equal(durationText('2026-01-01T00:00:00Z', undefined), '');
    assert.equal(durationText('yesterday', 'today'), '');
  });
});

describe('markdown', () => {
  it('shows foreign text as it is and obeys none of it', () => {
    const escaped = escapeMarkdown(
      '<img src=x> [a](javascript:b) | `c` **d** @team https://evil.example ![x](y)\n# top',
    );
    assert.doesNotMatch(escaped, /[<>[\]|`*@\n]/);
    assert.doesNotMatch(escaped, /:\/\//);
  });

  it('leaves ordinary names readable', () => {
    assert.equal(escapeMarkdown('train.log_loss: 0.5 (churn-7)'), 'train.log_loss: 0.5 (churn-7)');
    assert.equal(escapeMarkdown('_secret_'), '&#95;secret&#95;');
    assert.equal(escapeMarkdown('- item'), '&#45; item');
  });

  it('links to https only', () => {
    assert.equal(
      markdownLink('job', 'https://ml.azure.com/runs/x?wsid=/a/b'),
      '[job](https://ml.azure.com/runs/x?wsid=/a/b)',
    );
    assert.equal(markdownLink('job', 'javascript:alert(1)'), 'job');
    assert.equal(markdownLink('job', 'https://x/) [y](https://z'), 'job');
    assert.equal(markdownLink('job', undefined), 'job');
  });

  it('makes a table, and none without rows', () => {
    assert.equal(markdownTable(['A', 'B'], [['1', '2']]), '| A | B |\n| --- | --- |\n| 1 | 2 |');
    assert.equal(markdownTable(['A'], []), '');
  });

  it('makes a code block that its text cannot leave', () => {
    assert.equal(codeBlock('a\n```\nb'), '````text\na\n```\nb\n````');
  });
});

describe('paths', () => {
  it('resolves below a folder and shows what lies in it without it', () => {
    assert.equal(pathBelow('/s/', './aml/a.yml'), '/s/aml/a.yml');
    assert.equal(pathBelow('C:\\s', 'a.yml'), 'C:\\s/a.yml');
    assert.equal(pathBelow('/s', '/t/a.yml'), '/t/a.yml');
    assert.equal(shownPath('/s', '/s/aml/a.yml'), 'aml/a.yml');
    assert.equal(shownPath('C:\\s', 'C:\\s\\a.yml'), 'a.yml');
    assert.equal(shownPath('/s', '/sources/a.yml'), '/sources/a.yml');
    assert.deepEqual(['/a', 'C:/a', 'C:\\a', '\\\\server\\a', 'a/b'].map(isAbsolutePath), [
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('file patterns', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['aml/*.yml', ['aml/a.yml'], ['aml/x/a.yml', 'aml/a.yaml', 'aml/.a.yml', 'xaml/a.yml']],
    ['**/*.yml', ['a.yml', 'x/y/a.yml'], ['.git/a.yml', 'x/.y/a.yml', 'a.json']],
    ['aml/**', ['aml/a.yml', 'aml/x/a.yml'], ['amlx/a.yml', 'a.yml']],
    ['aml/{environment,data}.y?ml', ['aml/data.yaml', 'aml/environment.yaml'], ['aml/data.yml', 'aml/model.yaml']],
    ['model[12].yml', ['model1.yml', 'model2.yml'], ['model3.yml', 'model12.yml']],
    ['model[!12].yml', ['model3.yml'], ['model1.yml']],
    ['a.b+(c).yml', ['a.b+(c).yml'], ['axb+(c).yml']],
  ];
  for (const [pattern, matching, others] of cases) {
    it(`matches ${pattern}`, () => {
      const isMatch = globTest(pattern);
      assert.deepEqual([...matching, ...others].filter(isMatch), matching);
    });
  }
});
