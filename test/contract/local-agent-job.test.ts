import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepRequest } from '../../local/agent/job-request.ts';
import { outputOf, run, runScript, scripted, taskFolder } from './local-agent-fixture.ts';

const FAIL = `console.log('##vso[task.complete result=Failed]no')`;
const ISSUES = `console.log('##vso[task.complete result=SucceededWithIssues]hm')`;

describe('result of a step', () => {
  it('is what the task reports, or the exit code when that is not 0', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['', 'Succeeded'],
      [FAIL, 'Failed'],
      [`console.log('##vso[task.logissue type=error]only an issue')`, 'Succeeded'],
      [`console.log('##vso[task.complete result=Succeeded]'); process.exitCode = 3`, 'Failed'],
      [`console.error('##vso[task.complete result=Skipped]on stderr')`, 'Skipped'],
      [`console.log('##vso[task.complete result=Cancelled]')`, 'Failed'],
    ];
    const { steps } = await run({ steps: cases.map(([script]) => scripted(script, { condition: 'always()' })) });
    assert.deepEqual(
      steps.map(({ result }) => result),
      cases.map(([, result]) => result),
    );
    assert.match(steps[3]?.issues[0]?.message ?? '', /^Exit code 3 returned from process: file name '.*node/);
    assert.equal(steps[3]?.exitCode, 3);
  });

  it('makes the result of the job', async () => {
    const coe = { continueOnError: true };
    const always = { condition: 'always()' };
    const cases: readonly (readonly [readonly StepRequest[], string])[] = [
      [[scripted(FAIL), scripted('', always)], 'Failed'],
      [[scripted(FAIL, coe), scripted('')], 'SucceededWithIssues'],
      [[scripted(FAIL, coe), scripted(FAIL)], 'Failed'],
      [[scripted(ISSUES), scripted('')], 'SucceededWithIssues'],
      [[scripted(ISSUES), scripted(FAIL)], 'Failed'],
      [[scripted(''), scripted(FAIL, { enabled: false })], 'Succeeded'],
    ];
    for (const [steps, expected] of cases) assert.equal((await run({ steps })).result, expected);
  });

  it('is Skipped where the condition does not hold and Failed where it cannot be told', async () => {
    const { steps, result } = await run({
      steps: [scripted('', { condition: 'failed()' }), scripted('', { condition: 'nosuch()' }), scripted('')],
    });
    assert.deepEqual(
      steps.map((step) => step.result),
      ['Skipped', 'Failed', 'Skipped'],
    );
    assert.deepEqual(steps[0]?.log, ['Skipping step due to condition evaluation.']);
    assert.equal(result, 'Failed');
  });
});

