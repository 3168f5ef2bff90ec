import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export interface Outcome {
  code: number;
  output: string;
}

/** A whole machine, booted by systemd, in one of the rig's networks. Its disk outlives its power. */
export class Machine {
  private readonly directory: string;
  private readonly network: string;
  private readonly root: string;
  private host: ChildProcess | undefined;
  private init = 0;

  /** `image` is the root file system; what the machine writes goes to `directory`. */
  constructor(image: string, directory: string, network: string) {
    this.directory = directory;
    this.network = network;
    this.root = join(directory, 'root');
    mkdirSync(directory, { recursive: true });
    // In memory: fast, and it works where this host's own disk is a layered one.
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
    const [changes, work] = [join(directory, 'changes'), join(directory, 'work')];
    for (const each of [this.root, changes, work]) mkdirSync(each, { recursive: true });
    const layers = `lowerdir=${image},upperdir=${changes},workdir=${work}`;
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.root]);
  }

  /** The path on this host of a file of the machine. */
  path(file: string): string {
    return join(this.root, file);
  }

  write(file: string, text: string, mode = 0o644): void {
    mkdirSync(join(this.path(file), '..'), { recursive: true });
    writeFileSync(this.path(file), text, { mode });
  }

  /** Switches the machine on and waits until systemd has started everything. */
  async boot(): Promise<void> {
    // PID 1 of this host may be no systemd, and its cgroups version 1: the machine gets its own /run/systemd.
    const start = join(this.directory, 'boot.sh');
    writeFileSync(
      start,
      `mount --make-rprivate / && mount -t tmpfs tmpfs /run/systemd || exit 1
${unifiedControlGroups() ? '' : 'export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0'}
exec systemd-nspawn -q -D ${this.root} -b --register=no --keep-unit --network-namespace-path=/run/netns/${this.network} \\
  --capability=CAP_NET_ADMIN --resolv-conf=off --console=read-only --bind-ro=${process.execPath}:/usr/local/bin/node
`,
    );
    mkdirSync('/run/systemd', { recursive: true });
    const host = spawn('script', ['-qec', `unshare -m bash ${start}`, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.host = host;
    const console = join(this.directory, 'console.log');
    for (const stream of [host.stdout, host.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        appendFileSync(console, chunk);
      });
    }
    await eventually('the machine boots', () => {
      if (host.exitCode !== null) throw new Error(`nspawn ended: ${readFileSync(console, 'utf8')}`);
      this.init = this.findInit();
      return this.init !== 0;
    });
    await eventually(
      'systemd is up',
      async () => {
        const state = await this.run('systemctl is-system-running');
        return /^(running|degraded)/.test(state.output);
      },
      60,
    );
  }

  /** Runs a shell command as root inside the machine. */
  run(command: string): Promise<Outcome> {
    const namespaces = ['-t', `${this.init}`, '-m', '-u', '-i', '-p', '-n', '-C'];
    const inside = [
      'env',
      '-i',
      'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'bash',
      '-c',
      command,
    ];
    return new Promise((resolve, reject) => {
      const child = spawn('nsenter', [...namespaces, '--', ...inside], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => {
        resolve({ code: code ?? -1, output });
      });
    });
  }

  /** Takes the power away: every process ends at once, the disk stays. */
  async cutPower(): Promise<void> {
    process.kill(this.init, 'SIGKILL');
    await this.off();
  }

  /** Waits until the machine is off. */
  async off(): Promise<void> {
    const host = this.host;
    if (host?.exitCode === null && host.signalCode === null) {
      await new Promise((resolve) => host.once('exit', resolve));
    }
    this.host = undefined;
    removeControlGroups();
  }

  /** Switches off and forgets the disk. */
  async close(): Promise<void> {
    if (this.host) await this.cutPower();
    // Lazily: a command that was running in the machine may still be on its way out.
    execFileSync('umount', ['--lazy', this.root]);
    execFileSync('umount', ['--lazy', this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The process that is PID 1 of its own namespace in the machine's network. */
  private findInit(): number {
    const network = statSync(`/run/netns/${this.network}`).ino;
    for (const pid of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
      try {
        const isInit = /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        const sameNetwork = readlinkSync(`/proc/${pid}/ns/net`) === `net:[${network}]`;
        if (isInit && sameNetwork && readlinkSync(`/proc/${pid}/exe`).includes('systemd')) return Number(pid);
      } catch {
        continue; // ended meanwhile
      }
    }
    return 0;
  }
}

function unifiedControlGroups(): boolean {
  return readdirSync('/sys/fs/cgroup').includes('cgroup.controllers');
}

/** Where nspawn could not ask a systemd of this host, it leaves its groups behind. */
function removeControlGroups(): void {
  for (const hierarchy of ['systemd', 'unified']) {
    for (const group of ['payload', 'supervisor']) removeGroup(`/sys/fs/cgroup/${hierarchy}/${group}`);
  }
}

function removeGroup(group: string): void {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroup(join(group, entry.name));
    }
    rmdirSync(group);
  } catch {
    return; // not there, or somebody else's
  }
}

/** Waits for a condition by asking again; fails with what was waited for. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
