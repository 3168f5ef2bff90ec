import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { eventually } from '../machine.ts';
import type { Scenario } from '../scenario.ts';

/** What a hostile job tries; each line of its output is one success. */
const hostileJob = `
cd /opt/ado-agent
(echo x >>bin/Agent.Listener) 2>/dev/null && echo changed-a-program
mv runsvc.sh elsewhere 2>/dev/null && echo moved-a-script
rm -rf bin 2>/dev/null; [ -x bin/Agent.Listener ] || echo removed-the-programs
(echo LD_PRELOAD=/tmp/x.so >>.env) 2>/dev/null && echo changed-the-environment
(rm -f .env && ln -s /etc/shadow .env) 2>/dev/null && echo replaced-the-environment
(echo /tmp >.path) 2>/dev/null && echo changed-the-path
(echo x >/usr/local/sbin/agent-init.sh) 2>/dev/null && echo changed-the-script
(echo x >/etc/ado-agent/agent.conf) 2>/dev/null && echo changed-the-settings
ls /var/lib/ado-agent >/dev/null 2>&1 && echo read-the-state
curl -s --noproxy '*' -m 2 -H Metadata:true 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=499b84ac-1321-427f-aa17-267ca6975798' | grep -q token && echo took-a-token
grep -q 'NoNewPrivs:.*1' /proc/self/status || echo may-gain-privileges
unshare -U true 2>/dev/null && echo made-a-namespace
[ -e /proc/1/status ] && echo sees-other-processes
ls /home/* /root >/dev/null 2>&1 && echo read-homes
true`;

/** What jobs may and may not do, and what happens to them. */
export const jobScenarios: Scenario[] = [
  {
    name: 'a job runs, and its result reaches the server',
    run: async (rig) => {
      await rig.install();
      const { result, output } = await rig.runJob('echo hello from $(id -un); test -w /opt/ado-agent/_work');
      assert.deepEqual([result, output], ['succeeded', 'hello from azdo\n']);
      return undefined;
    },
  },
  {
    name: 'a hostile job changes no program, no setting, gets no token, no privilege',
    run: async (rig) => {
      const { output, result } = await rig.runJob(hostileJob);
      assert.deepEqual([output, result], ['', 'succeeded']);
      const { code } = await rig.init('health');
      assert.equal(code, 0);
      return `${hostileJob.match(/echo [a-z-]+$/gm)?.length ?? 0} attempts`;
    },
  },
  {
    name: 'a link planted by a job is not followed when root writes there',
    run: async (rig) => {
      await rig.machine.run('echo precious >/etc/precious');
      await rig.runJob(
        'ln -s /etc/precious /opt/ado-agent/.proxybypass; mkdir -p /opt/ado-agent/_diag/pages; ln -s /etc /opt/ado-agent/_diag/pages/etc',
      );
      await rig.install({ PROXY_BYPASS: 'dev.azure.com', LOG_MAX_MB: '1' });
      const { code, output } = await rig.init('clean');
      assert.equal(code, 0, output);
      assert.equal((await rig.machine.run('cat /etc/precious')).output, 'precious\n');
      assert.ok(existsSync(rig.machine.path('/etc/passwd')));
      return undefined;
    },
  },
  {
    name: 'ALLOW_JOB_IDENTITY=true opens the metadata service to jobs, false closes it again',
    run: async (rig) => {
      const ask = `curl -s -m 2 -H Metadata:true http://169.254.169.254/metadata/instance/compute`;
      await rig.install({ ALLOW_JOB_IDENTITY: 'true' });
      assert.match((await rig.runJob(ask)).output ?? '', /agent-vm-0/);
      await rig.install();
      assert.equal((await rig.runJob(ask)).output, '');
      return undefined;
    },
  },
  {
    name: 'ALLOW_SUDO=true lets jobs gain privileges, false takes it back',
    run: async (rig) => {
      await rig.machine.run('mkdir -p /etc/sudoers.d; install -m 4755 /usr/bin/id /usr/local/bin/id-as-root');
      await rig.install({ ALLOW_SUDO: 'true' });
      assert.match((await rig.runJob('id-as-root')).output ?? '', /euid=0/);
      await rig.install();
      assert.doesNotMatch((await rig.runJob('id-as-root')).output ?? '', /euid=0/);
      assert.equal(existsSync(rig.machine.path('/etc/sudoers.d/ado-agent')), false);
      return undefined;
    },
  },
  {
    name: 'a listener that dies comes back by itself',
    run: async (rig) => {
      const listener = async (): Promise<string> => (await rig.machine.run('pgrep -f listener.mjs')).output.trim();
      const before = await listener();
      await rig.machine.run(`kill -9 ${before}`);
      await eventually('another listener runs', async () => {
        const now = await listener();
        return now !== '' && now !== before;
      });
      assert.equal((await rig.runJob('true')).result, 'succeeded');
      return undefined;
    },
  },
  {
    name: 'stop during a job: the job is cancelled and reported, its processes are gone, the session is closed',
    run: async (rig) => {
      const { id } = await rig.queue('sleep 1234');
      await eventually('the job runs', async () => (await rig.job(id)).state === 'running');
      await rig.machine.run('systemctl stop ado-agent.service');
      assert.equal((await rig.job(id)).result, 'canceled');
      assert.equal((await rig.agent()).status, 'offline');
      assert.equal((await rig.machine.run("pgrep -f '^sleep 1234'")).output, '');
      await rig.install();
      return undefined;
    },
  },
  {
    name: 'clean: old logs go, and logs beyond LOG_MAX_MB, oldest first',
    run: async (rig) => {
      rig.configure({ LOG_MAX_MB: '1' });
      const inLogs = 'cd /opt/ado-agent/_diag; umask 022';
      await rig.machine.run(
        `${inLogs}; for i in 1 2 3; do head -c 600000 /dev/zero >page-$i.log; touch -d "$i days ago" page-$i.log; done
         touch -d '20 days ago' old.log; mkdir -p ../_work/_temp; touch -d '3 days ago' ../_work/_temp/left; touch ../_work/_temp/new
         chown -R azdo: . ../_work`,
      );
      const { code, output } = await rig.init('clean');
      assert.equal(code, 0, output);
      const { output: left } = await rig.machine.run(`${inLogs}; ls *.log ../_work/_temp | grep -v Agent_`);
      assert.deepEqual(left.trim().split('\n').filter(Boolean), ['page-1.log', '../_work/_temp:', 'new']);
      rig.configure();
      return undefined;
    },
  },
];
