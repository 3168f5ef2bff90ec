import assert from 'node:assert/strict';
import { eventually } from '../machine.ts';
import type { Scenario } from '../scenario.ts';

/** A machine that loses its power while it becomes an agent. */
export const powerScenarios: Scenario[] = [
  {
    name: 'power loss during the download: the next run installs',
    run: async (rig) => {
      await rig.reset();
      rig.configure();
      await rig.azure('set', { stallDownload: true });
      const cut = rig.init('install');
      const reached = (await rig.journal()).length;
      await eventually('the download runs', async () =>
        (await rig.journal())
          .slice(reached)
          .some((each) => each.host.startsWith('download') && each.path.endsWith('.gz')),
      );
      await rig.machine.cutPower();
      await cut;
      await rig.azure('set', { stallDownload: false });
      await rig.machine.boot();
      await rig.nothingInstalled();
      await rig.install();
      assert.equal((await rig.agent()).status, 'online');
      const { output } = await rig.machine.run('ls -A /var/lib/ado-agent /opt/ado-agent');
      assert.doesNotMatch(output, /\.download|\.staging|\.put/);
      return undefined;
    },
  },
  {
    name: 'power loss between two renames of an upgrade: the next run completes it, the registration stays',
    run: async (rig) => {
      const { id } = await rig.agent();
      await rig.machine.run('systemctl stop ado-agent.service');
      await rig.machine.run(
        'cd /opt/ado-agent && rm /var/lib/ado-agent/package.json && mkdir .replaced.aBcDeF && mv bin .replaced.aBcDeF',
      );
      await rig.machine.cutPower();
      await rig.machine.boot();
      const output = await rig.install();
      assert.match(output, /installing agent/);
      assert.equal((await rig.agent()).id, id);
      assert.doesNotMatch((await rig.machine.run('ls -A /opt/ado-agent')).output, /replaced/);
      return undefined;
    },
  },
  {
    name: 'power loss after the server has noted the agent: the next run takes it over, the pool has one agent',
    run: async (rig) => {
      await rig.reset();
      await rig.azure('set', { stallRegistration: true });
      const cut = rig.init('install');
      await eventually('the server has noted the agent', async () => (await rig.agents()).length === 1);
      await rig.machine.cutPower();
      await cut;
      await rig.azure('set', { stallRegistration: false });
      await rig.machine.boot();
      await rig.install();
      assert.equal((await rig.agent()).status, 'online');
      return undefined;
    },
  },
  {
    name: 'power loss of a running agent: it is back after the boot, without a run of the script',
    run: async (rig) => {
      await rig.machine.cutPower();
      await rig.machine.boot();
      assert.equal((await rig.runJob('true')).result, 'succeeded');
      assert.equal((await rig.init('health')).code, 0);
      return undefined;
    },
  },
];
