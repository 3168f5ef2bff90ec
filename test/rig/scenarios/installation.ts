import assert from 'node:assert/strict';
import { eventually } from '../machine.ts';
import type { Scenario } from '../scenario.ts';
import { secrets } from '../stand-ins/secrets.ts';

const seconds = (start: number): string => `${((Date.now() - start) / 1000).toFixed(1)} s`;

/** From refusals to a registered agent, and what may be run again on it. */
export const installationScenarios: Scenario[] = [
  {
    name: 'wrong hash: a pinned SHA-256 that the organization does not offer is refused',
    run: async (rig) => {
      rig.configure({ AGENT_PACKAGE_SHA256: 'a'.repeat(64) });
      await rig.refuses('install', /AGENT_PACKAGE_SHA256 demands a{64}/);
      await rig.nothingInstalled();
      return undefined;
    },
  },
  {
    name: 'tampered package: one byte more and nothing is installed',
    run: async (rig) => {
      rig.configure();
      await rig.azure('set', { tamper: true });
      await rig.refuses('install', /has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}.*nothing was installed/);
      await rig.azure('set', { tamper: false });
      await rig.nothingInstalled();
      return undefined;
    },
  },
  {
    name: 'expired token: one sentence, nothing is registered; the next run succeeds',
    run: async (rig) => {
      await rig.metadata('set', { tokenExpired: true });
      await rig.refuses('install', /refuses the credential \(HTTP 401\): the token may have expired/);
      await rig.metadata('set', { tokenExpired: false });
      await rig.nothingInstalled();
      return undefined;
    },
  },
  {
    name: 'missing role: the sentence names the role and the pool',
    run: async (rig) => {
      await rig.azure('setPool', { autoUpdate: true });
      await rig.azure('set', { forbidden: true });
      await rig.refuses('install', /needs the role Administrator on pool 'bastion-agents'/);
      await rig.azure('set', { forbidden: false });
      return undefined;
    },
  },
  {
    name: 'first install: registered with a token of the machine, online, healthy, updates off in both places',
    run: async (rig) => {
      await rig.reset();
      const start = Date.now();
      await rig.install();
      const took = seconds(start);
      const agent = await rig.agent();
      assert.equal(agent.status, 'online');
      assert.equal(agent.systemCapabilities.amlNetworkOk, 'true');
      assert.equal(agent.systemCapabilities['agent.disableupdate'], 'true');
      assert.deepEqual(await rig.azure('pool'), { autoUpdate: false });
      const units = 'ado-agent.service ado-agent-health.timer ado-agent-clean.timer ado-agent-events.service';
      const { output } = await rig.machine.run(`systemctl is-active ${units}; systemctl is-enabled ${units}`);
      assert.deepEqual(output.trim().split('\n'), [
        ...Array<string>(4).fill('active'),
        ...Array<string>(4).fill('enabled'),
      ]);
      return took;
    },
  },
  {
    name: 'secrets: on no command line, in no file, in no capability, in no log',
    run: async (rig) => {
      const lines = rig.commandLines();
      assert.match(lines, /curl .*dev\.azure\.com.*\n/, 'the watch has seen the requests');
      assert.match(lines, /setpriv .*config\.sh/, 'the watch has seen the registration');
      assert.equal(await rig.exposedSecrets(), '');
      await rig.machine.run(`echo ${secrets.organizationToken} > /tmp/planted`);
      assert.equal(await rig.exposedSecrets(), '/tmp/planted\n', 'the search finds what is there');
      await rig.machine.run('rm /tmp/planted');
      return `${lines.split('\n').length} command lines`;
    },
  },
  {
    name: 're-run: nothing changes, the listener keeps running',
    run: async (rig) => {
      const listener = async (): Promise<string> => (await rig.machine.run('pgrep -f listener.mjs')).output;
      const before = await listener();
      const start = Date.now();
      const output = await rig.install();
      const took = seconds(start);
      assert.equal(await listener(), before);
      assert.doesNotMatch(output, /installing|registering/);
      return took;
    },
  },
  {
    name: 'damaged program file: health fails, the next install repairs it',
    run: async (rig) => {
      await rig.machine.run('echo "# tampered" >>/opt/ado-agent/config.sh');
      await rig.refuses('health', /FAIL {2}program: files of the agent are not as they were installed/);
      const output = await rig.install();
      assert.match(output, /installing agent 4\.999\.1/);
      assert.doesNotMatch(output, /registering/);
      assert.equal((await rig.agent()).enabled, true);
      return undefined;
    },
  },
  {
    name: 'upgrade: waits for the running job, which succeeds, then the agent is back with the new version',
    run: async (rig) => {
      const { id } = await rig.queue('until [ -e /opt/ado-agent/_work/go ]; do sleep 0.1; done');
      await eventually('the job runs', async () => (await rig.job(id)).state === 'running');
      await rig.azure('set', { latest: '4.999.2' });
      const upgrade = rig.install();
      await eventually('the agent takes no further job', async () => !(await rig.agent()).enabled);
      const before = (await rig.journal()).length;
      await eventually('the script asks for the job', async () =>
        (await rig.journal()).slice(before).some((each) => each.path.includes('includeAssignedRequest')),
      );
      rig.machine.write('/opt/ado-agent/_work/go', '');
      assert.match(await upgrade, /waiting for the running job to end/);
      assert.equal((await rig.job(id)).result, 'succeeded');
      const version = (await rig.machine.run('cat /opt/ado-agent/bin/version')).output.trim();
      const agent = await rig.agent();
      assert.deepEqual([version, agent.enabled, agent.status], ['4.999.2', true, 'online']);
      return undefined;
    },
  },
  {
    name: 'an agent that people switched off stays off through a change',
    run: async (rig) => {
      const { id } = await rig.agent();
      await rig.azure('disable', id);
      await rig.install({ LOG_MAX_MB: '100', EGRESS_HOSTS: 'dev.azure.com', AGENT_VERSION: '4.999.1' });
      assert.equal((await rig.agent()).enabled, false);
      await rig.azure('enable', id);
      return undefined;
    },
  },
  {
    name: 'new name: the old registration is removed, the agent registers anew',
    run: async (rig) => {
      await rig.install({ AGENT_NAME: 'agent-renamed' });
      assert.equal((await rig.agent()).name, 'agent-renamed');
      await rig.install();
      assert.equal((await rig.agent()).name, 'agent-vm-0');
      return undefined;
    },
  },
  {
    name: 'reauth: the same agent has a new key and is online',
    run: async (rig) => {
      const before = await rig.agent();
      const { code, output } = await rig.init('reauth');
      assert.equal(code, 0, output);
      const after = await rig.agent();
      assert.equal(after.id, before.id);
      assert.notEqual(after.key, before.key);
      assert.equal(after.status, 'online');
      return undefined;
    },
  },
];
