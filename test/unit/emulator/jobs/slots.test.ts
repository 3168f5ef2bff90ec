import assert from 'node:assert/strict';
import { createSlots } from '../../../../local/emulator/jobs/slots.ts';

describe('slots', () => {
  const never = new AbortController().signal;
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('let only so many work at once, the others in order', async () => {
    const slots = createSlots(2);
    const begun: string[] = [];
    const finish: (() => void)[] = [];
    const work = (name: string) =>
      slots.use(() => {
        begun.push(name);
        return new Promise<void>((resolve) => finish.push(resolve));
      }, never);
    const all = ['a', 'b', 'c', 'd'].map(work);
    await tick();
    assert.deepEqual(begun, ['a', 'b']);
    finish[0]!();
    await tick();
    assert.deepEqual(begun, ['a', 'b', 'c']);
    finish[1]!();
    await tick();
    finish[2]!();
    finish[3]!();
    await Promise.all(all);
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  });
  it('free the place of work that fails', async () => {
    const slots = createSlots(1);
    await assert.rejects(
      slots.use(() => Promise.reject(new Error('broken')), never),
      /broken/,
    );
    assert.equal(await slots.use(() => Promise.resolve('next'), never), 'next');
  });
  it('let who is aborted leave the line', async () => {
    const slots = createSlots(1);
    let finish = (): void => undefined;
    const first = slots.use(() => new Promise<void>((resolve) => (finish = resolve)), never);
    const controller = new AbortController();
    const second = slots.use(() => Promise.resolve('ran'), controller.signal);
    controller.abort();
    await assert.rejects(second, /aborted/);
    finish();
    await first;
    assert.equal(await slots.use(() => Promise.resolve('third'), never), 'third');
  });
});
