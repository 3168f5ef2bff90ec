import assert from 'node:assert/strict';
import { isAbsolutePath, pathBelow, shownPath } from '../../../tasks/common/domain/paths.ts';

describe('paths', () => {
  it('resolves below a folder and shows what lies in it without it', () => {
    assert.equal(pathBelow('/s/', './aml/a.yml'), '/s/aml/a.yml');
    assert.equal(pathBelow('C:\\s', 'a.yml'), 'C:\\s/a.yml');
    assert.equal(pathBelow('/s', '/t/a.yml'), '/t/a.yml');
    assert.equal(shownPath('/s', '/s/aml/a.yml'), 'aml/a.yml');
    assert.equal(shownPath('C:\\s', 'C:\\s\\a.yml'), 'a.yml');
    assert.equal(shownPath('/s', '/sources/a.yml'), '/sources/a.yml');
    assert.deepEqual(['/a', 'C:/a', 'C:\\a', '\\\\server\\a', 'a/b'].map(isAbsolutePath), [
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});
