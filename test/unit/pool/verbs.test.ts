/** What the pool tool's verbs do as time passes. */
import assert from 'node:assert/strict';
import { TaskAgentStatus } from 'azure-devops-node-api/interfaces/TaskAgentInterfaces.js';
import { ensureAdministrator } from '../../../agent-bootstrap/pool/administrators.ts';
import { reap } from '../../../agent-bootstrap/pool/reap.ts';
import { rotate } from '../../../agent-bootstrap/pool/rotate.ts';
import { waitOnline } from '../../../agent-bootstrap/pool/wait-online.ts';
import { agent, fakeRun, HOUR, START } from './fake-organization.ts';

const MINUTE = 60_000;
const job = { requestId: 7 };

describe('waiting for agents', () => {
  const wish = { pool: 'pool', prefix: 'agent-', count: 2, timeoutMinutes: 20 };

  it('goes on until enough are online, and tells each change once', async () => {
    const run = fakeRun([agent(1, 'agent-1'), agent(2, 'agent-2', { status: TaskAgentStatus.Offline })]);
    run.events.set(START + 10 * MINUTE, () => Object.assign(run.agents[1] ?? {}, { status: TaskAgentStatus.Online }));
    await waitOnline(run, wish);
    assert.deepEqual(run.said, ["1 of 2 agents online in the pool 'pool'", "2 of 2 agents online in the pool 'pool'"]);
    assert.ok(run.clock.now() < START + 11 * MINUTE);
  });

  it('names the agents that did not come', async () => {
    const run = fakeRun([
      agent(1, 'agent-1', { enabled: false }),
      agent(2, 'agent-2', { status: TaskAgentStatus.Offline }),
      agent(3, 'other-1'),
    ]);
    await assert.rejects(waitOnline(run, wish), {
      name: 'UserError',
      message:
        "only 0 of 2 agents online in the pool 'pool' after 20 minutes; not ready: agent-1 (disabled), agent-2 (offline)",
    });
    assert.ok(run.clock.now() >= START + 20 * MINUTE);
  });
});

describe('reaping', () => {
  it('leaves an agent of which nobody knows since when it is offline', async () => {
    const unknown = agent(1, 'agent-1', { status: TaskAgentStatus.Offline });
    delete unknown.statusChangedOn;
    const run = fakeRun([unknown]);
    await reap(run, { pool: 'pool', prefix: 'agent-', offlineHours: 1 });
    assert.equal(run.agents.length, 1);
  });

  it('takes an agent at exactly its hour', async () => {
    const run = fakeRun([agent(1, 'agent-1', { status: TaskAgentStatus.Offline, ageHours: 24 })]);
    await reap(run, { pool: 'pool', prefix: 'agent-', offlineHours: 24 });
    assert.equal(run.agents.length, 0);
  });
});

describe('rotating', () => {
  const wish = { pool: 'pool', prefix: 'agent-', olderThanDays: 30, keepOnline: 0, timeoutMinutes: 60 };
  const old = { ageHours: 31 * 24 };

  it('waits for the end of a job before it removes the agent', async () => {
    const run = fakeRun([agent(1, 'agent-1', { ...old, assignedRequest: job })]);
    run.events.set(START + HOUR / 2, () => delete run.agents[0]?.assignedRequest);
    await rotate(run, wish);
    assert.deepEqual(run.agents, []);
    assert.deepEqual(run.said.slice(0, 2), ['done: disable agent-1', 'agent-1 has a job; waiting for its end']);
    assert.ok(run.clock.now() >= START + HOUR / 2);
  });

  it('leaves an agent disabled whose job does not end, for the next run', async () => {
    const run = fakeRun([agent(1, 'agent-1', { ...old, assignedRequest: job })]);
    await assert.rejects(rotate(run, wish), /agent-1 still has a job after 60 minutes; it stays disabled/);
    assert.equal(run.agents[0]?.enabled, false);
  });

  it('removes old agents that are offline without counting them as online', async () => {
    const run = fakeRun([agent(1, 'agent-1', { ...old, status: TaskAgentStatus.Offline }), agent(2, 'agent-2', old)]);
    await rotate(run, { ...wish, keepOnline: 1 });
    assert.deepEqual(
      run.agents.map(({ name }) => name),
      ['agent-2'],
    );
  });

  it('changes nothing under --what-if', async () => {
    const run = fakeRun([agent(1, 'agent-1', { ...old, assignedRequest: job })], true);
    await rotate(run, wish);
    assert.equal(run.agents[0]?.enabled, true);
    assert.deepEqual(run.said.slice(0, 2), ['would disable agent-1', 'would remove agent-1']);
  });
});

describe('adding an administrator', () => {
  const refusal = (value: string): object => ({ operationResult: { isSuccess: false, errors: [{ key: 1, value }] } });
  const success = { operationResult: { isSuccess: true, servicePrincipalId: 'known-as' } };
  const pool = { id: 1, name: 'pool' };

  it('waits until the directory hands a new identity out', async () => {
    const run = fakeRun([]);
    run.entitlementAnswers.push(
      refusal('VS403283: Could not add user'),
      refusal('VS403283: Could not add user'),
      success,
    );
    await ensureAdministrator(run, pool, 'pool', 'object-id');
    assert.deepEqual(run.sent.at(-1)?.body, [{ roleName: 'Administrator', userId: 'known-as' }]);
    assert.equal(run.clock.now(), START + 20_000);
  });

  it('gives up after a minute, with the service’s reason', async () => {
    const run = fakeRun([]);
    run.entitlementAnswers.push(refusal('VS403283: Could not add user'));
    await assert.rejects(
      ensureAdministrator(run, pool, 'pool', 'object-id'),
      /did not take object-id as a user: VS403283/,
    );
    assert.equal(run.sent.length, 6);
  });

  it('does not try again what will not change', async () => {
    const run = fakeRun([]);
    run.entitlementAnswers.push(refusal('no licence is left'));
    await assert.rejects(ensureAdministrator(run, pool, 'pool', 'object-id'), /no licence is left/);
    assert.equal(run.sent.length, 1);
  });
});
