import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { runningStep } from './running-step.ts';

const HERE = fileURLToPath(import.meta.url);

describe('dispatch of lines', () => {
  it('prints ordinary lines and swallows commands', () => {
    const { print, log, state } = runningStep();
    print('plain', '##vso[task.debug]quiet', '##[error]only a colour');
    assert.deepEqual(log, ['plain', '##[error]only a colour']);
    assert.equal(state.issues.length, 0);
  });

  it('warns about a line that only looks like a command, and prints it', () => {
    const { print, log, state } = runningStep();
    print('##vso[task]x');
    assert.equal(state.counts.warning, 1);
    assert.match(state.issues[0]?.message ?? '', /^'##vso\[task\]x' contains logging command keyword '##vso'/);
    assert.equal(log.at(-1), '##vso[task]x');
    assert.equal(state.commandResult, undefined);
  });

  it('warns about an unknown area and fails for an unknown event', () => {
    const { print, state } = runningStep();
    print('##vso[nosuch.event]x');
    assert.deepEqual([state.counts, state.commandResult], [{ error: 0, warning: 1 }, undefined]);
    print('##vso[task.nosuch]x');
    assert.deepEqual([state.counts, state.commandResult], [{ error: 1, warning: 1 }, 'Failed']);
    print('##vso[codecoverage.enable]x', '##vso[release.updatereleasename]x');
    assert.equal(state.counts.error, 3);
  });

  it('shows debug lines, its own too, only when asked', () => {
    const { print, log } = runningStep({ debug: true });
    print('##vso[task.debug]seen', '##vso[task.setvariable variable=a]b');
    assert.deepEqual(log, ['##[debug]seen', '##[debug]Processed: ##vso[task.setvariable variable=a]b']);
  });

  it('takes third-party text that is echoed for a command, wherever it stands', () => {
    const { print, state } = runningStep();
    print('error in file x: ##vso[task.setvariable variable=path]evil');
    assert.equal(state.job.variables.get('path'), 'evil');
  });
});

describe('task.complete', () => {
  it('merges results, the worst wins', () => {
    const { print, state } = runningStep();
    print('##vso[task.complete result=SucceededWithIssues]a', '##vso[task.complete result=Succeeded]b');
    assert.deepEqual([state.result, state.progress, state.currentOperation], ['SucceededWithIssues', 100, 'b']);
  });

  it('refuses what is no result: the step fails', () => {
    for (const line of ['##vso[task.complete result=Cancelled]', '##vso[task.complete]']) {
      const { print, state } = runningStep();
      print(line);
      assert.deepEqual([state.result, state.commandResult], [undefined, 'Failed'], line);
    }
  });
});

describe('task.logissue', () => {
  it('records issues without failing the step, also under its other name', () => {
    const { print, state, log } = runningStep();
    print('##vso[task.logissue type=ERROR;code=E1]bad', '##vso[task.issue type=warning;]hm');
    assert.deepEqual(log, ['##[error]bad', '##[warning]hm']);
    assert.deepEqual(
      state.issues.map(({ type, message, data }) => [type, message, data.code]),
      [
        ['error', 'bad', 'E1'],
        ['warning', 'hm', undefined],
      ],
    );
    assert.equal(state.result, undefined);
  });

  it('puts the place of a source in front', () => {
    const { print, log } = runningStep();
    print('##vso[task.logissue type=error;sourcepath=/work/1/s/src/a.py;linenumber=3;columnnumber=7;code=E9]bad');
    assert.deepEqual(log, ['##[error]src/a.py(3,7): error E9: bad']);
  });

  it('keeps ten errors as issues and counts all', () => {
    const { print, state, log } = runningStep();
    print(...Array.from({ length: 12 }, (_, i) => `##vso[task.logissue type=error]${i}`));
    assert.deepEqual([state.issues.length, state.counts.error, log.length], [10, 12, 12]);
  });

  it('warns without a type and fails with an unknown one', () => {
    const { print, state } = runningStep();
    print('##vso[task.logissue]x');
    assert.deepEqual([state.counts.warning, state.commandResult], [1, undefined]);
    print('##vso[task.logissue type=info]x');
    assert.equal(state.commandResult, 'Failed');
  });
});

