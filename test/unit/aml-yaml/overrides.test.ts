import assert from 'node:assert/strict';
import { loadYaml } from '../../../tasks/common/aml-yaml/load-yaml.ts';
import { applyOverrides, type Override } from '../../../tasks/common/aml-yaml/overrides.ts';
import { ProblemList } from '../../../tasks/common/aml-yaml/problems.ts';
import { passThrough } from '../../../tasks/common/aml-yaml/templates.ts';

function override(text: string, ...overrides: readonly Override[]): unknown {
  const problems = new ProblemList();
  const node = applyOverrides(loadYaml(text, 'job.yml'), overrides, 'job.yml', problems);
  problems.throwIfAny();
  return passThrough(node);
}

describe('overrides', () => {
  it('replaces, creates, and reaches into lists', () => {
    const result = override(
      'a: {b: 1}\nlist: [x, y]\n',
      { path: 'a.b', value: 2 },
      { path: 'a.c.d', value: 'new' },
      { path: 'list[1]', value: true },
      { path: 'list[3].k', value: null },
      { path: 'whole', value: { k: [1, 'x'] } },
    );
    assert.deepEqual(result, {
      a: { b: 2, c: { d: 'new' } },
      list: ['x', true, null, { k: null }],
      whole: { k: [1, 'x'] },
    });
  });

  it('takes an escaped dot as part of a key', () => {
    assert.deepEqual(override('tags: {}', { path: 'tags.a\\.b', value: 'x' }), { tags: { 'a.b': 'x' } });
  });

  it('applies them in order', () => {
    assert.deepEqual(override('a: 1', { path: 'a', value: { b: 1 } }, { path: 'a.b', value: 2 }), { a: { b: 2 } });
  });

  it('refuses to set members of a reference or a number, and bad paths', () => {
    assert.throws(
      () =>
        override(
          'environment: azureml:e:1\nn: 3\n',
          { path: 'environment.image', value: 'x' },
          { path: 'n.m', value: 1 },
        ),
      (error: Error) =>
        error.message.includes("environment.image: 'environment' is the text") &&
        error.message.includes("n.m: 'n' has no"),
    );
    assert.throws(() => override('a: 1', { path: 'a..b', value: 1 }), /not of the form/);
    assert.throws(() => override('a: 1', { path: '', value: 1 }), /not of the form/);
  });
});
