import assert from 'node:assert/strict';
import { codeBlock, escapeMarkdown, markdownLink, markdownTable } from '../../../tasks/common/domain/markdown.ts';

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
