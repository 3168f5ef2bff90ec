import assert from 'node:assert/strict';
import { agentLog } from '../../../tasks/common/agent/log.ts';

function recorded(): { readonly lines: string[]; readonly log: ReturnType<typeof agentLog> } {
  const lines: string[] = [];
  return { lines, log: agentLog((line) => lines.push(line)) };
}

describe('the log', () => {
  it('writes each line of a text by itself, disarmed', () => {
    const { lines, log } = recorded();
    log.info('one\r##vso[task.complete result=Failed;]\n##[error]two');
    assert.deepEqual(lines, ['one', '**vso[task.complete result=Failed;]', '**[error]two']);
  });

  it('makes a warning one issue, with nothing in it that could end the command', () => {
    const { lines, log } = recorded();
    log.warning('100 % full;]\n##vso[x.y]');
    assert.deepEqual(lines, ['##vso[task.logissue type=warning;]100 %AZP25 full;]%0A**vso[x.y]']);
  });

  it('shows debug lines to System.Debug only, each as a command', () => {
    const { lines, log } = recorded();
    log.debug('a\nb');
    assert.deepEqual(lines, ['##vso[task.debug]a', '##vso[task.debug]b']);
  });

  it('folds a group, also when the work fails', async () => {
    const { lines, log } = recorded();
    const failed = log.group('Upload ##vso[x]\nof code', () => {
      log.info('inside');
      return Promise.reject(new Error('broken'));
    });
    await assert.rejects(failed, /broken/);
    assert.deepEqual(lines, ['##[group]Upload **vso[x] of code', 'inside', '##[endgroup]']);
  });

  it('shows a group inside a group as a title', async () => {
    const { lines, log } = recorded();
    await log.group('outer', () => log.group('inner', () => Promise.resolve()));
    assert.deepEqual(lines, ['##[group]outer', 'inner', '##[endgroup]']);
  });

  it('never lets progress fall, and repeats nothing', () => {
    const { lines, log } = recorded();
    log.progress(0, 'start');
    log.progress(41.9, 'half');
    log.progress(20, 'half');
    log.progress(Number.NaN, 'end ##vso[x]');
    log.progress(1000, 'end');
    assert.deepEqual(lines, [
      '##vso[task.setprogress value=0;]start',
      '##vso[task.setprogress value=41;]half',
      '##vso[task.setprogress value=41;]end **vso[x]',
      '##vso[task.setprogress value=100;]end',
    ]);
  });
});
