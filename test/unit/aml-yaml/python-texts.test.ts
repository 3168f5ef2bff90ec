import assert from 'node:assert/strict';
import { anonymousComponentVersion, clientComponentHash } from '../../../tasks/common/aml-yaml/anonymous-versions.ts';
import { isoDuration } from '../../../tasks/common/aml-yaml/durations.ts';
import { loadYaml } from '../../../tasks/common/aml-yaml/load-yaml.ts';
import { pythonJson } from '../../../tasks/common/aml-yaml/python-json.ts';
import { pythonFloat } from '../../../tasks/common/aml-yaml/python-literals.ts';
import { pythonYamlDump } from '../../../tasks/common/aml-yaml/python-yaml-dump.ts';

describe('numbers as Python writes them', () => {
  const cases: readonly (readonly [number, string])[] = [
    [1, '1.0'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [0.00012345, '0.00012345'],
    [123456789012345, '123456789012345.0'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.25e22, '1.25e+22'],
    [-2.5, '-2.5'],
    [-0, '-0.0'],
    [Infinity, 'inf'],
  ];
  for (const [value, text] of cases) {
    it(`writes ${text}`, () => {
      assert.equal(pythonFloat(value), text);
    });
  }
});

describe('JSON as Python writes it', () => {
  it('sorts keys by code point and escapes everything outside printable ASCII', () => {
    const value = { '\u{1F600}': 1, '\uFF5E': 2, b: [true, null, 1.5, { $number: '1.0' }], a: 'é"\\\n\x7f' };
    assert.equal(
      pythonJson(value),
      '{"a": "\\u00e9\\"\\\\\\n\\u007f", "b": [true, null, 1.5, 1.0], "\\uff5e": 2, "\\ud83d\\ude00": 1}',
    );
    assert.equal(pythonJson({}), '{}');
    assert.equal(pythonJson([]), '[]');
  });

  it('makes GUIDs of a component’s spec, without what does not tell it apart', () => {
    const spec = { name: 'n', version: '1', _source: 'YAML.JOB', type: 'command', command: 'echo' };
    const version = anonymousComponentVersion(spec);
    // The first half of the SHA-256 of {"command": "echo", "type": "command"}
    assert.equal(version, '51b5f1cd-e1c7-da5a-96ff-73332baab81e');
    assert.equal(anonymousComponentVersion({ ...spec, name: 'other', version: '2', _source: 'x' }), version);
    assert.notEqual(anonymousComponentVersion({ ...spec, command: 'ls' }), version);
    assert.notEqual(clientComponentHash(spec), clientComponentHash({ ...spec, name: 'other' }));
  });
});

describe('YAML as Python dumps it', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['b: 1\na: [x, {y: [z]}]', 'a:\n- x\n- y:\n  - z\nb: 1\n'],
    ['a: "3.8"\nb: "yes"\nc: "1:30"\nd: "="\ne: ""', "a: '3.8'\nb: 'yes'\nc: '1:30'\nd: '='\ne: ''\n"],
    ['a: 1e3\nb: y\nc: "a:b"\nd: "-x"\ne: "it\'s"', "a: 1e3\nb: y\nc: a:b\nd: -x\ne: it's\n"],
    ['a: "#x"\nb: "- x"\nc: "a: b"\nd: "a #b"\ne: " x"', "a: '#x'\nb: '- x'\nc: 'a: b'\nd: 'a #b'\ne: ' x'\n"],
    ['a: "é"\nb: "a\\tb"\nc: "\\x01"', 'a: "\\xE9"\nb: "a\\tb"\nc: "\\x01"\n'],
    ['a: "x\\n\\n  y"', 'a: "x\\n\\n  y"\n'],
    ['a: "x\\ny"', "a: 'x\n\n  y'\n"],
    ['a: []\nb: {}\nc: null\nd: 1.0e-7\ne: true', 'a: []\nb: {}\nc: null\nd: 1.0e-07\ne: true\n'],
    ['a: &x [1]\nb: *x', 'a: &id001\n- 1\nb: *id001\n'],
    [`? ${'k'.repeat(130)}\n: v`, `? ${'k'.repeat(130)}\n: v\n`],
  ];
  for (const [text, dumped] of cases) {
    it(`dumps ${JSON.stringify(text).slice(0, 60)}`, () => {
      assert.equal(pythonYamlDump(loadYaml(text, 'f')), dumped);
    });
  }

  it('folds after the word that passes column 80, and never inside of one', () => {
    const words = Array(30).fill('word').join(' ');
    const lines = pythonYamlDump(loadYaml(`a: ${words}`, 'f')).split('\n');
    assert.deepEqual(
      lines.map((line) => line.length),
      [82, 71, 0],
    );
    assert.ok(lines[1]?.startsWith('  word'));
    const long = 'x'.repeat(200);
    assert.equal(pythonYamlDump(loadYaml(`a: ${long}`, 'f')), `a: ${long}\n`);
  });
});

describe('durations', () => {
  const cases: readonly (readonly [number, string | undefined])[] = [
    [0, undefined],
    [1, 'PT0.001S'],
    [1500, 'PT1.5S'],
    [59_000, 'PT59S'],
    [60_000, 'PT1M'],
    [61_001, 'PT1M1.001S'],
    [3_725_000, 'PT1H2M5S'],
    [86_400_000, 'P1D'],
    [90_061_000, 'P1DT1H1M1S'],
  ];
  for (const [milliseconds, text] of cases) {
    it(`writes ${milliseconds} ms as ${text ?? 'nothing'}`, () => {
      assert.equal(isoDuration(milliseconds), text);
    });
  }
});
