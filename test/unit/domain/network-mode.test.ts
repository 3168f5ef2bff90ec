import assert from 'node:assert/strict';
import type { JsonObject } from '../../../tasks/common/domain/json.ts';
import {
  isPublic,
  networkMode,
  privateDeploymentBody,
  privateEndpointBody,
} from '../../../tasks/common/domain/network-mode.ts';

describe('private networking', () => {
  it('sends the egress flag only where it has an effect', () => {
    const body = { properties: { egressPublicNetworkAccess: 'Enabled', instanceType: 'x' } };
    assert.deepEqual(privateDeploymentBody(body, 'legacy'), {
      properties: { egressPublicNetworkAccess: 'Disabled', instanceType: 'x' },
    });
    assert.deepEqual(privateDeploymentBody(body, 'approvedOutbound'), { properties: { instanceType: 'x' } });
  });

  it('knows the modes of managed networks', () => {
    const workspace = (isolationMode: string): JsonObject => ({ properties: { managedNetwork: { isolationMode } } });
    assert.equal(networkMode(workspace('AllowInternetOutbound')), 'internetOutbound');
    assert.equal(networkMode(workspace('AllowOnlyApprovedOutbound')), 'approvedOutbound');
    assert.equal(networkMode(workspace('Disabled')), 'legacy');
    assert.equal(networkMode({ properties: {} }), 'legacy');
  });

  it('turns public access of endpoints off, where they have such a setting', () => {
    assert.deepEqual(privateEndpointBody({ properties: { publicNetworkAccess: 'Enabled' } }), {
      properties: { publicNetworkAccess: 'Disabled' },
    });
    const kubernetes = { properties: { compute: '/computes/aks' } };
    assert.deepEqual(privateEndpointBody(kubernetes), kubernetes);
    assert.equal(isPublic({ properties: {} }), true);
    assert.equal(isPublic({ properties: { publicNetworkAccess: 'disabled' } }), false);
  });
});
