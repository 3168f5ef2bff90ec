import assert from 'node:assert/strict';
import { failureHint, failureKind } from '../../../tasks/common/domain/failure-classification.ts';

describe('failure kinds', () => {
  const cases = [
    ['userCode', 'UserError', "Execution failed. User process 'python' exited with status code 1."],
    ['data', 'UserError', 'ScriptExecution.StreamAccess.NotFound: the path does not exist in the datastore'],
    ['quota', 'UserError', 'The requested VM size exceeds the quota: not enough cores'],
    ['imageBuild', 'UserError', 'Image build failed: conda could not solve the environment'],
    ['preemption', 'SystemError', 'The node was preempted'],
    ['platform', 'ServiceError', 'InternalServerError'],
    ['unknown', '', 'something else'],
  ] as const;
  for (const [kind, code, message] of cases) {
    it(`recognises ${kind}`, () => {
      assert.equal(failureKind(code, message), kind);
      assert.equal(failureHint(kind) === undefined, kind === 'unknown');
    });
  }
});
