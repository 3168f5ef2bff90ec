import assert from 'node:assert/strict';
import { RequestPace } from '../../../tasks/common/operations/request-pace.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';

describe('the pace of requests', () => {
  it('lets so many through in any minute, at once where they fit', async () => {
    const agent = new FakeAgent();
    const pace = new RequestPace(agent, 3);
    const times: number[] = [];
    for (let request = 0; request < 8; request += 1) {
      await pace.next();
      times.push((agent.clock.now() - agent.clock.started) / 1000);
      if (request === 1) await agent.clock.sleep(30_000);
    }
    assert.deepEqual(times, [0, 0, 30, 60, 60, 90, 120, 120]);
  });

  it('ends with the step', async () => {
    const agent = new FakeAgent();
    const pace = new RequestPace(agent, 1);
    await pace.next();
    const next = pace.next();
    agent.cancel();
    await assert.rejects(next);
  });
});
