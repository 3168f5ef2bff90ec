import assert from 'node:assert/strict';
import { nameProblem } from '../../../tasks/common/domain/resource-names.ts';
import { attemptJobName, identityText, submissionJobName } from '../../../tasks/common/domain/submission-identity.ts';
import { RUN } from '../fakes/fake-agent.ts';

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
