import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The private endpoints of the workspace, and where each public name leads when its zone is linked. */
export const privateEndpoints: Record<string, { privateName: string; address: string }> = {
  'ws1.workspace.westeurope.api.azureml.ms': {
    privateName: 'ws1.workspace.westeurope.privatelink.api.azureml.ms',
    address: '10.10.1.4',
  },
  'stmlops.blob.core.windows.net': { privateName: 'stmlops.privatelink.blob.core.windows.net', address: '10.10.1.5' },
  'kvmlops.vault.azure.net': { privateName: 'kvmlops.privatelink.vaultcore.azure.net', address: '10.10.1.6' },
  'crmlops.azurecr.io': { privateName: 'crmlops.privatelink.azurecr.io', address: '10.10.1.7' },
};

/** What registration reaches through the firewall. */
export const publicHosts: Record<string, string> = {
  'dev.azure.com': '13.107.6.183',
  'contoso.vssps.visualstudio.com': '13.107.6.183',
  'contoso.vsblob.visualstudio.com': '13.107.6.183',
  'login.microsoftonline.com': '13.107.6.183',
  'download.agent.dev.azure.com': '13.107.6.184',
};

const dnsServer = '168.63.129.16';
const metadataService = '169.254.169.254';

function run(command: string, ...argument: string[]): void {
  execFileSync(command, argument, { stdio: ['ignore', 'ignore', 'pipe'] });
}

export interface Certificates {
  authority: string;
  key: string;
  certificate: string;
}

/** A throw-away authority and one certificate for the public names, as private endpoints present them. */
export function makeCertificates(directory: string, authorityName: string): Certificates {
  const file = (name: string): string => join(directory, `${authorityName}-${name}`);
  const names = [...Object.keys(privateEndpoints), ...Object.keys(publicHosts)].map((name) => `DNS:${name}`).join(',');
  writeFileSync(file('names'), `subjectAltName=${names}\n`);
  const newKey = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run(
    'openssl',
    ...newKey,
    '-x509',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    `/CN=${authorityName}`,
    '-days',
    '2',
  );
  run('openssl', ...newKey, '-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=server');
  const sign = [
    'x509',
    '-req',
    '-in',
    file('server.csr'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
  ];
  run('openssl', ...sign, '-days', '2', '-out', file('server.pem'), '-extfile', file('names'));
  return { authority: file('ca.pem'), key: file('server.key'), certificate: file('server.pem') };
}

/**
 * The bastion and the workspace's virtual networks as network namespaces, joined by a pair of interfaces that stands
 * for the peering. The bastion has the addresses of Azure's DNS and metadata service, and no route to anywhere else.
 */
export class VirtualNetworks {
  readonly bastion = `bastion-${process.pid}`;
  readonly workspace = `workspace-${process.pid}`;
  private readonly directory: string;
  private readonly processes: ChildProcess[] = [];
  private dns: ChildProcess | undefined;
  private changed = false;

  constructor(directory: string) {
    this.directory = directory;
    const inBastion = (...argument: string[]): void => {
      run('ip', '-n', this.bastion, ...argument);
    };
    const inWorkspace = (...argument: string[]): void => {
      run('ip', '-n', this.workspace, ...argument);
    };
    for (const name of [this.bastion, this.workspace]) run('ip', 'netns', 'add', name);
    const [left, right] = [`b${process.pid}`, `w${process.pid}`];
    run(
      'ip',
      'link',
      'add',
      left,
      'netns',
      this.bastion,
      'type',
      'veth',
      'peer',
      'name',
      right,
      'netns',
      this.workspace,
    );
    inBastion('addr', 'add', '10.20.0.4/24', 'dev', left);
    inWorkspace('addr', 'add', '10.20.0.1/24', 'dev', right);
    for (const link of ['lo', left]) inBastion('link', 'set', link, 'up');
    for (const link of ['lo', right]) inWorkspace('link', 'set', link, 'up');
    const served = [...Object.values(privateEndpoints).map((each) => each.address), ...Object.values(publicHosts)];
    for (const address of new Set(served)) inWorkspace('addr', 'add', `${address}/32`, 'dev', 'lo');
    for (const address of [dnsServer, metadataService]) inBastion('addr', 'add', `${address}/32`, 'dev', 'lo');
    inBastion('route', 'add', 'blackhole', 'default');
    this.openRoutes();
  }

  /** No way to the private endpoints any more. */
  cutPeering(): void {
    run('ip', '-n', this.bastion, 'route', 'del', '10.10.0.0/16');
  }

  /** No way to the public names any more, but through the proxy. */
  closeFirewall(): void {
    run('ip', '-n', this.bastion, 'route', 'del', '13.107.6.0/24');
  }

  /** Serves private DNS; a name of `changes` has another address (empty: none). */
  async serveDns(changes: Record<string, string> = {}): Promise<void> {
    const records = Object.entries(privateEndpoints).flatMap(([name, { privateName, address }]) => {
      const changed = changes[name];
      if (changed === '') return [];
      if (changed !== undefined) return [`host-record=${name},${changed}`];
      return [`cname=${name},${privateName}`, `host-record=${privateName},${address}`];
    });
    const open = Object.entries(publicHosts).map(([name, address]) => `host-record=${name},${address}`);
    const options = ['no-resolv', 'no-hosts', 'bind-interfaces', `listen-address=${dnsServer}`, 'local-ttl=0'];
    const file = join(this.directory, 'dnsmasq.conf');
    writeFileSync(file, [...options, ...records, ...open, ''].join('\n'));
    this.changed = Object.keys(changes).length > 0;
    await stop(this.dns);
    const child = spawn(
      'ip',
      ['netns', 'exec', this.bastion, 'dnsmasq', '--keep-in-foreground', '--log-facility=-', '-C', file],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.dns = child;
    await lineMatching(child, child.stderr, /started/);
  }

  private openRoutes(): void {
    for (const route of ['10.10.0.0/16', '13.107.6.0/24']) {
      run('ip', '-n', this.bastion, 'route', 'replace', route, 'via', '10.20.0.1');
    }
  }

  /** Undoes what a scenario has changed. */
  async restore(): Promise<void> {
    this.openRoutes();
    if (this.changed) await this.serveDns();
  }

  /** Starts a stand-in in one of the networks; resolves when it listens. */
  async start(network: string, file: string, ...argument: string[]): Promise<ChildProcess> {
    const script = join(import.meta.dirname, 'stand-ins', file);
    const child = spawn('ip', ['netns', 'exec', network, 'node', '--import', 'tsx', script, ...argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.processes.push(child);
    await lineMatching(child, child.stdout, /^listening/);
    return child;
  }

  /** Ends every process of these networks and removes them. */
  async close(): Promise<void> {
    for (const child of [...this.processes, this.dns]) await stop(child);
    for (const name of [this.bastion, this.workspace]) run('ip', 'netns', 'del', name);
  }

  /** The resolver of the machines in the bastion network. */
  writeResolver(etc: string): void {
    mkdirSync(etc, { recursive: true });
    rmSync(join(etc, 'resolv.conf'), { force: true });
    writeFileSync(join(etc, 'resolv.conf'), `nameserver ${dnsServer}\n`);
  }
}

/** Ends a child process and waits for its end. */
export async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

function lineMatching(child: ChildProcess, stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.split('\n').some((line) => pattern.test(line))) resolve();
    });
    child.once('exit', (code) => {
      reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${seen}`));
    });
  });
}
