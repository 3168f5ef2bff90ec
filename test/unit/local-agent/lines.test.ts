import assert from 'node:assert/strict';
import { LineSplitter } from '../../../local/agent/lines.ts';

function split(...chunks: (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('lines of a task', () => {
  it('end at every kind of line break, also across chunks', () => {
    assert.deepEqual(split('a\r', '\nb\rc\n\nd'), ['a', 'b', 'c', '', 'd']);
  });

  it('join what several chunks bring, whole characters only', () => {
    const euro = Buffer.from('€');
    assert.deepEqual(split('##v', 'so[x.y]', euro.subarray(0, 1), euro.subarray(1), '\n'), ['##vso[x.y]€']);
  });

  it('do not end at U+2028', () => {
    assert.deepEqual(split('a\u2028b\n'), ['a\u2028b']);
  });
});
