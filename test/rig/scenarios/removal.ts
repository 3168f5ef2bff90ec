import assert from 'node:assert/strict';
import { eventually } from '../machine.ts';
import type { Rig } from '../rig.ts';
import type { Scenario } from '../scenario.ts';

async function leavesThePool(rig: Rig): Promise<void> {
  await eventually('the pool is empty', async () => (await rig.agents()).length === 0);
  await eventually('the local registration is gone', async () => {
    const { output } = await rig.machine.run('ls -A /opt/ado-agent');
    return !/\.agent$|\.credentials/m.test(output);
  });
}

async function longJob(rig: Rig): Promise<number> {
  const { id } = await rig.queue('sleep 1234');
  await eventually('the job runs', async () => (await rig.job(id)).state === 'running');
  return id;
}

/** Every way in which an agent leaves its pool. */
export const removalScenarios: Scenario[] = [
  {
    name: 'deregister: off the pool, service off, a second time is fine; install brings it back',
    run: async (rig) => {
      await rig.install();
      assert.equal((await rig.init('deregister')).code, 0);
      await leavesThePool(rig);
      assert.match((await rig.machine.run('systemctl is-enabled ado-agent.service')).output, /disabled/);
      assert.equal((await rig.init('deregister')).code, 0);
      await rig.install();
      return undefined;
    },
  },
  {
    name: 'deregister without a valid token: says so, keeps the registration, works the next time',
    run: async (rig) => {
      await rig.metadata('set', { tokenExpired: true });
      await rig.refuses('deregister', /could not be taken off pool 'bastion-agents'/);
      await rig.agent();
      await rig.metadata('set', { tokenExpired: false });
      assert.equal((await rig.init('deregister')).code, 0);
      await leavesThePool(rig);
      return undefined;
    },
  },
  {
    name: 'once: one job, then off the pool; health calls it finished',
    run: async (rig) => {
      await rig.install({ ONCE: 'true' });
      assert.equal((await rig.agent()).systemCapabilities.VSTS_AGENT_INPUT_ONCE, undefined);
      assert.equal((await rig.runJob('true')).result, 'succeeded');
      await leavesThePool(rig);
      await eventually('the service has ended', async () =>
        (await rig.machine.run('systemctl is-active ado-agent.service')).output.includes('inactive'),
      );
      const { code, output } = await rig.init('health');
      assert.equal(code, 0, output);
      assert.match(output, /has run its one job/);
      return undefined;
    },
  },
  {
    name: 'once, stopped during its job: the job is cancelled and reported first, then the agent leaves the pool',
    run: async (rig) => {
      await rig.install({ ONCE: 'true' });
      const id = await longJob(rig);
      await rig.machine.run('systemctl stop ado-agent.service');
      assert.equal((await rig.job(id)).result, 'canceled');
      await leavesThePool(rig);
      assert.equal((await rig.machine.run("pgrep -f '^sleep 1234'")).output, '');
      return undefined;
    },
  },
  {
    name: 'why not run.sh --once: its listener outlives the stop and is killed; the server believes the job running',
    run: async (rig) => {
      await rig.install();
      await rig.machine.run(
        `mkdir -p /run/systemd/system/ado-agent.service.d
         printf '[Service]\\nExecStart=\\nExecStart=/opt/ado-agent/run.sh --once\\nRestart=no\\nTimeoutStopSec=2\\n' >/run/systemd/system/ado-agent.service.d/try.conf
         systemctl daemon-reload; systemctl restart ado-agent.service`,
      );
      const id = await longJob(rig);
      await rig.machine.run('systemctl stop ado-agent.service');
      assert.equal((await rig.job(id)).state, 'running');
      await rig.machine.run('rm -r /run/systemd/system/ado-agent.service.d; systemctl daemon-reload');
      await rig.reset();
      return 'evidence';
    },
  },
  {
    name: 'Azure announces the end of the machine: the agent leaves the pool, the event is acknowledged',
    run: async (rig) => {
      await rig.install();
      const event = { EventId: 'E1', EventType: 'Terminate', Resources: ['agent-vm-0'] };
      const other = { EventId: 'E2', EventType: 'Terminate', Resources: ['agent-vm-9'] };
      await rig.metadata('set', { events: [other, event] });
      await leavesThePool(rig);
      await eventually('the event is acknowledged', async () => {
        const { acknowledged } = (await rig.metadata('state')) as { acknowledged: string[] };
        return acknowledged.join() === 'E1';
      });
      await rig.metadata('set', { events: [] });
      return undefined;
    },
  },
  {
    name: 'shutdown: an agent that is to come back stays in the pool, one that is not leaves it',
    run: async (rig) => {
      await rig.install();
      await rig.machine.run('systemctl --no-block poweroff');
      await rig.machine.off();
      await rig.agent();
      await rig.machine.boot();
      await rig.install({ DEREGISTER_ON_SHUTDOWN: 'true' });
      await rig.machine.run('systemctl --no-block poweroff');
      await rig.machine.off();
      assert.deepEqual(await rig.agents(), []);
      await rig.machine.boot();
      return undefined;
    },
  },
];
