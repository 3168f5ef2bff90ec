import assert from 'node:assert/strict';
import { CancelledError, ServiceError, TimedOutError } from '../../../tasks/common/errors.ts';
import { awaitJob, type AwaitOptions } from '../../../tasks/common/operations/await-job.ts';
import { ownedJob, ownJob } from '../../../tasks/common/operations/cancel-job.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace, run, serviceError } from '../fakes/fake-workspace.ts';

const OPTIONS: AwaitOptions = { timeoutMinutes: 0, onTimeout: 'cancelJob', onCancel: 'cancelJob', streamLogs: true };
const MINUTE = 60_000;

describe('waiting for a job', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  const wait = (options: Partial<AwaitOptions> = {}) => awaitJob({ agent, workspace }, 'j', { ...OPTIONS, ...options });

  beforeEach(() => {
    agent = new FakeAgent();
    workspace = new FakeWorkspace();
    workspace.seedJob('j', 'NotStarted');
    ownJob(agent.memory, 'j');
  });

  it('goes through every state to the one Resource Manager ends with', async () => {
    workspace.states.set('j', ['NotStarted', 'Starting', 'Queued', 'Running', 'Finalizing', 'Completed']);
    assert.equal((await wait()).status, 'Completed');
    for (const state of ['NotStarted', 'Starting', 'Queued', 'Running', 'Finalizing', 'Completed']) {
      assert.match(agent.log.text, new RegExp(`\\] j: ${state}$`, 'm'));
    }
  });

  for (const state of ['Paused', 'NotResponding', 'Unknown', 'Hibernating']) {
    it(`waits on ${state}, with a warning, and believes the end that follows`, async () => {
      workspace.states.set('j', ['Running', state, 'Running', 'Failed']);
      assert.equal((await wait()).status, 'Failed');
      assert.equal(agent.log.warnings.length, 1);
    });
  }

  it('gives Canceled as what it is', async () => {
    workspace.states.set('j', ['Running', 'CancelRequested', 'Canceled']);
    assert.equal((await wait()).status, 'Canceled');
  });

  it('says a state once, however long it lasts', async () => {
    workspace.states.set('j', ['Running', 'Running', 'Running', 'Running', 'Completed']);
    await wait();
    assert.equal(agent.log.lines.filter((line) => line.endsWith('j: Running')).length, 1);
  });

  it('asks less often the longer nothing happens', async () => {
    let now = 0;
    agent.clock.onTick = (elapsed) => {
      now = elapsed;
      if (elapsed > 10 * 3_600_000) workspace.states.set('j', ['Completed']);
    };
    workspace.states.set('j', ['Running']);
    await wait();
    const reads = workspace.calls.filter(({ path }) => path === 'jobs/j').length;
    assert.ok(now >= 10 * 3_600_000);
    assert.ok(reads < 10 * 60 * 2 + 100, `${reads} reads in ten hours`);
  });

  it('waits for a new job to become visible', async () => {
    workspace.resources.delete('jobs/j');
    agent.clock.onTick = (elapsed) => {
      if (elapsed > MINUTE && !workspace.resources.has('jobs/j')) workspace.seedJob('j', 'Completed');
    };
    assert.equal((await wait()).status, 'Completed');
  });

  it('says so when the job is gone', async () => {
    agent.clock.onTick = (elapsed) => {
      if (elapsed > MINUTE) workspace.resources.delete('jobs/j');
    };
    workspace.states.set('j', ['Running']);
    await assert.rejects(
      wait(),
      (error) => error instanceof ServiceError && error.message.includes('last seen as Running'),
    );
  });

  it('survives a workspace that is out of reach for an hour, with one warning', async () => {
    workspace.states.set('j', ['Running']);
    agent.clock.onTick = (elapsed) => {
      const away = elapsed > MINUTE && elapsed < 61 * MINUTE;
      workspace.fault = () => {
        if (away) throw serviceError(0, 'ECONNRESET', 'connection reset');
      };
      if (elapsed > 70 * MINUTE) workspace.states.set('j', ['Completed']);
    };
    assert.equal((await wait()).status, 'Completed');
    assert.equal(agent.log.warnings.length, 1);
    assert.match(agent.log.text, /answers again/);
  });

  for (const status of [429, 500, 503]) {
    it(`does not take an answer ${status} for a state`, async () => {
      let storms = 20;
      workspace.states.set('j', ['Running', 'Completed']);
      workspace.fault = (_, path) => {
        if (path === 'jobs/j' && storms-- > 0) throw serviceError(status);
      };
      assert.equal((await wait()).status, 'Completed');
    });
  }

  it('takes an answer without a state for neither failure nor success', async () => {
    workspace.seed('jobs/j', { properties: { jobType: 'Command' } });
    agent.clock.onTick = (elapsed) => {
      if (elapsed > MINUTE) workspace.seedJob('j', 'Completed');
    };
    assert.equal((await wait()).status, 'Completed');
    assert.ok(agent.clock.now() - agent.clock.started > MINUTE);
    assert.equal(agent.log.warnings.length, 1);
  });

  it('gives up on a refusal that stays', async () => {
    workspace.fault = (_, path) => {
      if (path === 'jobs/j') throw serviceError(403, 'AuthorizationFailed');
    };
    await assert.rejects(wait(), (error) => error instanceof ServiceError && error.code === 'AuthorizationFailed');
    assert.equal(ownedJob(agent.memory), 'j', 'the post-job step still has to cancel it');
  });

  it('cancels on a time-out, and says how long it waited', async () => {
    workspace.states.set('j', ['Running']);
    await assert.rejects(wait({ timeoutMinutes: 90 }), (error) => {
      return error instanceof TimedOutError && /within 90 minutes .*Running.*it was cancelled/.test(error.message);
    });
    assert.deepEqual(
      workspace.writes('POST').map(({ path }) => path),
      ['jobs/j/cancel'],
    );
    assert.ok(Math.abs(agent.clock.now() - agent.clock.started - 90 * MINUTE) < 5000);
    assert.equal(ownedJob(agent.memory), undefined);
  });

  it('believes an end that comes with the time-out', async () => {
    workspace.states.set('j', ['Running']);
    agent.clock.onTick = (elapsed) => {
      if (elapsed >= 90 * MINUTE) workspace.states.set('j', ['Completed']);
    };
    assert.equal((await wait({ timeoutMinutes: 90 })).status, 'Completed');
    assert.deepEqual(workspace.writes('POST'), []);
  });

  it('leaves the job running after a time-out where that is asked for', async () => {
    workspace.states.set('j', ['Running']);
    await assert.rejects(wait({ timeoutMinutes: 1, onTimeout: 'leaveRunning' }), /it goes on/);
    assert.deepEqual(workspace.writes('POST'), []);
    assert.equal(ownedJob(agent.memory), undefined);
  });

  it('cancels the job at once when the step is cancelled', async () => {
    workspace.states.set('j', ['Running']);
    let cancelledAt = 0;
    agent.clock.onTick = (elapsed) => {
      if (elapsed < 5 * MINUTE || agent.signal.aborted) return;
      cancelledAt = elapsed;
      agent.cancel();
    };
    let askedAt = 0;
    workspace.fault = (method) => {
      if (method === 'POST') askedAt = agent.clock.now() - agent.clock.started;
    };
    await assert.rejects(wait(), CancelledError);
    assert.deepEqual(
      workspace.writes('POST').map(({ path }) => path),
      ['jobs/j/cancel'],
    );
    assert.ok(askedAt - cancelledAt < 5000, `${askedAt - cancelledAt} ms`);
    assert.equal(ownedJob(agent.memory), undefined);
  });

  it('leaves the cancellation to the post-job step where the service refuses it', async () => {
    workspace.states.set('j', ['Running']);
    agent.clock.onTick = () => {
      agent.cancel();
    };
    workspace.fault = (method) => {
      if (method === 'POST') throw serviceError(503);
    };
    await assert.rejects(wait(), CancelledError);
    assert.equal(ownedJob(agent.memory), 'j');
  });

  it('leaves the job running when the step is cancelled, where that is asked for', async () => {
    workspace.states.set('j', ['Running']);
    agent.clock.onTick = () => {
      agent.cancel();
    };
    await assert.rejects(wait({ onCancel: 'leaveRunning' }), CancelledError);
    assert.deepEqual(workspace.writes('POST'), []);
  });

  it('shows the states of a pipeline’s steps, and marks those that were reused', async () => {
    workspace.seedJob('j', 'Running', { jobType: 'Pipeline', jobs: { prepare: {}, train: {} } });
    workspace.states.set('j', ['Running', 'Running', 'Completed']);
    const prepare = run('c1', { displayName: 'prepare', properties: { 'azureml.isreused': 'true' } });
    workspace.children.set('j', [prepare, run('c2', { displayName: 'train', status: 'Running' })]);
    const { steps } = await wait();
    assert.match(agent.log.text, /prepare: Completed \(reused from an earlier job\)/);
    assert.match(agent.log.text, /train: Running/);
    assert.deepEqual(
      steps.map(({ displayName }) => displayName),
      ['prepare', 'train'],
    );
  });

  it('does without the steps when run history cannot be reached', async () => {
    workspace.seedJob('j', 'Running', { jobType: 'Pipeline', jobs: { train: {} } });
    workspace.states.set('j', ['Running', 'Completed']);
    workspace.fault = (_, path) => {
      if (path.startsWith('runs/')) throw serviceError(0, 'ENOTFOUND');
    };
    assert.equal((await wait()).status, 'Completed');
  });
});
