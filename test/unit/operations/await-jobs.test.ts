import assert from 'node:assert/strict';
import { CancelledError, ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';
import {
  awaitJobs,
  type AwaitJobsOutputs,
  type AwaitJobsRequest,
} from '../../../tasks/common/operations/await-jobs.ts';
import { cancelOwnedJobs, ownedJobs } from '../../../tasks/common/operations/cancel-many-jobs.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace, run, serviceError } from '../fakes/fake-workspace.ts';

const MINUTE = 60_000;
const REQUEST: AwaitJobsRequest = {
  jobNames: [],
  tags: [],
  onlyThisRun: false,
  expectedCount: 0,
  onFailure: 'waitForAll',
  timeoutMinutes: 0,
  onTimeout: 'leaveRunning',
  onCancel: 'leaveRunning',
  streamLogs: true,
  downloadOutputs: [],
  downloadFolder: '/agent/1/s/out',
};

describe('waiting for jobs that are already submitted', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let published: Partial<AwaitJobsOutputs>;

  beforeEach(() => {
    agent = new FakeAgent();
    workspace = new FakeWorkspace();
    published = {};
  });

  const wait = (request: Partial<AwaitJobsRequest>): Promise<AwaitJobsOutputs> =>
    awaitJobs({ agent, workspace }, { ...REQUEST, ...request }, (outputs) => Object.assign(published, outputs));

  const cancelled = (): readonly string[] => workspace.writes('POST').map(({ path }) => path.split('/')[1] ?? '');

  it('waits for one job as if it had submitted it: with logs, metrics and outputs', async () => {
    workspace.seedJob('train', 'Running', { outputs: { model: { jobOutputType: 'uri_folder' } } });
    workspace.states.set('train', ['Running', 'Completed']);
    workspace.metrics.set('train', { auc: 0.9 });
    workspace.logFiles.set('train', { 'user_logs/std_log.txt': 'https://logs/train' });
    workspace.logs.set('https://logs/train', new TextEncoder().encode('epoch 1\n'));
    const outputs = await wait({ jobNames: ['train'] });
    assert.equal(outputs.jobName, 'train');
    assert.equal(outputs.jobStatus, 'Completed');
    assert.equal(outputs.metrics, '{"auc":0.9}');
    assert.equal(outputs.outputs, '{"model":"azureml://jobs/train/outputs/model"}');
    assert.equal(outputs.jobStatuses, '{"train":"Completed"}');
    assert.match(agent.log.text, /^epoch 1$/m);
    assert.deepEqual(cancelled(), []);
  });

  it('waits for all, and says how many became what', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) workspace.seedJob(name, 'Running');
    workspace.states.set('a', ['Running', 'Running', 'Completed']);
    for (const name of ['b', 'c', 'd', 'e']) workspace.states.set(name, ['Queued', 'Running', 'Completed']);
    const outputs = await wait({ jobNames: ['a,b', 'c', '["d","e"]', 'a'] });
    assert.deepEqual(
      [outputs.jobCount, outputs.completedCount, outputs.failedCount, outputs.jobStatus],
      ['5', '5', '0', 'Completed'],
    );
    assert.equal(outputs.jobNames, '["a","b","c","d","e"]');
    assert.equal(outputs.jobName, undefined);
    assert.match(agent.log.text, /5 jobs: 5 Completed/);
    const results = JSON.parse(agent.written.get(outputs.resultsFile) ?? '[]') as { name: string; status: string }[];
    assert.deepEqual(
      results.map(({ name, status }) => [name, status]),
      ['a', 'b', 'c', 'd', 'e'].map((name) => [name, 'Completed']),
    );
  });

  it('fails when one has failed, after all have ended, and says why it did', async () => {
    for (const name of ['a', 'b', 'c']) workspace.seedJob(name, 'Running');
    workspace.states.set('a', ['Failed']);
    workspace.states.set('b', ['Running', 'Running', 'Running', 'Completed']);
    workspace.states.set('c', ['Running', 'Canceled']);
    workspace.runErrors.set('a', { code: 'UserError', message: 'exit code 3' });
    await assert.rejects(wait({ jobNames: ['a', 'b', 'c'] }), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.match(
        error.message,
        /^2 of 3 jobs did not complete:\n {2}The job a failed, .*exit code 3\n {2}The job c was cancelled\.$/,
      );
      return true;
    });
    assert.equal(published.jobStatus, 'Failed');
    assert.equal(published.jobStatuses, '{"a":"Failed","b":"Completed","c":"Canceled"}');
    assert.equal(published.failureKind, 'userCode');
    assert.match(agent.summaries.join(), /\| a \| Failed \| .*exit code 3 \|\n\| c \| Canceled/);
  });

  it('names the step of a pipeline that failed', async () => {
    workspace.seedJob('a', 'Failed', { jobType: 'Pipeline', jobs: { prepare: {}, train: {} } });
    workspace.seedJob('b', 'Completed');
    workspace.children.set('a', [run('c1', { displayName: 'train', status: 'Failed' })]);
    workspace.runErrors.set('c1', { code: 'UserError', message: 'no such column' });
    await assert.rejects(wait({ jobNames: ['a', 'b'] }), /The job a failed in its step 'train'.*no such column/);
  });

  it('never reads Canceled as success', async () => {
    workspace.seedJob('a', 'Canceled');
    workspace.seedJob('b', 'Completed');
    await assert.rejects(wait({ jobNames: ['a', 'b'] }), /1 of 2 jobs did not complete/);
    assert.equal(published.jobStatus, 'Canceled');
    assert.equal(published.canceledCount, '1');
  });

  for (const [onFailure, stopped] of [
    ['failFast', []],
    ['cancelOthers', ['b', 'c']],
  ] as const) {
    it(`fails at once with ${onFailure}, and ${stopped.length > 0 ? 'cancels' : 'leaves'} the others`, async () => {
      for (const name of ['a', 'b', 'c']) workspace.seedJob(name, 'Running');
      workspace.states.set('a', ['Running', 'Failed']);
      await assert.rejects(wait({ jobNames: ['a', 'b', 'c'], onFailure }), /1 of 3 jobs did not complete/);
      assert.deepEqual(cancelled(), stopped);
      assert.ok(agent.clock.now() - agent.clock.started < MINUTE);
    });
  }

  it('leaves the jobs running after a time-out, because it has not started them', async () => {
    for (const name of ['a', 'b']) workspace.seedJob(name, 'Running');
    workspace.states.set('b', ['Completed']);
    await assert.rejects(wait({ jobNames: ['a', 'b'], timeoutMinutes: 10 }), (error) => {
      return (
        error instanceof TimedOutError &&
        error.message.includes('1 of 2 jobs have not ended within 10 minutes (a); they go on')
      );
    });
    assert.deepEqual(cancelled(), []);
    assert.equal(published.jobStatuses, '{"a":"Running","b":"Completed"}');
    assert.ok(Math.abs(agent.clock.now() - agent.clock.started - 10 * MINUTE) < 1000);
  });

  it('cancels those that have not ended where a time-out is to do that', async () => {
    for (const name of ['a', 'b', 'c']) workspace.seedJob(name, 'Running');
    workspace.states.set('b', ['Completed']);
    const timed = wait({ jobNames: ['a', 'b', 'c'], timeoutMinutes: 10, onTimeout: 'cancelJob' });
    await assert.rejects(timed, /they were cancelled/);
    assert.deepEqual(cancelled(), ['a', 'c']);
  });

  it('leaves the jobs running when the step is cancelled', async () => {
    for (const name of ['a', 'b']) workspace.seedJob(name, 'Running');
    agent.clock.onTick = () => {
      agent.cancel();
    };
    await assert.rejects(wait({ jobNames: ['a', 'b'] }), CancelledError);
    assert.deepEqual(cancelled(), []);
    assert.deepEqual(await ownedJobs(withWritten()), []);
  });

  /** The agent whose temporary files can be read again, as the post-job step does. */
  function withWritten() {
    for (const [path, text] of agent.written) agent.files.content.set(path, text);
    return agent;
  }

  it('cancels them with the step where that is asked for, and leaves nothing to the post-job step', async () => {
    for (const name of ['a', 'b', 'c']) workspace.seedJob(name, 'Running');
    workspace.states.set('b', ['Completed']);
    agent.clock.onTick = () => {
      agent.cancel();
    };
    await assert.rejects(wait({ jobNames: ['a', 'b', 'c'], onCancel: 'cancelJob' }), /and 2 jobs with it/);
    assert.deepEqual(cancelled(), ['a', 'c']);
    assert.deepEqual(await ownedJobs(withWritten()), []);
  });

  it('leaves nothing to the post-job step when the wait fails for another reason', async () => {
    for (const name of ['a', 'b']) workspace.seedJob(name, 'Running');
    const gone = wait({ jobNames: ['a', 'b', 'typo'], onCancel: 'cancelJob' });
    await assert.rejects(gone, /does not know the job typo/);
    const timed = wait({ jobNames: ['a', 'b'], onCancel: 'cancelJob', timeoutMinutes: 1 });
    await assert.rejects(timed, TimedOutError);
    assert.deepEqual(await ownedJobs(withWritten()), []);
    assert.deepEqual(cancelled(), []);
  });

  it('leaves to the post-job step what it could not cancel', async () => {
    for (const name of ['a', 'b']) workspace.seedJob(name, 'Running');
    agent.clock.onTick = () => {
      agent.cancel();
    };
    workspace.fault = (method, path) => {
      if (method === 'POST' && path === 'jobs/b/cancel') throw serviceError(503);
    };
    await assert.rejects(wait({ jobNames: ['a', 'b'], onCancel: 'cancelJob' }), CancelledError);
    workspace.fault = () => undefined;
    const post = withWritten();
    assert.deepEqual(await ownedJobs(post), ['a', 'b']);
    await cancelOwnedJobs({ agent: post, workspace });
    assert.deepEqual(cancelled(), ['a', 'b', 'a', 'b'], 'a job that has been cancelled takes a second cancellation');
  });

  it('finds all jobs of this pipeline run', async () => {
    const ofRun = (buildId: string) => ({ properties: { 'azdo.buildId': buildId } });
    workspace.seedJob('a', 'Completed', ofRun('4711'));
    workspace.seedJob('b', 'Completed', ofRun('4711'));
    workspace.seedJob('other', 'Failed', ofRun('4710'));
    const outputs = await wait({ onlyThisRun: true });
    assert.deepEqual([...(JSON.parse(outputs.jobNames ?? '') as string[])].sort(), ['a', 'b']);
  });

  it('finds jobs by pattern and tags, both of which must fit', async () => {
    workspace.seedJob('train-1', 'Completed', { tags: { sweep: 'x', owner: 'me' } });
    workspace.seedJob('train-2', 'Completed', { tags: { sweep: 'x' } });
    workspace.seedJob('train-3', 'Failed', { tags: { sweep: 'y', owner: 'me' } });
    workspace.seedJob('score-1', 'Failed', { tags: { sweep: 'x', owner: 'me' } });
    workspace.seedJob('named', 'Completed');
    const outputs = await wait({ jobNames: ['train-*', 'named'], tags: ['sweep=x', 'owner'] });
    assert.equal(outputs.jobNames, '["named","train-1"]');
  });

  it('looks again for jobs that lists do not show yet', async () => {
    workspace.seedJob('train-1', 'Completed');
    agent.clock.onTick = (elapsed) => {
      if (elapsed > MINUTE && !workspace.resources.has('jobs/train-2')) workspace.seedJob('train-2', 'Completed');
    };
    assert.equal((await wait({ jobNames: ['train-*'], expectedCount: 2 })).jobCount, '2');
  });

  it('says which it has found when there are fewer than expected', async () => {
    workspace.seedJob('train-1', 'Completed');
    await assert.rejects(
      wait({ jobNames: ['train-*'], expectedCount: 2 }),
      (error) => error instanceof UserError && /has 1 of the 2 jobs .*: train-1\./.test(error.message),
    );
    assert.ok(agent.clock.now() - agent.clock.started >= 5 * MINUTE);
  });

  it('waits for a name to become visible, and then says that there is none', async () => {
    for (const name of ['a', 'b']) workspace.seedJob(name, 'Completed');
    await assert.rejects(wait({ jobNames: ['a', 'b', 'typo'] }), /does not know the job typo\./);
    assert.ok(agent.clock.now() - agent.clock.started >= 5 * MINUTE);
  });

  const refusals: readonly (readonly [string, Partial<AwaitJobsRequest>, RegExp])[] = [
    ['nothing to wait for', {}, /jobNames, tags or onlyThisRun/],
    ['a name that cannot be one', { jobNames: ['a b'] }, /'a b' is not a name for a job/],
    ['tags beside plain names', { jobNames: ['a'], tags: ['x=y'] }, /say nothing about plain names/],
    ['a negative time-out', { jobNames: ['a'], timeoutMinutes: -1 }, /timeoutMinutes/],
    ['downloads of many jobs', { jobNames: ['a', 'b'], downloadOutputs: ['model'] }, /for a single job/],
  ];
  for (const [what, request, sentence] of refusals) {
    it(`refuses ${what} before anything is asked`, async () => {
      await assert.rejects(wait(request), (error) => error instanceof UserError && sentence.test(error.message));
      assert.deepEqual(workspace.calls, []);
    });
  }

  it('says that the step of a pipeline is none to wait for', async () => {
    workspace.seed('jobs/child', {});
    await assert.rejects(wait({ jobNames: ['child'] }), /child is a step of a pipeline job/);
    workspace.seedJob('a', 'Completed');
    await assert.rejects(wait({ jobNames: ['child', 'a'] }), /child is a step of a pipeline job/);
  });

  for (const status of [429, 500, 0]) {
    it(`waits through an hour of answers ${status}, with one warning`, async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) workspace.seedJob(name, 'Running');
      agent.clock.onTick = (elapsed) => {
        const away = elapsed > MINUTE && elapsed < 61 * MINUTE;
        workspace.fault = () => {
          if (away) throw serviceError(status, 'Away', 'nobody there');
        };
        if (elapsed > 70 * MINUTE)
          for (const name of ['a', 'b', 'c', 'd', 'e']) workspace.states.set(name, ['Completed']);
      };
      assert.equal((await wait({ jobNames: ['a', 'b', 'c', 'd', 'e'] })).completedCount, '5');
      assert.equal(agent.log.warnings.length, 1);
      assert.match(agent.log.text, /answers again/);
    });
  }

  it('does not take back an end because a list lags behind', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) workspace.seedJob(name, 'Running');
    workspace.states.set('a', ['Completed', 'Running']);
    for (const name of ['b', 'c', 'd', 'e']) workspace.states.set(name, ['Running', 'Running', 'Completed']);
    assert.equal((await wait({ jobNames: ['a', 'b', 'c', 'd', 'e'] })).completedCount, '5');
  });

  it('leaves outputs unset that no environment variable could hold', async () => {
    const names = Array.from({ length: 800 }, (_, index) => `a-job-with-quite-a-long-name-that-goes-on-${index}`);
    for (const name of names) workspace.seedJob(name, 'Completed');
    const outputs = await wait({ jobNames: names });
    assert.ok(outputs.jobNames === undefined && outputs.jobStatuses === undefined);
    assert.equal((JSON.parse(agent.written.get(outputs.resultsFile) ?? '') as unknown[]).length, 800);
  });

  it('asks fewer than a hundred times a minute about a thousand jobs, whatever they do', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `job-${index}`);
    for (const [index, name] of names.entries()) {
      workspace.seedJob(name, 'Queued');
      workspace.states.set(name, [...Array.from({ length: 5 + (index % 60) }, () => 'Running'), 'Completed']);
    }
    const times: number[] = [];
    workspace.fault = () => times.push(agent.clock.now());
    const outputs = await wait({ jobNames: names });
    assert.equal(outputs.completedCount, '1000');
    const busiest = Math.max(...times.map((time, index) => times.slice(index).filter((t) => t < time + MINUTE).length));
    assert.ok(busiest <= 100, `${busiest} requests within a minute`);
    assert.ok(workspace.calls.some(({ method }) => method === 'LIST'));
  });

  it('reads the last few jobs one by one instead of all pages', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `job-${index}`);
    for (const name of names) workspace.seedJob(name, 'Completed');
    workspace.states.set('job-0', [...Array.from({ length: 10 }, () => 'Running'), 'Completed']);
    await wait({ jobNames: names });
    assert.ok(workspace.calls.filter(({ method }) => method === 'LIST').length <= 10);
    assert.ok(workspace.calls.filter(({ path }) => path === 'jobs/job-0').length >= 9);
  });
});
