import assert from 'node:assert/strict';
import { jsonAt, parseJsonPath } from '../../../tasks/common/domain/json-path.ts';

describe('JSON paths', () => {
  const document = { predictions: [{ label: 'a', 'odd name': 1 }, { label: 'b' }], n: null };
  const read = (path: string): unknown => jsonAt(document, parseJsonPath(path) ?? ['unreadable']);

  it('walks members, indices and quoted names', () => {
    assert.equal(read('$.predictions[0].label'), 'a');
    assert.equal(read('$.predictions[-1].label'), 'b');
    assert.equal(read("$['predictions'][0]['odd name']"), 1);
    assert.equal(read('$.n'), null);
    assert.deepEqual(read('$'), document);
  });

  it('is undefined where a step is missing, also for inherited members', () => {
    assert.equal(read('$.predictions[5].label'), undefined);
    assert.equal(read('$.predictions.label'), undefined);
    assert.equal(read('$.constructor'), undefined);
  });

  it('refuses what is no path', () => {
    for (const text of ['', 'predictions', '$.', '$[x]', '$..a', '$.a[', '$.a b']) {
      assert.equal(parseJsonPath(text), undefined, text);
    }
  });
});
