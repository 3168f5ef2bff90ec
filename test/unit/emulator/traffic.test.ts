import assert from 'node:assert/strict';
import { createTrafficRouter, type Traffic, type TrafficRouter } from '../../../local/emulator/scoring/traffic.ts';

function answers(router: TrafficRouter, traffic: Traffic, requests: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let request = 0; request < requests; request += 1) {
    const name = router.next(traffic) ?? 'nobody';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('the traffic of an endpoint', () => {
  it('gives each deployment exactly its percentage of every hundred requests in a row', () => {
    const router = createTrafficRouter();
    const traffic = { blue: 67, green: 33 };
    answers(router, traffic, 17);
    assert.deepEqual(answers(router, traffic, 100), { blue: 67, green: 33 });
    assert.deepEqual(answers(router, traffic, 100), { blue: 67, green: 33 });
  });

  it('mixes the deployments instead of sending them blocks', () => {
    const router = createTrafficRouter();
    const order = Array.from({ length: 10 }, () => router.next({ blue: 50, green: 50 }));
    assert.deepEqual(order.slice(0, 4), ['blue', 'green', 'blue', 'green']);
  });

  it('sends nothing to a deployment without a share', () => {
    assert.deepEqual(answers(createTrafficRouter(), { blue: 0, green: 100 }, 20), { green: 20 });
  });

  it('has nobody when no deployment has a share', () => {
    assert.equal(createTrafficRouter().next({ blue: 0 }), undefined);
    assert.equal(createTrafficRouter().next({}), undefined);
  });

  it('starts a new round when the rule changes', () => {
    const router = createTrafficRouter();
    answers(router, { blue: 90, green: 10 }, 5);
    assert.deepEqual(answers(router, { blue: 80, green: 20 }, 10), { blue: 8, green: 2 });
  });

  it('copies exactly the mirrored percentage', () => {
    const router = createTrafficRouter();
    const copies = Array.from({ length: 200 }, () => router.mirrors({ green: 15 })).flat();
    assert.deepEqual(
      copies,
      Array.from({ length: 30 }, () => 'green'),
    );
  });
});
