import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAgentPackage } from './agent-package.ts';
import { eventually, Machine, type Outcome } from './machine.ts';
import { makeCertificates, privateEndpoints, VirtualNetworks, type Certificates } from './network.ts';
import type { Agent, Job } from './stand-ins/agent-pool.ts';
import { control } from './stand-ins/control-socket.ts';
import { secrets } from './stand-ins/secrets.ts';

const toolkit = join(import.meta.dirname, '../../agent-bootstrap');
const argumentLog = '/var/log/arguments';

/** A machine in the bastion network, everything it talks to, and the agent-init.sh under test. */
export class Rig {
  readonly networks: VirtualNetworks;
  readonly machine: Machine;
  readonly directory: string;
  private closing: Promise<void> | undefined;
  private readonly certificates: Certificates;
  private readonly sockets: { azure: string; metadata: string; proxy: string };

  private constructor(image: string) {
    this.directory = mkdtempSync(join(tmpdir(), 'agent-rig-'));
    this.networks = new VirtualNetworks(this.directory);
    this.certificates = makeCertificates(this.directory, 'contoso-authority');
    const socket = (name: string): string => join(this.directory, `${name}.sock`);
    this.sockets = { azure: socket('azure'), metadata: socket('metadata'), proxy: socket('proxy') };
    this.machine = new Machine(image, join(this.directory, 'machine'), this.networks.bastion);
  }

  /** Starts everything; `image` is the machine's root file system. */
  static async start(image: string): Promise<Rig> {
    const rig = new Rig(image);
    const packages = join(rig.directory, 'packages');
    mkdirSync(packages);
    const { key, certificate, authority } = rig.certificates;
    const { networks, machine, sockets } = rig;
    await Promise.all([
      networks.serveDns(),
      networks.start(networks.workspace, 'azure-devops.ts', sockets.azure, key, certificate, packages),
      networks.start(networks.bastion, 'metadata-service.ts', sockets.metadata),
      networks.start(networks.workspace, 'proxy.ts', sockets.proxy),
    ]);
    for (const version of ['4.999.1', '4.999.2']) {
      copyFileSync(buildAgentPackage(version, packages), machine.path(`/root/${version}.tar.gz`));
    }
    networks.writeResolver(machine.path('/etc'));
    machine.write('/etc/ado-agent/ca.pem', readFileSync(authority, 'utf8'));
    cpSync(toolkit, machine.path('/root/agent-bootstrap'), { recursive: true });
    // Every program that could be given a secret writes down what it was given.
    for (const program of ['curl', 'jq', 'setpriv', 'openssl']) {
      const text = `#!/bin/bash\nprintf '%q ' "$0" "$@" 2>/dev/null >>${argumentLog}; echo 2>/dev/null >>${argumentLog}\nexec /usr/bin/${program} "$@"\n`;
      machine.write(`/usr/local/bin/${program}`, text, 0o755);
    }
    await machine.boot();
    return rig;
  }

  /** What the programs were given on their command lines so far. */
  commandLines(): string {
    return readFileSync(this.machine.path(argumentLog), 'utf8');
  }

  /** Where the machine keeps or shows a secret that it should not; empty when nowhere. */
  async exposedSecrets(): Promise<string> {
    const lines = this.commandLines();
    const named = Object.entries(secrets).filter(([, secret]) => lines.includes(secret));
    const sent = (await this.journal()).filter((each) => each.leak);
    const patterns = Object.values(secrets).map((secret) => `-e '${secret}'`);
    const places = '/etc /opt /var /usr/local /root /home /tmp /run --exclude-dir=agent-bootstrap';
    const { output } = await this.machine.run(
      `grep -rlF ${patterns.join(' ')} ${places} 2>/dev/null; journalctl -o cat | grep -F ${patterns.join(' ')}`,
    );
    const onCommandLines = named.map(([name]) => `${name} is on a command line\n`).join('');
    return onCommandLines + sent.map((each) => `${each.path} was sent a secret\n`).join('') + output;
  }

  azure(command: string, argument?: unknown): Promise<unknown> {
    return control(this.sockets.azure, command, argument);
  }

  metadata(command: string, argument?: unknown): Promise<unknown> {
    return control(this.sockets.metadata, command, argument);
  }

  async tunnels(): Promise<{ host: string; allowed: boolean }[]> {
    return (await control(this.sockets.proxy, 'tunnels')) as { host: string; allowed: boolean }[];
  }

