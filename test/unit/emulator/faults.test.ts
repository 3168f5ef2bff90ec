import assert from 'node:assert/strict';
import { createFaults } from '../../../local/emulator/faults.ts';

describe('fault rules', () => {
  const subject = { plane: 'arm', method: 'GET', host: 'h', path: '/jobs/a', query: '' };
  const delay = { kind: 'delay', ms: 1 } as const;

  it('act on what they match, in their order', () => {
    const faults = createFaults();
    faults.add([
      { match: { path: '/JOBS/' }, action: delay },
      { match: { method: 'put' }, action: delay },
      { action: { kind: 'forbid' } },
    ]);
    assert.deepEqual(
      faults.actionsFor(subject).map(({ kind }) => kind),
      ['delay', 'forbid'],
    );
  });

  it('wait for their turn and end after their count', () => {
    const faults = createFaults();
    faults.add([{ action: delay, after: 1, count: 1 }]);
    assert.deepEqual(
      [1, 2, 3].map(() => faults.actionsFor(subject).length),
      [0, 1, 0],
    );
  });

  it('are switches for other parts, used up one by one', () => {
    const faults = createFaults();
    faults.add([{ switch: 'failOperation', target: 'endpoints/', count: 1, parameters: { code: 'X' } }]);
    assert.equal(faults.take('failOperation', '/computes/c'), undefined);
    assert.equal(faults.isSet('failOperation', '/endpoints/e'), true);
    assert.deepEqual(faults.take('failOperation', '/endpoints/e')?.parameters, { code: 'X' });
    assert.equal(faults.isSet('failOperation', '/endpoints/e'), false);
  });

  for (const rule of [3, {}, { action: { kind: 'explode' } }, { match: { path: '(' }, action: delay }]) {
    it(`are not ${JSON.stringify(rule)}`, () => {
      assert.throws(() => {
        createFaults().add([rule]);
      });
    });
  }
});
