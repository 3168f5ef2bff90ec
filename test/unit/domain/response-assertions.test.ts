import assert from 'node:assert/strict';
import {
  latencyFailures,
  responseFailures,
  type ResponseAssertion,
} from '../../../tasks/common/domain/response-assertions.ts';

describe('assertions on an answer', () => {
  const value = (fields: object): ResponseAssertion => ({ kind: 'value', path: '$.p[0]', ...fields });
  const failures = (assertion: ResponseAssertion, json: unknown, status = 200): readonly string[] =>
    responseFailures([assertion], { status, json: json as never });

  it('wants the status 200 unless another is asked for', () => {
    assert.deepEqual(responseFailures([], { status: 200, json: undefined }), []);
    assert.deepEqual(responseFailures([], { status: 424, json: undefined }), ['The status is 424, not 200.']);
    assert.deepEqual(failures({ kind: 'status', status: 424 }, undefined, 424), []);
  });

  it('compares values, numbers within a tolerance', () => {
    assert.deepEqual(failures(value({ equals: 0.5, tolerance: 0.01 }), { p: [0.505] }), []);
    assert.deepEqual(failures(value({ equals: 0.5 }), { p: [0.505] }), ['$.p[0] is 0.505, not 0.5.']);
    assert.deepEqual(failures(value({ equals: { a: [1] }, tolerance: 0.1 }), { p: [{ a: [1.05] }] }), []);
    assert.equal(failures(value({ equals: [1] }), { p: [[1, 2]] }).length, 1);
    assert.equal(failures(value({ equals: { a: 1 } }), { p: [[1]] }).length, 1);
  });

  it('holds minimum and maximum for numbers only', () => {
    assert.deepEqual(failures(value({ minimum: 0, maximum: 1 }), { p: [0.5] }), []);
    assert.equal(failures(value({ minimum: 0 }), { p: ['0.5'] }).length, 1);
    assert.equal(failures(value({ maximum: 1 }), { p: [2] }).length, 1);
  });

  it('tells a missing value from a wrong one', () => {
    assert.deepEqual(failures(value({ exists: true }), { p: [null] }), []);
    assert.deepEqual(failures(value({ exists: false }), { p: [] }), []);
    assert.deepEqual(failures(value({ exists: true }), {}), ['$.p[0] is missing from the answer.']);
    assert.deepEqual(failures(value({ exists: true }), undefined), ['$.p[0] cannot be read: the answer is no JSON.']);
  });

  it('judges the latency of all answers', () => {
    const slow: ResponseAssertion[] = [{ kind: 'p95', milliseconds: 100 }];
    assert.deepEqual(latencyFailures(slow, 100), []);
    assert.equal(latencyFailures(slow, 101).length, 1);
  });
});
