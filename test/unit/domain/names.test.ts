import assert from 'node:assert/strict';
import { gitProperties, lineageProperties, recordedFact } from '../../../tasks/common/domain/lineage.ts';
import { jobOutputUri, modelReference, nameProblem, nameSlug } from '../../../tasks/common/domain/resource-names.ts';
import { attemptJobName, identityText, submissionJobName } from '../../../tasks/common/domain/submission-identity.ts';
import { RUN } from '../fakes/fake-agent.ts';

describe('names', () => {
  it('holds the rules of endpoints, deployments, jobs and models', () => {
    for (const name of ['abc', 'churn-1', 'a'.repeat(32)]) assert.equal(nameProblem('endpoint', name), undefined, name);
    for (const name of ['ab', 'a'.repeat(33), '1abc', 'abc-', 'a_b', '']) {
      assert.match(nameProblem('endpoint', name) ?? '', /not a name for an endpoint/, name);
    }
    assert.match(nameProblem('deployment', 'x') ?? '', /endpoint's deployment/);
    assert.equal(nameProblem('job', 'train_1-a'), undefined);
    assert.notEqual(nameProblem('job', 'train job'), undefined);
    assert.equal(nameProblem('model', 'churn.v2'), undefined);
    assert.notEqual(nameProblem('model', 'a/b'), undefined);
  });

  it('reads a model in every form users write', () => {
    const arm =
      '/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/models/churn/versions/7';
    for (const text of ['churn:7', 'azureml:churn:7', arm, `azureml:${arm}`]) {
      assert.deepEqual(modelReference(text), { name: 'churn', version: '7' }, text);
    }
    for (const text of ['churn', 'azureml:churn@latest', 'azureml://registries/r/models/churn/versions/7', '']) {
      assert.equal(modelReference(text), undefined, text);
    }
  });

  it('names an output by its own job', () => {
    assert.equal(jobOutputUri('j1', 'model'), 'azureml://jobs/j1/outputs/model');
    assert.equal(jobOutputUri('j1', 'model', '/best'), 'azureml://jobs/j1/outputs/model/paths/best');
  });

  it('makes a part of a name of any text', () => {
    assert.equal(nameSlug('  Churn: CI / main ', 40), 'churn-ci-main');
    assert.equal(nameSlug('ümläut', 40), 'ml-ut');
    assert.equal(nameSlug('a-very-long-name', 7), 'a-very');
  });
});

describe('the identity of a submission', () => {
  it('tells runs, stages, jobs, matrix legs, steps and files apart', () => {
    const texts = [
      identityText(RUN, 'a.yml'),
      identityText({ ...RUN, buildId: '4712' }, 'a.yml'),
      identityText({ ...RUN, stageName: 'other' }, 'a.yml'),
      identityText({ ...RUN, jobName: 'other' }, 'a.yml'),
      identityText({ ...RUN, jobLeg: 'leg 2' }, 'a.yml'),
      identityText({ ...RUN, taskInstanceName: 'other' }, 'a.yml'),
      identityText({ ...RUN, projectId: 'other' }, 'a.yml'),
      identityText({ ...RUN, definitionId: 'other' }, 'a.yml'),
      identityText(RUN, 'b.yml'),
    ];
    assert.equal(new Set(texts).size, texts.length);
  });

  it('is the same whoever asks for the run, and however the path is written', () => {
    assert.equal(identityText(RUN, 'x/a.yml'), identityText({ ...RUN, jobName: 'job' }, 'x\\a.yml'));
  });

  it('gives a name for people that the service takes', () => {
    const name = submissionJobName(RUN, '1234567890abcdef');
    assert.equal(name, 'churn-ci-4711-run-12345678');
    assert.equal(nameProblem('job', name), undefined);
    assert.equal(
      nameProblem('job', submissionJobName({ ...RUN, definitionName: '???', buildId: '' }, 'abcdef0123')),
      undefined,
    );
    assert.deepEqual([attemptJobName(name, 1), attemptJobName(name, 2)], [name, `${name}-2`]);
  });
});

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
