import assert from 'node:assert/strict';
import { readAssertions } from '../../../tasks/common/aml-yaml/assertions.ts';
import { readEvaluationRules } from '../../../tasks/common/aml-yaml/evaluation-rules.ts';
import { withFile } from '../../../tasks/common/aml-yaml/in-memory-file.ts';
import { parseOverrides } from '../../../tasks/common/aml-yaml/override-lines.ts';
import { yamlData } from '../../../tasks/common/aml-yaml/yaml-data.ts';
import { FakeFiles } from '../fakes/fake-agent.ts';

describe('evaluation rules', () => {
  it('reads every field, improvements in the unit of the metric or in percent', () => {
    const text = `
metrics:
  auc: { direction: higher, minimum: 0.9, maximum: 1, tolerance: 0.01 }
  loss: { direction: lower, requiredImprovement: 2.5% }
  rmse: { direction: lower, requiredImprovement: 3 }
`;
    assert.deepEqual(readEvaluationRules(text, 'rules.yml'), [
      { metric: 'auc', direction: 'higher', minimum: 0.9, maximum: 1, tolerance: 0.01 },
      { metric: 'loss', direction: 'lower', requiredImprovement: { kind: 'relative', amount: 0.025 } },
      { metric: 'rmse', direction: 'lower', requiredImprovement: { kind: 'absolute', amount: 3 } },
    ]);
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['metrics: {}', /There are no rules/],
    ['rules: {}', /rules\.yml:1:1: Unknown field 'rules'/],
    ['metrics: { auc: { minimum: 1 } }', /'metrics.auc.direction' is missing/],
    ['metrics: { auc: { direction: heigher } }', /'heigher'.*Did you mean 'higher'/],
    ['metrics: { auc: { direction: higher, minimum: 2, maximum: 1 } }', /which no value is/],
    ['metrics: { auc: { direction: higher, tolerance: -1 } }', /not negative/],
    ['metrics: { auc: { direction: higher, tolerance: 1, requiredImprovement: 1 } }', /choose one of them/],
    ['metrics: { auc: { direction: higher, requiredImprovement: much } }', /percentage like 2%/],
    ['metrics: { auc: { direction: higher, requiredImprovement: -1 } }', /not negative/],
    ['metrics: [', /not valid YAML/],
  ];
  for (const [text, message] of refusals) {
    it(`refuses ${text}`, () => {
      assert.throws(() => readEvaluationRules(text, 'rules.yml'), message);
    });
  }

  it('names every problem at once, each with its line', () => {
    const text = 'metrics:\n  a: { direction: up }\n  b: { direction: down }\n';
    assert.throws(() => readEvaluationRules(text, 'rules.yml'), /rules\.yml:2:.*\nrules\.yml:3:/);
  });
});

describe('assertions', () => {
  it('reads a list of statuses, latencies and values', () => {
    const text =
      '- status: 200\n- p95Milliseconds: 250\n- { path: "$.a[0]", equals: { b: 1 }, tolerance: 0.5 }\n- { path: $.c, exists: false }\n';
    assert.deepEqual(readAssertions(text, 'input'), [
      { kind: 'status', status: 200 },
      { kind: 'p95', milliseconds: 250 },
      { kind: 'value', path: '$.a[0]', equals: { b: 1 }, tolerance: 0.5 },
      { kind: 'value', path: '$.c', exists: false },
    ]);
    assert.deepEqual(readAssertions(' \n', 'input'), []);
  });

  it('keeps whole and broken numbers as numbers', () => {
    const text = '- { path: $.a, equals: 1.0 }\n- { path: $.a, equals: 2 }\n- { path: $.a, equals: null }\n';
    assert.deepEqual(
      readAssertions(text, 'input').map((assertion) => 'equals' in assertion && assertion.equals),
      [1, 2, null],
    );
  });

  it('refuses entries that say nothing or two things', () => {
    assert.throws(() => readAssertions('- {}', 'input'), /exactly one of/);
    assert.throws(() => readAssertions('- { status: 200, path: $.a }', 'input'), /exactly one of/);
    assert.throws(() => readAssertions('status: 200', 'input'), /must be a list/);
  });
});

describe('override lines', () => {
  it('keeps texts as they are and reads lists and mappings', () => {
    assert.deepEqual(
      parseOverrides(['inputs.epochs=30', 'tags.a = b=c', 'x=[1, 2]', 'y={"k": "v"}', 'z="1"', 'w=', 'v=[a]']),
      [
        { path: 'inputs.epochs', value: '30' },
        { path: 'tags.a', value: 'b=c' },
        { path: 'x', value: [1, 2] },
        { path: 'y', value: { k: 'v' } },
        { path: 'z', value: '1' },
        { path: 'w', value: '' },
        { path: 'v', value: '[a]' },
      ],
    );
  });

  it('refuses lines without a path, all at once', () => {
    assert.throws(() => parseOverrides(['a', '=b', 'c=d']), /'a'.*\n.*'=b'/);
  });
});

describe('YAML as data', () => {
  it('reads YAML and JSON alike, and gives nothing for neither', () => {
    assert.deepEqual(yamlData('a: [1, 1.0, x]'), { a: [1, 1, 'x'] });
    assert.deepEqual(yamlData('{"a": [1, 1.0, "x"]}'), { a: [1, 1, 'x'] });
    assert.equal(yamlData('a: [1'), undefined);
  });
});

describe('a file in memory', () => {
  it('stands beside the real ones', async () => {
    const files = withFile(new FakeFiles({ '/s/a.yml': 'a: 1' }), '/s/inputs.yml', { name: 'm' });
    assert.equal(await files.readText('/s/inputs.yml'), '{"name":"m"}');
    assert.equal(await files.realPath('/s/inputs.yml'), '/s/inputs.yml');
    assert.equal(await files.readText('/s/a.yml'), 'a: 1');
    assert.equal(await files.readText('/s/none.yml'), undefined);
  });
});