describe('a job', () => {
  it('hands outputs on under the step’s name, and secrets never in clear', async () => {
    const { steps, outputs } = await run({
      steps: [
        scripted(
          `console.log('##vso[task.setvariable variable=plain]1');
           console.log('##vso[task.setvariable variable=declared]2');
           console.log('##vso[task.setvariable variable=token;isoutput=true;issecret=true]hush-hush')`,
          { name: 'first' },
        ),
        scripted(
          `const e = process.env;
           console.log(JSON.stringify([e.PLAIN, e.FIRST_DECLARED, e.DECLARED, e.FIRST_TOKEN, e.INPUT_DOTTED]));
           console.log('the token is ' + e.SECRET_FIRST_TOKEN)`,
          { inputs: { dotted: '$(first.declared)' } },
        ),
      ],
    });
    assert.deepEqual(outputOf(steps[1]), ['["1","2",null,null,"2"]', 'the token is ***']);
    assert.deepEqual(outputs, {
      'first.declared': { value: '2', secret: false },
      'first.token': { value: 'hush-hush', secret: true },
    });
  });

  it('runs pre-job steps first and post-job steps last, in reverse and always', async () => {
    const phased = (name: string, main: string): StepRequest => ({
      kind: 'task',
      folder: taskFolder('Phased'),
      name,
      displayName: name,
      inputs: {
        pre: `console.log('##vso[task.settaskvariable variable=note]from pre of ${name}')`,
        main,
        post: `console.log(process.env.VSTS_TASKVARIABLE_NOTE, process.env.AGENT_JOBSTATUS)`,
      },
    });
    const { steps } = await run({
      steps: [phased('a', FAIL), phased('b', `console.log('##vso[task.settaskvariable variable=note]from main')`)],
    });
    assert.deepEqual(
      steps.map(({ displayName, result }) => `${displayName} ${result}`),
      [
        'Pre-job: a Succeeded',
        'Pre-job: b Succeeded',
        'a Failed',
        'b Skipped',
        'Post-job: b Succeeded',
        'Post-job: a Succeeded',
      ],
    );
    assert.deepEqual(outputOf(steps[4]), ['from pre of b Failed']);
    assert.deepEqual(outputOf(steps[5]), ['from pre of a Failed']);
  });

  it('applies the task’s own restrictions on variables', async () => {
    const { steps } = await run({
      steps: [
        {
          kind: 'task',
          folder: taskFolder('Phased'),
          inputs: {
            main: `console.log('##vso[task.setvariable variable=allowedOne;isoutput=true]x');
                   console.log('##vso[task.setvariable variable=other;isoutput=true]y')`,
          },
        },
      ],
    });
    assert.deepEqual(steps[1]?.outputs, { allowedOne: { value: 'x', secret: false } });
    assert.equal(steps[1].warningCount, 1);
  });

  it('reads attachments when the process has ended, so that a deleted one is lost', async () => {
    const temp = mkdtempSync(join(tmpdir(), 'local-agent-test-'));
    const { steps } = await run({
      steps: [
        scripted(
          `const fs = require('fs'); const { setTimeout } = require('timers/promises');
           const dir = process.env.AGENT_TEMPDIRECTORY;
           for (const name of ['kept.md', 'deleted.md']) {
             fs.writeFileSync(dir + '/' + name, '# early');
             console.log('##vso[task.uploadsummary]' + dir + '/' + name);
           }
           console.log('announced');
           while (!fs.existsSync(process.env.INPUT_DOTTED)) await setTimeout(5);
           fs.writeFileSync(dir + '/kept.md', '# late');
           fs.rmSync(dir + '/deleted.md')`,
          { inputs: { dotted: join(temp, 'go') } },
        ),
      ],
      onLine: ({ text }) => {
        if (text === 'announced') writeFileSync(join(temp, 'go'), '');
      },
    });
    rmSync(temp, { recursive: true });
    assert.deepEqual(
      steps[0]?.attachments.map(({ name, content }) => [name, content?.toString()]),
      [
        ['kept.md', '# late'],
        ['deleted.md', undefined],
      ],
    );
    assert.equal(steps[0].result, 'Succeeded');
  });

  it('tells of secrets in attachments, which no agent masks', async () => {
    const { leaks, steps } = await run({
      steps: [
        scripted(
          `const file = process.env.AGENT_TEMPDIRECTORY + '/notes.md';
           console.log('##vso[task.setsecret]hush-hush');
           require('fs').writeFileSync(file, 'it is hush-hush');
           console.log('##vso[task.uploadsummary]' + file)`,
          { displayName: 'Tell' },
        ),
      ],
    });
    assert.equal(steps[0]?.result, 'Succeeded');
    assert.deepEqual(leaks, ["The attachment 'notes.md' of the step 'Tell' holds a secret."]);
  });

  it('does what was queued after the process, inside the step, and fails with it', async () => {
    const step = await runScript(
      `const fs = require('fs'); const dir = process.env.AGENT_TEMPDIRECTORY;
       fs.mkdirSync(dir + '/site');
       console.log('##vso[artifact.upload artifactname=site]' + dir + '/site');
       console.log('##vso[build.addbuildtag]good');
       console.log('##vso[results.publish type=JUnit;resultFiles=' + dir + '/r.xml;failTaskOnFailedTests=true]');
       fs.writeFileSync(dir + '/site/index.html', 'hi');
       fs.writeFileSync(dir + '/r.xml', '<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>')`,
    );
    assert.deepEqual(
      step.artifacts.map(({ name, files }) => [name, files.map(({ path }) => path)]),
      [['site', ['index.html']]],
    );
    assert.deepEqual([step.testResults[0]?.total, step.testResults[0]?.failed], [2, 1]);
    assert.equal(step.result, 'Failed');
    assert.ok(step.log.includes('##[section]Async Command Start: Upload Artifact'));
  });

  it('writes a log with section lines, a banner, and issues', async () => {
    const { log } = await runScript(`console.log('##vso[task.logissue type=warning]careful')`, {
      displayName: 'Try it',
    });
    assert.equal(log[0], '##[section]Starting: Try it');
    assert.ok(log.includes('Version      : 1.2.3'));
    assert.deepEqual(log.slice(-2), ['##[warning]careful', '##[section]Finishing: Try it']);
  });

  it('checks out a folder before the tasks that read it', async () => {
    const { steps } = await run({
      steps: [
        { kind: 'checkout', from: taskFolder('Scripted') },
        scripted(`console.log(process.cwd() === process.env.BUILD_SOURCESDIRECTORY, require('fs').readdirSync('.'))`),
      ],
    });
    assert.deepEqual(outputOf(steps[1]), ["true [ 'index.cjs', 'task.json' ]"]);
  });
});

describe('retries of a step', () => {
  const counting = (then: string): string =>
    `const fs = require('fs'); const file = process.env.AGENT_TEMPDIRECTORY + '/attempts';
     fs.appendFileSync(file, 'x'); const attempt = fs.readFileSync(file, 'utf8').length; ${then}`;
  const retry = async (script: string): Promise<string[]> => {
    const { steps } = await run({
      steps: [scripted(counting(script), { retryCountOnTaskFailure: 2 })],
      clock: { originReal: 0, originVirtual: 0, speed: 1000 },
    });
    return steps.map(({ result, attempts }) => `${result} after ${attempts}`);
  };

  it('forget a reported failure', async () => {
    assert.deepEqual(await retry(`if (attempt < 2) console.log('##vso[task.complete result=Failed]')`), [
      'Succeeded after 2',
    ]);
  });

  it('keep a failure that came with a bad exit code, as the agent does', async () => {
    const script = `if (attempt < 2) { console.log('##vso[task.complete result=Failed]'); process.exitCode = 1 }`;
    assert.deepEqual(await retry(script), ['Succeeded after 3']);
  });

  it('never forget a command that failed', async () => {
    const script = `if (attempt < 2) { console.log('##vso[task.nosuch]'); process.exitCode = 1 }`;
    assert.deepEqual(await retry(script), ['Failed after 2']);
  });
});
