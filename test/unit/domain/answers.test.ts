import assert from 'node:assert/strict';
import { failureHint, failureKind } from '../../../tasks/common/domain/failure-classification.ts';
import { jsonAt, parseJsonPath } from '../../../tasks/common/domain/json-path.ts';
import { percentile } from '../../../tasks/common/domain/latency.ts';
import { outputBinding, pipelineSteps, stepsBefore } from '../../../tasks/common/domain/pipeline-graph.ts';
import { pollInterval } from '../../../tasks/common/domain/polling.ts';
import {
  latencyFailures,
  responseFailures,
  type ResponseAssertion,
} from '../../../tasks/common/domain/response-assertions.ts';

describe('JSON paths', () => {
  const document = { predictions: [{ label: 'a', 'odd name': 1 }, { label: 'b' }], n: null };
  const read = (path: string): unknown => jsonAt(document, parseJsonPath(path) ?? ['unreadable']);

  it('walks members, indices and quoted names', () => {
    assert.equal(read('$.predictions[0].label'), 'a');
    assert.equal(read('$.predictions[-1].label'), 'b');
    assert.equal(read("$['predictions'][0]['odd name']"), 1);
    assert.equal(read('$.n'), null);
    assert.deepEqual(read('$'), document);
  });

  it('is undefined where a step is missing, also for inherited members', () => {
    assert.equal(read('$.predictions[5].label'), undefined);
    assert.equal(read('$.predictions.label'), undefined);
    assert.equal(read('$.constructor'), undefined);
  });

  it('refuses what is no path', () => {
    for (const text of ['', 'predictions', '$.', '$[x]', '$..a', '$.a[', '$.a b']) {
      assert.equal(parseJsonPath(text), undefined, text);
    }
  });
});

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

describe('percentiles', () => {
  it('takes the nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(values, 95), 95);
    assert.equal(percentile([7], 95), 7);
    assert.ok(Number.isNaN(percentile([], 95)));
  });
});

describe('polling', () => {
  it('watches closely what moves and costs two requests a minute otherwise', () => {
    assert.equal(pollInterval(0), 2000);
    assert.equal(pollInterval(100_000), 10_000);
    assert.equal(pollInterval(30 * 3_600_000), 30_000);
  });
});

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

describe('the graph of a pipeline', () => {
  const job = {
    properties: {
      jobs: {
        prepare: { outputs: { data: { type: 'uri_folder' } } },
        train: {
          inputs: { data: { value: '${{parent.jobs.prepare.outputs.data}}' } },
          outputs: { weights: { value: '${{parent.outputs.model}}' } },
        },
      },
    },
  };

  it('reads the order and what each step waits for', () => {
    assert.deepEqual(pipelineSteps(job), ['prepare', 'train']);
    assert.deepEqual(stepsBefore(job, 'train'), ['prepare']);
    assert.deepEqual(stepsBefore(job, 'prepare'), []);
    assert.deepEqual(pipelineSteps(undefined), []);
  });

  it('finds the step that writes an output of the pipeline', () => {
    assert.deepEqual(outputBinding(job, 'model'), { step: 'train', output: 'weights' });
    assert.equal(outputBinding(job, 'report'), undefined);
  });
});
