import assert from 'node:assert/strict';
import { isTerminated, readPolicy } from '../../../../local/emulator/jobs/early-termination.ts';
import type { TerminationPolicy } from '../../../../local/emulator/jobs/early-termination.ts';
import {
  drawTrial,
  gridPoint,
  gridSize,
  randomNumbers,
  readSearchSpace,
  searchSpaceProblem,
} from '../../../../local/emulator/jobs/search-space.ts';

describe('the search space of a sweep', () => {
  it('is the same in the form of jobs and of nodes', () => {
    const job = readSearchSpace({ lr: ['uniform', [0.1, 1]], size: ['choice', [[2, 5]]] });
    const node = readSearchSpace({
      lr: { type: 'uniform', min_value: 0.1, max_value: 1 },
      size: { type: 'choice', values: [2, 5] },
    });
    assert.deepEqual(job, node);
  });

  it('draws within its bounds, and the same again with the same seed', () => {
    const space = readSearchSpace({
      a: ['uniform', [2, 3]],
      b: ['quniform', [0, 10, 5]],
      c: ['loguniform', [0, 1]],
      d: ['randint', [4]],
      e: ['choice', [['x', 'y']]],
      f: ['normal', [0, 1]],
    });
    const draws = (seed: number) => {
      const random = randomNumbers(seed);
      return Array.from({ length: 200 }, () => drawTrial(space, random));
    };
    assert.deepEqual(draws(7), draws(7));
    assert.notDeepEqual(draws(7), draws(8));
    for (const { a, b, c, d, e, f } of draws(7)) {
      assert.ok(Number(a) >= 2 && Number(a) < 3);
      assert.ok([0, 5, 10].includes(Number(b)));
      assert.ok(Number(c) >= 1 && Number(c) <= Math.E);
      assert.ok(Number.isInteger(d) && Number(d) >= 0 && Number(d) < 4);
      assert.ok(e === 'x' || e === 'y');
      assert.ok(Number.isFinite(f));
    }
  });

  it('enumerates a grid, the last parameter first', () => {
    const space = readSearchSpace({ a: ['choice', [[1, 2]]], b: ['choice', [['x', 'y', 'z']]] });
    assert.equal(gridSize(space), 6);
    const points = Array.from({ length: 6 }, (_, index) => JSON.stringify(Object.values(gridPoint(space, index))));
    assert.deepEqual(points, ['[1,"x"]', '[1,"y"]', '[1,"z"]', '[2,"x"]', '[2,"y"]', '[2,"z"]']);
  });

  const wrong: readonly (readonly [string, Parameters<typeof readSearchSpace>[0], RegExp])[] = [
    ['nothing', {}, /empty/],
    ['an unknown distribution', { a: ['zipf', [1]] }, /zipf/],
    ['a choice of nothing', { a: ['choice', [[]]] }, /no values/],
    ['a bound that is missing', { a: ['uniform', [1]] }, /min_value, max_value/],
  ];
  for (const [what, space, sentence] of wrong) {
    it(`refuses ${what}`, () => {
      assert.match(searchSpaceProblem(readSearchSpace(space), 'random') ?? '', sentence);
    });
  }

  it('refuses a grid of anything but choices', () => {
    const space = readSearchSpace({ a: ['uniform', [0, 1]] });
    assert.match(searchSpaceProblem(space, 'grid') ?? '', /choices only/);
    assert.equal(searchSpaceProblem(space, 'random'), undefined);
  });
});

describe('the early termination of trials', () => {
  const policy = (fields: object): TerminationPolicy => {
    const read = readPolicy({ evaluationInterval: 1, ...fields });
    assert.ok(read);
    return read;
  };

  it('knows the policies of jobs and nodes, and none', () => {
    assert.equal(policy({ policyType: 'MedianStopping' }).kind, 'medianStopping');
    assert.equal(readPolicy({ type: 'bandit', slack_factor: 0.1, evaluation_interval: 2 })?.interval, 2);
    assert.equal(readPolicy(null), undefined);
  });

  it('ends what falls behind the best by more than the slack', () => {
    const bandit = policy({ policyType: 'Bandit', slackFactor: 0.25 });
    assert.equal(isTerminated(bandit, [0.7], [[1]], 'maximize'), true);
    assert.equal(isTerminated(bandit, [0.9], [[1]], 'maximize'), false);
    assert.equal(isTerminated(policy({ policyType: 'Bandit', slackAmount: 0.5 }), [2], [[1]], 'minimize'), true);
  });

  it('ends what is worse than the median of the averages', () => {
    const median = policy({ policyType: 'MedianStopping' });
    assert.equal(
      isTerminated(
        median,
        [1, 2],
        [
          [5, 5],
          [4, 4],
          [0, 0],
        ],
        'maximize',
      ),
      true,
    );
    assert.equal(
      isTerminated(
        median,
        [1, 5],
        [
          [5, 5],
          [4, 4],
          [0, 0],
        ],
        'maximize',
      ),
      false,
    );
  });

  it('ends the lowest of all', () => {
    const truncation = policy({ policyType: 'TruncationSelection', truncationPercentage: 50 });
    assert.equal(isTerminated(truncation, [1], [[2], [3], [4]], 'maximize'), true);
    assert.equal(isTerminated(truncation, [3], [[2], [1], [4]], 'maximize'), false);
  });

  it('waits for its delay and its interval, and for somebody to compare with', () => {
    const late = policy({ policyType: 'Bandit', slackFactor: 0.1, delayEvaluation: 3, evaluationInterval: 2 });
    assert.equal(isTerminated(late, [0], [[1, 1, 1, 1]], 'maximize'), false);
    assert.equal(isTerminated(late, [0, 0, 0], [[1, 1, 1, 1]], 'maximize'), false);
    assert.equal(isTerminated(late, [0, 0, 0, 0], [[1, 1, 1, 1]], 'maximize'), true);
    assert.equal(isTerminated(late, [0, 0, 0, 0], [[1]], 'maximize'), false);
  });
});
