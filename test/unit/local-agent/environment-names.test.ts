import assert from 'node:assert/strict';
import { environmentName } from '../../../local/agent/environment-names.ts';

describe('names of environment variables', () => {
  const vectors: readonly (readonly [string, string])[] = [
    ['test.value1', 'TEST_VALUE1'],
    ['test value2', 'TEST_VALUE2'],
    ['tesT vaLue.3', 'TEST_VALUE_3'],
    ['.tesT vaLue 4', '_TEST_VALUE_4'],
    ['.. TEST   VALUE. 6', '___TEST___VALUE__6'],
    ['', ''],
    [' ', '_'],
    ['with-hyphen', 'WITH-HYPHEN'],
  ];

  for (const [name, expected] of vectors) {
    it(`writes '${name}' as '${expected}'`, () => {
      assert.equal(environmentName(name), expected);
    });
  }

  it('keeps the letter case when told so', () => {
    assert.equal(environmentName('Test.Value', true), 'Test_Value');
  });
});
