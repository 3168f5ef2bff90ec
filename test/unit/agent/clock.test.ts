import assert from 'node:assert/strict';
import { systemClock } from '../../../tasks/common/agent/clock.ts';
import { CancelledError } from '../../../tasks/common/errors.ts';

describe('the clock', () => {
  it('ends a sleep at once when the signal aborts, with its reason', async () => {
    const controller = new AbortController();
    const sleep = systemClock.sleep(3_600_000, controller.signal);
    const reason = new CancelledError();
    controller.abort(reason);
    await assert.rejects(sleep, (error) => error === reason);
    await assert.rejects(systemClock.sleep(3_600_000, controller.signal), (error) => error === reason);
  });

  it('sleeps longer than a timer of Node can hold', async () => {
    const controller = new AbortController();
    let over = false;
    const sleep = systemClock.sleep(2 ** 31 + 1000, controller.signal).finally(() => {
      over = true;
    });
    await systemClock.sleep(0);
    await systemClock.sleep(1);
    assert.equal(over, false);
    controller.abort(new CancelledError());
    await assert.rejects(sleep, CancelledError);
  });

  it('leaves nothing behind on a signal that outlives many sleeps', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let count = 0; count < 20; count += 1) await systemClock.sleep(0, signal);
    assert.equal(listeners, 0);
  });
});
