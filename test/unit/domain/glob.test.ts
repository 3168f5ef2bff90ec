import assert from 'node:assert/strict';
import { globTest } from '../../../tasks/common/domain/glob.ts';

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
