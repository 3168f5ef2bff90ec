import assert from 'node:assert/strict';
import { loadYaml } from '../../../tasks/common/aml-yaml/load-yaml.ts';
import { pythonText } from '../../../tasks/common/aml-yaml/python-literals.ts';
import { member, type YamlNode } from '../../../tasks/common/aml-yaml/yaml-node.ts';
import { UserError } from '../../../tasks/common/errors.ts';

function load(text: string): YamlNode {
  return loadYaml(text, 'job.yml');
}

function problemOf(text: string): { message: string; line?: number; column?: number } {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof UserError);
    const problem = error.problems[0];
    assert.ok(problem);
    return problem;
  }
  throw new Error('The YAML was accepted.');
}

describe('YAML 1.1 scalars', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['yes', 'boolean', 'True'],
    ['Off', 'boolean', 'False'],
    ['y', 'string', 'y'],
    ['N', 'string', 'N'],
    ['010', 'integer', '8'],
    ['0x1F', 'integer', '31'],
    ['0b101', 'integer', '5'],
    ['0o7', 'string', '0o7'],
    ['1_000', 'integer', '1000'],
    ['1:30', 'integer', '90'],
    ['-12', 'integer', '-12'],
    ['12345678901234567890', 'integer', '12345678901234567890'],
    ['1.10', 'float', '1.1'],
    ['1e3', 'string', '1e3'],
    ['1.0e3', 'string', '1.0e3'],
    ['1.0e+3', 'float', '1000.0'],
    ['1.0e-05', 'float', '1e-05'],
    ['-0.0', 'float', '-0.0'],
    ['1:30.5', 'float', '90.5'],
    ['.inf', 'float', 'inf'],
    ['.NaN', 'float', 'nan'],
    ['~', 'null', 'None'],
    ['Null', 'null', 'None'],
    ['""', 'string', ''],
    ['"010"', 'string', '010'],
    ['!!str 010', 'string', '010'],
    ['!!int "3"', 'integer', '3'],
    ['3.8.1', 'string', '3.8.1'],
  ];
  for (const [text, kind, python] of cases) {
    it(`reads ${text} as ${kind}`, () => {
      const node = member(load(`value: ${text}\n`), 'value');
      assert.ok(node);
      assert.deepEqual([node.kind, pythonText(node)], [kind, python]);
    });
  }

  it('keeps dates apart from texts', () => {
    assert.equal(member(load('value: 2023-01-12'), 'value')?.kind, 'timestamp');
    assert.equal(member(load('value: 2023-1-2 3:04:05'), 'value')?.kind, 'timestamp');
    assert.equal(member(load('value: "2023-01-12"'), 'value')?.kind, 'string');
  });
});

describe('loading YAML', () => {
  it('takes keys that are no texts as Python writes them', () => {
    const node = loadYaml('1.0: a\n2: b\nyes: c\n~: d\n1.0e+3: e\n2024-01-01: f\n0x10: g\n', 'f');
    const keys = node.kind === 'map' ? [...node.entries.keys()] : [];
    assert.deepEqual(keys, ['1.0', '2', 'True', 'None', '1000.0', '2024-01-01', '16']);
  });

  it('drops a byte order mark', () => {
    assert.deepEqual(member(load('\uFEFFa: 1\n'), 'a')?.place, { file: 'job.yml', line: 1, column: 4 });
  });

  it('takes the last of repeated keys', () => {
    const node = member(load('a: 1\na: 2\n'), 'a');
    assert.ok(node);
    assert.equal(pythonText(node), '2');
  });

  it('merges mappings, own keys first, then the earlier source', () => {
    const text = 'x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  c: 3\n';
    const merged = member(load(text), 'z');
    assert.ok(merged?.kind === 'map');
    const values = [...merged.entries.values()].map(({ key, value }) => `${key}=${pythonText(value) ?? ''}`);
    assert.deepEqual(values.sort(), ['a=1', 'b=1', 'c=3']);
  });

  it('names line and column of what is no YAML', () => {
    const { message, line, column } = problemOf('type: command\n  command: x\n');
    assert.match(message, /not valid YAML/);
    assert.deepEqual([typeof line, typeof column], ['number', 'number']);
    assert.match(problemOf('a: "x\\q"').message, /escape/);
    assert.match(problemOf('a: 1\n---\nb: 2\n').message, /more than one document/);
  });

  it('names an alias that has no anchor', () => {
    const { message, line, column } = problemOf('a: 1\nb: *nowhere\n');
    assert.match(message, /\*nowhere names no anchor/);
    assert.deepEqual([line, column], [2, 4]);
  });

  it('refuses tags that the service’s client does not know', () => {
    assert.match(problemOf('a: !secret x').message, /!secret/);
  });

  it('refuses an alias bomb in little time', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items = level === 0 ? 'x' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(10).fill(items).join(', ')}]`;
    });
    const started = process.hrtime.bigint();
    assert.match(problemOf(levels.join('\n')).message, /aliases are followed/);
    assert.ok(process.hrtime.bigint() - started < 5_000_000_000n);
  });

  it('refuses an alias that contains itself', () => {
    assert.match(problemOf('a: &a [*a]').message, /names no anchor/);
  });

  it('refuses what is nested too deeply, and what is too large', () => {
    assert.match(problemOf(`a: ${'['.repeat(200)}${']'.repeat(200)}`).message, /nested/);
    assert.match(problemOf(`a: ${'['.repeat(10_000)}`).message, /nested|not valid/);
    assert.match(problemOf(`a: "${'x'.repeat(2 * 1024 * 1024)}"`).message, /larger than 1 MB/);
  });
});
