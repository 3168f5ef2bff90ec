import assert from 'node:assert/strict';
import {
  endpointTraffic,
  liveDeployment,
  nextDeployment,
  sameTraffic,
  trafficProblem,
  trafficText,
  changedEndpoint,
  withShare,
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
    assert.deepEqual(changedEndpoint(endpoint, { traffic: { green: 100, blue: 0 } }), {
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

  it('gives one deployment a share and lets the others divide the rest as before', () => {
    assert.deepEqual(withShare({ blue: 100 }, 'green', 10), { blue: 90, green: 10 });
    assert.deepEqual(withShare({ blue: 90, green: 10 }, 'green', 50), { blue: 50, green: 50 });
    assert.deepEqual(withShare({ blue: 100 }, 'green', 100), { green: 100 });
    assert.deepEqual(withShare({ blue: 100 }, 'green', 0), { blue: 100 });
    assert.deepEqual(withShare({ a: 34, b: 33, c: 33 }, 'd', 1), { a: 33, b: 33, c: 33, d: 1 });
    assert.deepEqual(withShare({ a: 1, b: 99 }, 'c', 50), { b: 49, c: 50, a: 1 });
  });

  it('gives everything to who has nobody to share with', () => {
    assert.deepEqual(withShare({}, 'blue', 10), { blue: 100 });
    assert.deepEqual(withShare({ blue: 100 }, 'blue', 10), { blue: 100 });
  });

  it('always makes a hundred', () => {
    for (let percent = 0; percent <= 100; percent += 1) {
      for (const found of [{ a: 100 }, { a: 1, b: 99 }, { a: 33, b: 33, c: 34 }, { a: 14, b: 29, c: 57 }]) {
        const shares = withShare(found, 'new', percent);
        assert.equal(trafficProblem(shares), undefined, `${percent} of ${trafficText(found)}: ${trafficText(shares)}`);
      }
    }
  });
});
