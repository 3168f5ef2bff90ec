import assert from 'node:assert/strict';
import { reportOf, writeReport } from '../../../tasks/common/agent/report.ts';
import { CancelledError, ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';

/** The lines of a report without its debug lines. */
function lines(error: unknown, cancelled = false): readonly string[] {
  const written: string[] = [];
  writeReport(
    (line) => written.push(line),
    reportOf('AmlRunJob', error, cancelled),
    () => '/s',
  );
  return written.filter((line) => !line.startsWith('##vso[task.debug]'));
}

const failed = '##vso[task.complete result=Failed;]';
const canceled = '##vso[task.complete result=Canceled;]';

describe('reporting how a step ended', () => {
  it('names each of the user’s problems, with its place where there is one', () => {
    const error = new UserError([
      { message: "'comand' is not a field; did you mean 'command'?", file: 'aml/job.yml', line: 3, column: 5 },
      { message: 'Input is missing.' },
    ]);
    assert.deepEqual(lines(error), [
      "##vso[task.logissue type=error;sourcepath=/s/aml/job.yml;linenumber=3;columnnumber=5;]'comand' is not a field; did you mean 'command'?",
      '##vso[task.logissue type=error;]Input is missing.',
      failed,
    ]);
  });

  it('names the file in the sentence where no line is known', () => {
    assert.deepEqual(lines(new UserError({ message: 'It is public.', file: 'aml/endpoint.yml' })), [
      '##vso[task.logissue type=error;]aml/endpoint.yml: It is public.',
      failed,
    ]);
  });

  it('tells what the service said, its request id and our hint', () => {
    const error = new ServiceError({
      status: 403,
      code: 'AuthorizationFailed',
      message: 'The client may not do that.',
      requestId: 'r-1',
      hint: 'Give it the role AzureML Data Scientist.',
    });
    assert.deepEqual(lines(error), [
      '##vso[task.logissue type=error;code=AuthorizationFailed;][AuthorizationFailed] The client may not do that. (request id r-1) Give it the role AzureML Data Scientist.',
      failed,
    ]);
  });

  it('leaves out what the service did not say', () => {
    const error = new ServiceError({ status: 0, code: '', message: 'No answer.' });
    assert.deepEqual(lines(error), ['##vso[task.logissue type=error;]No answer.', failed]);
  });

  it('fails on a time-out with its own sentence', () => {
    assert.deepEqual(lines(new TimedOutError('The job still runs after 5 minutes.')), [
      '##vso[task.logissue type=error;]The job still runs after 5 minutes.',
      failed,
    ]);
  });

  it('says Canceled, by the agent’s spelling, and nothing else', () => {
    assert.deepEqual(lines(new CancelledError(), true), [canceled]);
    assert.deepEqual(lines(new CancelledError()), [canceled]);
    assert.deepEqual(lines(new DOMException('The operation was aborted', 'AbortError'), true), [canceled]);
  });

  it('keeps the error of a clean-up that failed while the run was cancelled', () => {
    const error = new ServiceError({ status: 500, code: 'Broken', message: 'Cancel failed.' });
    assert.deepEqual(lines(error, true), [
      '##vso[task.logissue type=error;code=Broken;][Broken] Cancel failed.',
      canceled,
    ]);
  });

  it('owns up to a defect in one line and keeps the stack for System.Debug', () => {
    const error = new Error('x is not a function', { cause: new Error('the cause') });
    assert.deepEqual(lines(error), [
      '##vso[task.logissue type=error;]This is a defect of ours in AmlRunJob: x is not a function. Set System.Debug to true to see the details, and report it.',
      failed,
    ]);
    const { details } = reportOf('AmlRunJob', error, false);
    assert.match(details, /report\.test\.ts/);
    assert.match(details, /caused by Error: the cause/);
  });

  it('takes an AbortError for a defect when nobody asked to stop', () => {
    assert.match(lines(new DOMException('aborted', 'AbortError'))[0] ?? '', /defect of ours/);
  });

  it('disarms whatever an error quotes', () => {
    const attack = '##vso[task.complete result=Succeeded;]\n##[section]';
    const error = new ServiceError({ status: 400, code: `a];${attack}`, message: attack, requestId: attack });
    const user = new UserError({ message: attack, file: `x];\n${attack}` });
    for (const line of [...lines(error), ...lines(user), ...lines(new Error(attack))]) {
      assert.match(line, /^##vso\[task\.(logissue|complete) [^\]]*\](?!.*##)/);
      assert.doesNotMatch(line, /[\r\n]/);
    }
  });
});
