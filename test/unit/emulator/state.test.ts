import assert from 'node:assert/strict';
import type { Clock } from '../../../local/emulator/clock.ts';
import { openState } from '../../../local/emulator/state.ts';

/** A clock that stands where it is put. */
function standing(): Clock & { at: number } {
  const never = (): never => {
    throw new Error('nothing waits here');
  };
  const clock = {
    at: 0,
    settings: { originReal: 0, originVirtual: 0, speed: 1 },
    now: () => clock.at,
    iso: String,
    isoZ: String,
    sleep: never,
    after: never,
  };
  return clock;
}

describe('the state', () => {
  it('finds records whatever the case of their key, and keeps the first spelling', () => {
    const things = openState(standing()).collection<number>('things');
    things.put('/Sub/A', 1);
    things.put('/sub/a', 2);
    assert.equal(things.get('/SUB/A'), 2);
    assert.deepEqual(
      things.list().map(({ key }) => key),
      ['/Sub/A'],
    );
  });

  it('lists in the order of making, whatever was changed since, and below a prefix', () => {
    const things = openState(standing()).collection<number>('things');
    for (const key of ['a/1', 'b/1', 'a/2']) things.put(key, 0);
    things.put('a/1', 9);
    assert.deepEqual(
      things.list('A/').map(({ key, value }) => [key, value]),
      [
        ['a/1', 9],
        ['a/2', 0],
      ],
    );
  });

  it('remembers when a record was made and changed, until it is deleted', () => {
    const clock = standing();
    const things = openState(clock).collection<number>('things');
    things.put('a', 1);
    clock.at = 5;
    things.update('a', (value) => value + 1);
    assert.deepEqual([things.entry('a')?.createdAt, things.entry('a')?.modifiedAt, things.get('a')], [0, 5, 2]);
    assert.equal(things.delete('a'), true);
    assert.equal(things.delete('a'), false);
    things.put('a', 1);
    assert.equal(things.entry('a')?.createdAt, 5);
  });

  it('changes nothing that is not there', () => {
    const things = openState(standing()).collection<number>('things');
    assert.equal(
      things.update('a', () => 1),
      undefined,
    );
    assert.equal(things.get('a'), undefined);
  });

  it('shows lists as they were a while ago', () => {
    const clock = standing();
    const things = openState(clock).collection<string>('things');
    things.put('old', 'before');
    clock.at = 100;
    things.put('old', 'after');
    things.put('new', 'x');
    const lagging = (): unknown => things.listLagging(10).map(({ key, value }) => [key, value]);
    assert.deepEqual(lagging(), [['old', 'before']]);
    clock.at = 110;
    assert.deepEqual(lagging(), [
      ['old', 'after'],
      ['new', 'x'],
    ]);
    assert.deepEqual(things.listLagging(0).length, 2);
  });
});
