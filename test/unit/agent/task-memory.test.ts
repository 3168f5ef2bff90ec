import assert from 'node:assert/strict';
import { readEnvironment } from '../../../tasks/common/agent/environment.ts';
import { setOutputs } from '../../../tasks/common/agent/outputs.ts';
import { taskMemory } from '../../../tasks/common/agent/task-memory.ts';

describe('what a step leaves behind', () => {
  it('is remembered for the post-job handler, and at once', () => {
    const lines: string[] = [];
    const memory = taskMemory(readEnvironment({ VSTS_TASKVARIABLE_JOBNAME: 'earlier' }), (line) => lines.push(line));
    assert.equal(memory.get('jobName'), 'earlier');
    assert.equal(memory.get('other'), undefined);
    memory.set('jobName', 'a;b]');
    assert.equal(memory.get('jobName'), 'a;b]');
    assert.deepEqual(lines, ['##vso[task.settaskvariable variable=jobName;]a;b]']);
  });

  it('is set as output variables, on one line each', () => {
    const lines: string[] = [];
    setOutputs((line) => lines.push(line), {
      jobName: 'train',
      metrics: '{"a":\n"##vso[x]"}',
      none: undefined,
      empty: '',
    });
    assert.deepEqual(lines, [
      '##vso[task.setvariable variable=jobName;isoutput=true;]train',
      '##vso[task.setvariable variable=metrics;isoutput=true;]{"a":%0A"##vso[x]"}',
      '##vso[task.setvariable variable=empty;isoutput=true;]',
    ]);
  });
});
