import assert from 'node:assert/strict';
import {
  lineNeutraliser,
  neutraliseLine,
  neutraliseLines,
  neutraliseToOneLine,
} from '../../../tasks/common/agent/neutralise.ts';

describe('neutralising text', () => {
  const cases: readonly [string, string, string][] = [
    ['a command', '##vso[task.complete result=Succeeded;]done', '**vso[task.complete result=Succeeded;]done'],
    ['a command in any letter case', '##VsO[task.debug]x', '**VsO[task.debug]x'],
    [
      'a command behind other text',
      'step 1: ##vso[task.setvariable variable=a]b',
      'step 1: **vso[task.setvariable variable=a]b',
    ],
    ['the keyword alone, which the agent warns about', 'see ##vso docs', 'see **vso docs'],
    ['every command of a line', '##vso[a.b]##vso[c.d]', '**vso[a.b]**vso[c.d]'],
    ['a command after more hashes', '####vso[task.debug]', '##**vso[task.debug]'],
    ['a format at the start of a line', '##[error]not ours', '**[error]not ours'],
    ['a format inside a line', 'x ##[endgroup]', 'x **[endgroup]'],
    ['a command with a zero-width space', '#\u200b#vso[task.debug]', '**vso[task.debug]'],
    ['a command with a soft hyphen and a variation selector', '##v\u00ads\ufe0fo[x.y]', '**v\u00ads\ufe0fo[x.y]'],
    ['a format with a zero-width joiner', '##\u200d[error]', '**\u200d[error]'],
    ['a command hidden by colours', '\x1b[31m##\x1b[0mvso[task.debug]\x1b[1;32m', '**vso[task.debug]'],
    ['a command hidden by a terminal title', '#\x1b]0;title\x07#vso[x.y]', '**vso[x.y]'],
    ['a command hidden by an escape nobody ends', '##\x1b]vso[x.y]', '**vso[x.y]'],
    ['a command of UTF-16 read as UTF-8', '#\0#\0v\0s\0o\0[\0x\0.\0y\0]\0', '**vso[x.y]'],
    ['a command hidden by control characters', '##\x08v\x7fso\x85[x.y]', '**vso[x.y]'],
    ['text that reorders itself', 'a\u202eb\u2066c', 'abc'],
  ];
  for (const [what, text, expected] of cases) {
    it(`disarms ${what}`, () => {
      assert.equal(neutraliseLine(text), expected);
    });
  }

  it('leaves ordinary text as it is', () => {
    for (const text of ['', '# heading', '## vso', '#vso[x]', '\tepoch 3: loss 0.1 [ok] 100 %', 'naïve ✔️ 日本語 👩‍🔬']) {
      assert.equal(neutraliseLine(text), text);
    }
  });

  it('starts a new line wherever the agent does, and only there', () => {
    assert.deepEqual(neutraliseLines('a\r\nb\rc\nd\u2028e'), ['a', 'b', 'c', 'd\u2028e']);
    assert.deepEqual(neutraliseLines('a\r##vso[x.y]'), ['a', '**vso[x.y]']);
  });

  it('puts several lines into one where there is room for one only', () => {
    assert.equal(neutraliseToOneLine('a\n##vso[x.y]\r\nb\n'), 'a **vso[x.y] b');
  });

  it('takes time in proportion to the length, whatever the text', () => {
    const started = performance.now();
    for (const piece of ['\x1b]', '#\u200b', '##', '\x1b[0;', '#\u00ad\u00ad']) neutraliseLine(piece.repeat(20_000));
    assert.ok(performance.now() - started < 2000);
  });
});

describe('neutralising a stream', () => {
  function run(pieces: readonly (string | Uint8Array)[]): readonly string[] {
    const lines: string[] = [];
    const stream = lineNeutraliser((line) => lines.push(line));
    pieces.forEach(stream.push);
    stream.end();
    return lines;
  }

  it('disarms a command wherever the stream is cut', () => {
    const text = 'one\r\n##vso[task.complete result=Failed;]\r##[error]\nlast';
    for (let cut = 0; cut <= text.length; cut += 1) {
      assert.deepEqual(
        run([text.slice(0, cut), text.slice(cut)]),
        ['one', '**vso[task.complete result=Failed;]', '**[error]', 'last'],
        `cut at ${cut}`,
      );
    }
  });

  it('joins characters whose bytes arrive in two pieces', () => {
    const bytes = Buffer.from('Grüße ✔\n##vso[x.y]\n');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(run([bytes.subarray(0, cut), bytes.subarray(cut)]), ['Grüße ✔', '**vso[x.y]']);
    }
  });

  it('reads UTF-16 where a byte order mark says so', () => {
    const bytes = Buffer.from('\ufeff##vso[x.y]\nnext\n', 'utf16le');
    assert.deepEqual(run([bytes.subarray(0, 7), bytes.subarray(7)]), ['**vso[x.y]', 'next']);
    assert.deepEqual(run([Buffer.from(bytes).swap16()]), ['**vso[x.y]', 'next']);
  });

  it('passes on a last line without a line break, once', () => {
    assert.deepEqual(run(['a\nb']), ['a', 'b']);
    assert.deepEqual(run(['a\r']), ['a']);
    assert.deepEqual(run([]), []);
  });

  it('breaks up a line without an end instead of keeping it', () => {
    const lines = run(Array.from({ length: 40 }, () => 'x'.repeat(10_000)));
    assert.ok(lines.length > 5);
    assert.equal(lines.join('').length, 400_000);
  });
});
