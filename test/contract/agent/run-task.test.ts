import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandOf, type Ended, fixtureTask, type FixtureTask } from './fixture-process.ts';
import { nodeRuntimes } from '../node-runtimes.ts';

/** Every command of the run, without debug lines. */
function commands(ended: Ended): readonly string[] {
  return ended.lines.filter((line) => line.startsWith('##vso[') && !line.startsWith('##vso[task.debug]'));
}

function errors(ended: Ended): readonly string[] {
  return ended.lines.flatMap((line) => /^##vso\[task\.logissue type=error;[^\]]*\](.*)$/.exec(line)?.[1] ?? []);
}

for (const { name, path } of nodeRuntimes()) {
  describe(`a task in its own process on ${name}`, () => {
    let task: FixtureTask;
    before(async () => {
      task = await fixtureTask(path);
    });
    after(() => {
      task.remove();
    });

    describe('reports', () => {
      it('success, with its outputs and nothing for those it does not have', async () => {
        const ended = await task.run('outputs');
        assert.deepEqual(commands(ended), [
          '##vso[task.setvariable variable=jobName;isoutput=true;]train',
          '##vso[task.setvariable variable=url;isoutput=true;]https://x/?a=1&b=2',
          '##vso[task.complete result=Succeeded;]',
        ]);
        assert.equal(ended.exitCode, 0);
      });

      it('outputs that were known before it failed', async () => {
        assert.deepEqual(commands(await task.run('publishedOutputs')), [
          '##vso[task.setvariable variable=jobName;isoutput=true;]train',
          '##vso[task.logissue type=error;]then it failed',
          '##vso[task.complete result=Failed;]',
        ]);
      });

      const failures: readonly [string, readonly string[]][] = [
        ['userError', ['first', 'second']],
        ['serviceError', ['[NotFound] Gone.']],
        ['timedOut', ['Too long.']],
      ];
      for (const [scenario, expected] of failures) {
        it(`${scenario}: once, as Failed, with exit code 0`, async () => {
          const ended = await task.run(scenario);
          assert.deepEqual(errors(ended), expected);
          assert.deepEqual(ended.results, ['Failed']);
          assert.equal(ended.exitCode, 0);
        });
      }

      const defects: readonly [string, RegExp][] = [
        ['thrownAtOnce', /defect of ours in Fixture: at once\. Set System\.Debug/],
        ['thrownText', /defect of ours in Fixture: only a text\./],
        ['unhandledRejection', /defect of ours in Fixture: nobody caught me\./],
        ['uncaughtException', /defect of ours in Fixture: out of nowhere\./],
        ['nothingToWaitFor', /defect of ours in Fixture: The work neither ended nor had anything left to wait for\./],
      ];
      for (const [scenario, sentence] of defects) {
        it(`${scenario}: one line, the stack for System.Debug only`, async () => {
          const ended = await task.run(scenario);
          assert.equal(errors(ended).length, 1);
          assert.match(errors(ended)[0] ?? '', sentence);
          assert.deepEqual(ended.results, ['Failed']);
          assert.equal(ended.exitCode, 0);
          const plain = ended.lines.filter((line) => !line.startsWith('##vso['));
          assert.deepEqual(plain, []);
        });
      }

      it('the same way from a post-job handler, without outputs', async () => {
        const ended = await task.run('post:outputs');
        assert.deepEqual(commands(ended), ['##vso[task.complete result=Succeeded;]']);
        assert.deepEqual((await task.run('post:serviceError')).results, ['Failed']);
      });

      it('and ends, whatever is still open', async () => {
        assert.deepEqual((await task.run('openHandle')).results, ['Succeeded']);
      });

      it('after everything it wrote has arrived', async () => {
        const ended = await task.run('largeOutput');
        assert.equal(ended.lines.filter((line) => line.startsWith('line ')).length, 200_000);
        assert.deepEqual(ended.lines.slice(-2), [
          '##vso[task.setvariable variable=lines;isoutput=true;]200000',
          '##vso[task.complete result=Succeeded;]',
        ]);
      });
    });

    describe('when the agent asks it to stop', () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        it(`on ${signal} aborts the wait and reports Canceled, spelt the agent's way`, async () => {
          const running = task.start('untilStopped');
          await running.wrote('waiting');
          running.child.kill(signal);
          const ended = await running.ended;
          assert.deepEqual(ended.results, ['Canceled']);
          assert.deepEqual(errors(ended), []);
          assert.equal(ended.exitCode, 0);
        });
      }

      it('waits for the clean-up', async () => {
        const running = task.start('cleanUp');
        await running.wrote('waiting');
        running.child.kill('SIGINT');
        const ended = await running.ended;
        assert.ok(ended.lines.includes('job cancelled'));
        assert.deepEqual(ended.results, ['Canceled']);
      });

      it('tells when the clean-up fails', async () => {
        const running = task.start('cleanUpFails');
        await running.wrote('waiting');
        running.child.kill('SIGINT');
        const ended = await running.ended;
        assert.deepEqual(errors(ended), ['[Broken] Cancel failed.']);
        assert.deepEqual(ended.results, ['Canceled']);
      });

      it('stops waiting at the second signal', async () => {
        const running = task.start('cleanUpHangs');
        await running.wrote('waiting');
        running.child.kill('SIGINT');
        await running.wrote('hanging');
        running.child.kill('SIGTERM');
        assert.deepEqual((await running.ended).results, ['Canceled']);
      });

      it('stops waiting nine seconds after the first signal', async () => {
        // Makes real-time limits a hundred times shorter, and tells which were set.
        const preload = join(task.folder, 'short-limits.cjs');
        writeFileSync(
          preload,
          `const limit = AbortSignal.timeout;
         AbortSignal.timeout = (ms) => (console.log('limit ' + ms), limit.call(AbortSignal, ms / 100));`,
        );
        const running = task.start('cleanUpHangs', { NODE_OPTIONS: `--require=${preload}` });
        await running.wrote('waiting');
        running.child.kill('SIGINT');
        const ended = await running.ended;
        assert.ok(ended.lines.includes('limit 9000'));
        assert.deepEqual(ended.results, ['Canceled']);
      });

      it('lets waits that nobody awaits end without a word', async () => {
        const running = task.start('abandonedWait');
        await running.wrote('waiting');
        running.child.kill('SIGINT');
        const ended = await running.ended;
        assert.ok(ended.lines.includes('clean-up done'));
        assert.deepEqual(errors(ended), []);
        assert.deepEqual(ended.results, ['Canceled']);
      });
    });

    it('lets no foreign text command the agent, by whatever channel it comes', async () => {
      const ended = await task.run('inject');
      assert.deepEqual(ended.results, ['Failed']);
      for (const line of ended.lines) {
        assert.ok(commandOf(line) === '' || commandOf(line) === line, `a command behind text: ${line}`);
        assert.doesNotMatch(line.replace(/^##\[(group|endgroup)\]/, ''), /##\[/);
      }
      const disarmed = ended.lines.filter((line) => line.includes('**vso[task.complete result=Failed;]'));
      assert.ok(disarmed.length >= 12, `${disarmed.length} of the attacks arrived as text`);
      assert.ok(ended.lines.includes('**vso[task.complete result=Failed;]split'));
    });

    it('keeps secrets out of its environment, its log and its summary', async () => {
      const ended = await task.run('secrets', { INPUT_TOKEN: 's3cret-value', SECRET_TOKEN: 'pipeline-secret' });
      assert.ok(ended.lines.includes('the environment holds no secret'));
      const secrets = commands(ended).filter((line) => line.startsWith('##vso[task.setsecret]'));
      for (const form of [
        'two%0Alines',
        'two',
        'lines',
        's3cret-value',
        Buffer.from('s3cret-value').toString('base64'),
      ]) {
        assert.ok(secrets.includes(`##vso[task.setsecret]${form}`), form);
      }
      const summary = commands(ended).find((line) => line.startsWith('##vso[task.uploadsummary]')) ?? '';
      assert.equal(readFileSync(summary.replace('##vso[task.uploadsummary]', ''), 'utf8'), 'token ***\n');
    });

    it('writes temporary files below the agent’s temporary folder, whatever their name says', async () => {
      const ended = await task.run('temporaryFile');
      const file = commands(ended)[0]?.replace('##vso[task.setvariable variable=file;isoutput=true;]', '') ?? '';
      assert.ok(file.startsWith(`${task.folder}/`) && file.endsWith('/decision.json'), file);
      assert.equal(dirname(dirname(file)), task.folder);
      assert.equal(readFileSync(file, 'utf8'), '{}');
    });
  });
}