  async agents(): Promise<Agent[]> {
    return (await this.azure('agents')) as Agent[];
  }

  /** The one agent of the pool. */
  async agent(): Promise<Agent> {
    const [agent, ...others] = await this.agents();
    assert.ok(agent, 'the pool has no agent');
    assert.deepEqual(others, [], 'the pool has more than one agent');
    return agent;
  }

  async journal(): Promise<{ method: string; host: string; path: string; status: number; leak: boolean }[]> {
    return (await this.azure('journal')) as {
      method: string;
      host: string;
      path: string;
      status: number;
      leak: boolean;
    }[];
  }

  async queue(script: string): Promise<Job> {
    return (await this.azure('queue', { agentName: 'agent-vm-0', script })) as Job;
  }

  async job(id: number): Promise<Job> {
    const found = ((await this.azure('jobs')) as Job[]).find((job) => job.id === id);
    assert.ok(found);
    return found;
  }

  /** Queues a job, waits for its end. */
  async runJob(script: string): Promise<Job> {
    const { id } = await this.queue(script);
    await eventually('the job ends', async () => (await this.job(id)).state === 'ended');
    return this.job(id);
  }

  /** Writes agent.conf: what every scenario needs, then its own settings. */
  configure(settings: Record<string, string> = {}): void {
    const all: Record<string, string> = {
      ORGANIZATION_URL: 'https://dev.azure.com/contoso',
      POOL: 'bastion-agents',
      AGENT_NAME: 'agent-vm-0',
      PRIVATE_HOSTS: Object.keys(privateEndpoints).join(' '),
      CA_FILE: '/etc/ado-agent/ca.pem',
      DRAIN_TIMEOUT_MINUTES: '1',
      DISK_MAX_PERCENT: '99',
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}="${value}"\n`);
    this.machine.write('/etc/ado-agent/agent.conf', lines.join(''));
  }

  /** Runs the script from where a person has copied it. */
  init(verb: string): Promise<Outcome> {
    return this.machine.run(`/root/agent-bootstrap/agent-init.sh ${verb}`);
  }

  async install(settings: Record<string, string> = {}): Promise<string> {
    this.configure(settings);
    const outcome = await this.init('install');
    assert.equal(outcome.code, 0, outcome.output);
    return outcome.output;
  }

  /** Expects a verb to fail with a sentence. */
  async refuses(verb: string, sentence: RegExp): Promise<string> {
    const outcome = await this.init(verb);
    assert.equal(outcome.code, 1, outcome.output);
    assert.match(outcome.output, sentence);
    assert.doesNotMatch(outcome.output, /unexpected failure/);
    return outcome.output;
  }

  async nothingInstalled(): Promise<void> {
    const { output } = await this.machine.run(
      'ls -A /opt/ado-agent 2>/dev/null; ls /etc/systemd/system/ado-agent.service 2>/dev/null',
    );
    assert.doesNotMatch(output, /bin|\.agent|\.credentials|ado-agent\.service/);
    assert.deepEqual(await this.agents(), []);
  }

  /** The machine as if agent-init.sh had never been there, and an empty pool. */
  async reset(): Promise<void> {
    const units = 'ado-agent.service ado-agent-events.service ado-agent-health.timer ado-agent-clean.timer';
    const outcome = await this.machine.run(
      `systemctl disable --quiet ado-agent-shutdown.service ${units} 2>/dev/null
       systemctl kill --signal=SIGKILL ado-agent.service 2>/dev/null
       rm -rf /etc/systemd/system/ado-agent*
       systemctl daemon-reload; systemctl stop ${units} ado-agent-shutdown.service 2>/dev/null; systemctl reset-failed
       rm -rf /opt/ado-agent /var/lib/ado-agent /usr/local/share/ado-agent /usr/local/sbin/agent-init.sh /opt/hostedtoolcache
       rm -f /usr/local/share/ca-certificates/ado-agent.crt && update-ca-certificates >/dev/null 2>&1; nft delete table inet ado_agent 2>/dev/null; true`,
    );
    assert.equal(outcome.code, 0, outcome.output);
    await this.azure('forget');
    await this.azure('setPool', { autoUpdate: true });
    await this.azure('set', {
      latest: '4.999.1',
      tamper: false,
      stallDownload: false,
      stallRegistration: false,
      forbidden: false,
    });
    await this.metadata('set', { tokenExpired: false, hasIdentity: true, events: [] });
  }

  /** Ends and removes everything; whoever asks again waits for the same end. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await this.machine.close();
    await this.networks.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
