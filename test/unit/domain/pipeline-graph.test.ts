import assert from 'node:assert/strict';
import { outputBinding, pipelineSteps, stepsBefore } from '../../../tasks/common/domain/pipeline-graph.ts';

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
