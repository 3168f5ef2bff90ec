import assert from 'node:assert/strict';
import { gitProperties, lineageProperties, recordedFact } from '../../../tasks/common/domain/lineage.ts';
import { RUN } from '../fakes/fake-agent.ts';

describe('lineage', () => {
  it('names build, commit, repository and requester, and leaves out what the agent does not know', () => {
    assert.deepEqual(lineageProperties({ ...RUN, buildUrl: undefined, sourceBranch: '' }), {
      'azdo.buildId': '4711',
      'azdo.definition': 'Churn CI',
      'azdo.repository': 'churn',
      'azdo.sourceVersion': 'abc123',
      'azdo.requestedFor': 'Ada',
    });
  });

  it('keeps the branch of a detached checkout', () => {
    assert.equal(gitProperties(RUN)['mlflow.source.git.branch'], 'main');
    assert.equal(
      gitProperties({ ...RUN, sourceBranch: 'refs/pull/7/merge' })['mlflow.source.git.branch'],
      'refs/pull/7/merge',
    );
  });

  it('reads a fact from the properties before the tags', () => {
    const model = { properties: { properties: { a: 'p' }, tags: { a: 't', b: 't' } } };
    assert.deepEqual(
      [recordedFact(model, 'a'), recordedFact(model, 'b'), recordedFact(model, 'c')],
      ['p', 't', undefined],
    );
  });
});
