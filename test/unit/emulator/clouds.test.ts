import assert from 'node:assert/strict';
import { CLOUDS, customCloud, findCloud, hostRole, regionalHost, scoringHost } from '../../../local/emulator/clouds.ts';

describe('the names of a cloud', () => {
  for (const cloud of [...CLOUDS, customCloud('Own', 'own.example')]) {
    it(`say which service a host of ${cloud.name} is`, () => {
      assert.deepEqual(hostRole(cloud, cloud.arm), { plane: 'arm' });
      assert.deepEqual(hostRole(cloud, regionalHost(cloud, 'r')), { plane: 'regional', region: 'r' });
      assert.deepEqual(hostRole(cloud, scoringHost(cloud, 'e', 'r')), { plane: 'scoring', endpoint: 'e', region: 'r' });
      assert.deepEqual(hostRole(cloud, `a.blob.${cloud.storageSuffix}`), { plane: 'blob', account: 'a' });
      assert.equal(hostRole(cloud, `evil-${cloud.arm}`), undefined);
      assert.equal(hostRole(cloud, `a.b.blob.${cloud.storageSuffix}`), undefined);
    });
  }

  it('are found by the name of the cloud without case', () => {
    assert.equal(findCloud('azurecloud')?.arm, 'management.azure.com');
    assert.equal(findCloud('AzureMoonCloud'), undefined);
  });
});
