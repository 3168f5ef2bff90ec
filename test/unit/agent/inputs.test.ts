import assert from 'node:assert/strict';
import { readEnvironment } from '../../../tasks/common/agent/environment.ts';
import { inputReader, type InputReader } from '../../../tasks/common/agent/inputs.ts';
import { UserError } from '../../../tasks/common/errors.ts';

function reader(environment: Record<string, string>): InputReader {
  return inputReader(readEnvironment({ BUILD_SOURCESDIRECTORY: '/agent/_work/1/s', ...environment }));
}

function problemsOf(environment: Record<string, string>, read: (reader: InputReader) => unknown): readonly string[] {
  const inputs = reader(environment);
  try {
    inputs.read(() => read(inputs));
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.problems.map((problem) => problem.message);
  }
  return [];
}

describe('reading inputs', () => {
  it('reads each kind as its type', () => {
    const inputs = reader({
      INPUT_JOBNAME: 'train',
      INPUT_FILES: ' a.yml \r\n\n b.yml\n',
      INPUT_TIMEOUTMINUTES: '90',
      INPUT_STREAMLOGS: 'True',
      INPUT_DRYRUN: 'false',
      INPUT_ONCANCEL: 'leaveRunning',
      INPUT_JOBFILE: '/agent/_work/1/s/aml/job.yml',
    });
    const values = inputs.read(() => ({
      jobName: inputs.text('jobName'),
      files: inputs.lines('files'),
      timeoutMinutes: inputs.integer('timeoutMinutes'),
      streamLogs: inputs.boolean('streamLogs'),
      dryRun: inputs.boolean('dryRun'),
      onCancel: inputs.choice('onCancel', ['cancelJob', 'leaveRunning']),
      jobFile: inputs.path('jobFile'),
    }));
    assert.deepEqual(values, {
      jobName: 'train',
      files: ['a.yml', 'b.yml'],
      timeoutMinutes: 90,
      streamLogs: true,
      dryRun: false,
      onCancel: 'leaveRunning',
      jobFile: '/agent/_work/1/s/aml/job.yml',
    });
  });

  it('treats an empty input as one that was not given', () => {
    const inputs = reader({ INPUT_A: '', INPUT_B: '\n \n' });
    assert.equal(inputs.text('a'), undefined);
    assert.equal(inputs.integer('a'), undefined);
    assert.equal(inputs.boolean('a'), undefined);
    assert.equal(inputs.choice('a', ['x']), undefined);
    assert.equal(inputs.lines('b'), undefined);
  });

  it('sees through the folder the agent puts into an empty file input', () => {
    assert.equal(reader({ INPUT_FILE: '/agent/_work/1/s' }).path('file'), undefined);
    assert.equal(reader({ INPUT_FILE: '/agent/_work/1/s/' }).path('file'), undefined);
    assert.equal(reader({ INPUT_FILE: 'aml/job.yml' }).path('file'), '/agent/_work/1/s/aml/job.yml');
  });

  it('names every problem at once', () => {
    const problems = problemsOf(
      { INPUT_MINUTES: 'ten', INPUT_WAIT: 'yes', INPUT_MODE: 'aply', INPUT_FILE: '/agent/_work/1/s' },
      (inputs) => [
        inputs.required('minutes', inputs.integer('minutes')),
        inputs.boolean('wait'),
        inputs.choice('mode', ['apply', 'whatIf']),
        inputs.required('file', inputs.path('file')),
        inputs.required('name', inputs.text('name')),
      ],
    );
    assert.deepEqual(problems, [
      "Input 'minutes' must be a whole number, not 'ten'.",
      "Input 'wait' must be true or false, not 'yes'.",
      "Input 'mode' must be one of apply, whatIf, not 'aply'. Did you mean 'apply'?",
      "Input 'file' is required; give it a value.",
      "Input 'name' is required; give it a value.",
    ]);
  });

  it('refuses numbers that are not whole or not exact', () => {
    for (const value of ['1.5', '1e3', '0x10', '99999999999999999999', '']) {
      const problems = problemsOf({ INPUT_N: value }, (inputs) => inputs.required('n', inputs.integer('n')));
      assert.equal(problems.length, 1, value);
    }
  });

  it('says so when a variable in the value does not exist', () => {
    assert.deepEqual(
      problemsOf({ INPUT_N: '$(minutes)' }, (inputs) => inputs.integer('n')),
      ["Input 'n' must be a whole number, not '$(minutes)'. The variable is not set in this pipeline."],
    );
  });

  it('guesses nothing where no option is near', () => {
    assert.deepEqual(
      problemsOf({ INPUT_MODE: 'nothing like it' }, (inputs) => inputs.choice('mode', ['a', 'b'])),
      ["Input 'mode' must be one of a, b, not 'nothing like it'."],
    );
  });
});