describe('task.setvariable', () => {
  it('sets plain variables and, as outputs, only the step-qualified ones', () => {
    const { print, state } = runningStep({ outputNames: ['declared'] });
    print(
      '##vso[task.setvariable variable=plain]1',
      '##vso[task.setvariable variable=out;isOutput=true]2',
      '##vso[task.setvariable variable=Declared]3',
    );
    const read = (name: string): string | undefined => state.job.variables.get(name);
    assert.deepEqual([read('plain'), read('step.out'), read('step.declared')], ['1', '2', '3']);
    assert.deepEqual([read('out'), read('declared')], [undefined, undefined]);
    assert.deepEqual([...state.outputs.keys()], ['out', 'Declared']);
  });

  it('masks secrets, refuses several lines of them, and forgets none of it under a restriction', () => {
    const { print, state, log } = runningStep({ restrictions: [{ settableVariables: { allowed: [] } }] });
    print('##vso[task.setvariable variable=s;issecret=true]hush-hush', 'say hush-hush');
    assert.equal(log.at(-1), 'say ***');
    assert.equal(state.job.variables.get('s'), undefined);
    assert.equal(state.counts.warning, 1);
    print('##vso[task.setvariable variable=s;issecret=true]a%0Ab');
    assert.equal(state.commandResult, 'Failed');
  });

  it('does not see a flag behind a blank', () => {
    const { print, state } = runningStep();
    print('##vso[task.setvariable variable=a; issecret=true]v');
    assert.equal(state.job.variables.find('a')?.secret, false);
  });

  it('warns about overwriting a read-only variable, and refuses it where the job says so', () => {
    const { print, state } = runningStep();
    print('##vso[task.setvariable variable=a;isreadonly=true]1', '##vso[task.setvariable variable=a]2');
    assert.deepEqual([state.job.variables.get('a'), state.counts.warning], ['2', 1]);
    state.job.variables.set('agent.readOnlyVariables', 'true');
    print('##vso[task.setvariable variable=a]3');
    assert.deepEqual([state.job.variables.get('a'), state.commandResult], ['2', 'Failed']);
  });
});

describe('other task commands', () => {
  it('keep progress from falling', () => {
    const { print, state } = runningStep();
    print(
      '##vso[task.setprogress value=40]half',
      '##vso[task.setprogress value=10]',
      '##vso[task.setprogress value=x]',
    );
    assert.deepEqual([state.progress, state.currentOperation], [40, 'half']);
    print('##vso[task.setprogress value=400]');
    assert.equal(state.progress, 100);
  });

  it('keep task variables to the step', () => {
    const { print, state } = runningStep({ restrictions: [{ settableVariables: { allowed: [] } }] });
    print('##vso[task.settaskvariable variable=job]name');
    assert.equal(state.settings.taskVariables.get('job'), 'name');
    assert.equal(state.job.variables.get('job'), undefined);
  });

  it('prepend each path once, unless `path` may not be set', () => {
    const { print, state } = runningStep();
    print('##vso[task.prependpath]/a', '##vso[task.prependpath]/b', '##vso[task.prependpath]/a');
    assert.deepEqual(state.job.prependPath, ['/b', '/a']);
    const restricted = runningStep({ restrictions: [{ settableVariables: { allowed: ['x'] } }] });
    restricted.print('##vso[task.prependpath]/a');
    assert.deepEqual(restricted.state.job.prependPath, []);
  });

  it('attach files that are there, under names a file can have', () => {
    const { print, state } = runningStep();
    print(`##vso[task.addattachment type=t;name=n]${HERE}`, `##vso[task.uploadsummary]${HERE}`);
    assert.deepEqual(
      state.attachments.map(({ type, name }) => [type, name]),
      [
        ['t', 'n'],
        ['DistributedTask.Core.Summary', 'commands.test.ts'],
      ],
    );
    assert.equal(state.commandResult, undefined);
    print(`##vso[task.addattachment type=t;name=a/b]${HERE}`);
    assert.equal(state.commandResult, 'Failed');
    const missing = runningStep();
    missing.print('##vso[task.uploadsummary]/nosuch.md');
    assert.equal(missing.state.commandResult, 'Failed');
  });

  it('do not attach in restricted mode, and do not fail for it', () => {
    const { print, state } = runningStep({ restrictions: [{ commands: { mode: 'restricted' } }] });
    print(`##vso[task.uploadsummary]${HERE}`);
    assert.deepEqual([state.attachments.length, state.counts.warning, state.commandResult], [0, 1, undefined]);
  });

  it('change a connection of the job, but never the system’s', () => {
    const endpoint = { id: 'c1', name: 'c', url: 'https://a/', scheme: 'x', parameters: {}, data: {} };
    const { print, state, log } = runningStep({ endpoints: [endpoint] });
    print('##vso[task.setendpoint id=c1;field=authParameter;key=token]sesame', 'open sesame');
    assert.deepEqual(state.job.endpoints[0]?.parameters, { token: 'sesame' });
    assert.equal(log.at(-1), 'open ***');
    print('##vso[task.setendpoint id=SystemVssConnection;field=url]https://b/');
    assert.deepEqual([state.counts.warning, state.commandResult], [1, undefined]);
    print('##vso[task.setendpoint id=nosuch;field=url]https://b/');
    assert.equal(state.commandResult, 'Failed');
  });

  it('build a timeline of details', () => {
    const id = '00000000-0000-4000-8000-000000000009';
    const { print, state } = runningStep();
    print(`##vso[task.logdetail id=${id};name=n;type=build;order=1]start`);
    print(`##vso[task.logdetail id=${id};progress=50;state=InProgress]half`);
    assert.deepEqual(
      [...state.details.values()].map(({ name, progress, currentOperation }) => [name, progress, currentOperation]),
      [['n', 50, 'half']],
    );
    print('##vso[task.logdetail id=nosuch;name=n;type=t]');
    assert.equal(state.commandResult, 'Failed');
  });

  it('drop telemetry of tasks that are not in the box', () => {
    const { print, state, log } = runningStep();
    print('##vso[telemetry.publish area=a;feature=f]{}');
    assert.deepEqual([state.counts, state.commandResult, log.length], [{ error: 0, warning: 0 }, undefined, 0]);
  });
});
