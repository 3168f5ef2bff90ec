import assert from 'node:assert/strict';
import {
  endpointTraffic,
  liveDeployment,
  nextDeployment,
  sameTraffic,
  trafficProblem,
  trafficText,
  withTraffic,
} from '../../../tasks/common/domain/traffic.ts';

describe('traffic', () => {
  it('reads the rule of an endpoint without the deployments that get nothing', () => {
    assert.deepEqual(endpointTraffic({ properties: { traffic: { blue: 90, green: 10, old: 0 } } }), {
      blue: 90,
      green: 10,
    });
    assert.deepEqual(endpointTraffic(undefined), {});
  });

  it('accepts whole percents that make 100, or none', () => {
    assert.equal(trafficProblem({ blue: 90, green: 10 }), undefined);
    assert.equal(trafficProblem({}), undefined);
    assert.match(trafficProblem({ blue: 90, green: 20 }) ?? '', /110 %, not 100 %/);
    assert.match(trafficProblem({ blue: 99.5, green: 0.5 }) ?? '', /whole numbers/);
    assert.match(trafficProblem({ blue: -1, green: 101 }) ?? '', /blue cannot get -1 %/);
  });

  it('takes the deployment with most of the traffic for the live one', () => {
    assert.equal(liveDeployment({ blue: 10, green: 90 }), 'green');
    assert.equal(liveDeployment({ b: 50, a: 50 }), 'a');
    assert.equal(liveDeployment({}), undefined);
  });

  it('gives the next deployment the colour nobody uses', () => {
    assert.equal(nextDeployment('blue', {}), 'blue');
    assert.equal(nextDeployment('blue', { blue: 100 }), 'green');
    assert.equal(nextDeployment('blue', { green: 100 }), 'blue');
    assert.equal(nextDeployment('churn-green', { 'churn-green': 100 }), 'churn-blue');
    assert.equal(nextDeployment('churn', { churn: 100 }), 'churn-green');
    assert.equal(nextDeployment('bluebell', { bluebell: 100 }), 'bluebell-green');
  });

  it('finds no name where both colours have traffic or the other one would be too long', () => {
    assert.equal(nextDeployment('blue', { blue: 50, green: 50 }), undefined);
    const long = 'd'.repeat(30);
    assert.equal(nextDeployment(long, { [long]: 100 }), undefined);
  });

  it('compares rules by where requests go', () => {
    assert.equal(sameTraffic({ blue: 100, green: 0 }, { blue: 100 }), true);
    assert.equal(sameTraffic({ blue: 100 }, { green: 100 }), false);
    assert.equal(trafficText({ blue: 100, green: 0 }), 'blue 100 %');
    assert.equal(trafficText({}), 'none');
  });

  it('changes nothing but the traffic of an endpoint', () => {
    const endpoint = {
      id: '/x',
      name: 'e',
      type: 't',
      location: 'westeurope',
      kind: 'Managed',
      tags: { team: 'risk' },
      systemData: { createdAt: 'then' },
      identity: {
        type: 'UserAssigned',
        principalId: 'p',
        tenantId: 't',
        userAssignedIdentities: { '/id/1': { principalId: 'p' } },
      },
      properties: {
        authMode: 'AADToken',
        publicNetworkAccess: 'Disabled',
        description: 'd',
        somethingNew: { kept: true },
        scoringUri: 'https://e',
        provisioningState: 'Succeeded',
        mirrorTraffic: { green: 10 },
        traffic: { blue: 100 },
      },
    };
    assert.deepEqual(withTraffic(endpoint, { green: 100, blue: 0 }), {
      location: 'westeurope',
      kind: 'Managed',
      tags: { team: 'risk' },
      identity: { type: 'UserAssigned', userAssignedIdentities: { '/id/1': {} } },
      properties: {
        authMode: 'AADToken',
        publicNetworkAccess: 'Disabled',
        description: 'd',
        somethingNew: { kept: true },
        mirrorTraffic: { green: 10 },
        traffic: { green: 100 },
      },
    });
  });
});
