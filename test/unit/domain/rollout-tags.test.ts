import assert from 'node:assert/strict';
import {
  claimOf,
  isLeased,
  rolloutOf,
  tagsWithRollout,
  type RolloutRecord,
} from '../../../tasks/common/domain/rollout-tags.ts';

const RECORD: RolloutRecord = {
  id: 'r',
  holder: 'h',
  state: 'running',
  leaseUntil: Date.UTC(2026, 0, 1),
  found: { blue: 90, old: 10 },
  foundMirror: { shadow: 5 },
  asked: { blue: 50, green: 50 },
  before: {},
  deployment: 'green',
  run: 'Churn CI, run 7',
};

describe('the tags of a rollout', () => {
  it('say everything that was written, and leave the tags of others', () => {
    const tags = tagsWithRollout({ tags: { team: 'risk' } }, RECORD);
    assert.equal(tags.team, 'risk');
    assert.deepEqual(rolloutOf({ tags }), RECORD);
    assert.deepEqual(tagsWithRollout({ tags }, undefined), { team: 'risk' });
    assert.equal(rolloutOf({ tags: { team: 'risk' } }), undefined);
    assert.equal(rolloutOf(undefined), undefined);
  });

  it('fit into what a tag may hold, with as many deployments as an endpoint may have', () => {
    const names = Array.from({ length: 6 }, (_, index) => `${'x'.repeat(31)}${index}`);
    const found = Object.fromEntries(names.map((name) => [name, 16]));
    const tags = tagsWithRollout({}, { ...RECORD, found, asked: found, before: found, run: 'y'.repeat(400) });
    for (const [name, value] of Object.entries(tags)) {
      assert.ok(typeof value === 'string');
      assert.ok(name.length <= 512 && value.length <= 256, `${name}: ${value.length}`);
      assert.doesNotMatch(name, /[<>%&\\?/]/);
    }
    assert.deepEqual(rolloutOf({ tags })?.found, found);
  });

  it('reserve an endpoint until the lease ends, and a finished rollout reserves nothing', () => {
    assert.equal(isLeased(RECORD, RECORD.leaseUntil - 1), true);
    assert.equal(isLeased(RECORD, RECORD.leaseUntil), false);
    assert.equal(isLeased({ ...RECORD, state: 'finished' }, 0), false);
    const odd = rolloutOf({ tags: { 'azdo.rollout': 'r', 'azdo.rollout.leaseUntil': 'soon' } });
    assert.equal(isLeased(odd, 0), false);
  });

  it('say who may go on', () => {
    const now = RECORD.leaseUntil - 1;
    const kind = (record: RolloutRecord | undefined, id: string, holder: string, at = now, breaks = false) => {
      const claim = claimOf(record, { id, holder, run: '' }, at, breaks);
      return claim.kind === 'takeOver' ? claim.why : claim.kind;
    };
    assert.equal(kind(undefined, 'r', 'h'), 'free');
    assert.equal(kind({ ...RECORD, state: 'finished' }, 'x', 'y'), 'free');
    assert.equal(kind(RECORD, 'r', 'h'), 'own');
    assert.equal(kind(RECORD, 'r', 'another step'), 'refused');
    assert.equal(kind({ ...RECORD, state: 'waiting' }, 'r', 'another step'), 'own');
    assert.equal(kind({ ...RECORD, state: 'waiting' }, 'x', 'h'), 'refused');
    assert.equal(kind(RECORD, 'x', 'y', RECORD.leaseUntil), 'expired');
    assert.equal(kind(RECORD, 'x', 'y', now, true), 'broken');
  });
});
