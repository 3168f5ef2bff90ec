import assert from 'node:assert/strict';
import { roleHint } from '../../../tasks/common/azure/role-hint.ts';

function roleFor(action: string): string | undefined {
  const message = `The client 'c' does not have authorization to perform action '${action}' over scope '/s' or the scope is invalid.`;
  return /"([^"]+)"/.exec(roleHint('AuthorizationFailed', message) ?? '')?.[1];
}

describe('missing roles', () => {
  it('name the least role that holds the action', () => {
    const provider = 'Microsoft.MachineLearningServices';
    assert.equal(roleFor(`${provider}/workspaces/read`), 'Reader');
    assert.equal(roleFor(`${provider}/workspaces/jobs/read`), 'Reader');
    assert.equal(roleFor(`${provider}/workspaces/datastores/listSecrets/action`), 'AzureML Data Scientist');
    assert.equal(roleFor(`${provider}/workspaces/onlineEndpoints/write`), 'AzureML Data Scientist');
    assert.equal(roleFor(`${provider}/workspaces/computes/write`), 'AzureML Compute Operator');
    assert.equal(roleFor(`${provider}/workspaces/delete`), 'Contributor');
    assert.equal(roleFor(`${provider}/registries/models/versions/write`), 'AzureML Registry User');
    assert.equal(
      roleFor('Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'),
      'Storage Blob Data Contributor',
    );
    assert.equal(
      roleFor('Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'),
      'Managed Identity Operator',
    );
  });

  it('are not guessed where the message names no action', () => {
    assert.equal(roleHint('Forbidden', 'Access denied.'), undefined);
  });
});
