// npm run test:rig [-- PATTERN]: agent-init.sh on a whole machine, behind a network like that of the product.
// Needs root, Linux and the tools named below; without them it says so and ends well.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Rig } from './rig.ts';
import { rootImage } from './root-image.ts';
import type { Scenario } from './scenario.ts';
import { alternativeScenarios } from './scenarios/alternatives.ts';
import { installationScenarios } from './scenarios/installation.ts';
import { jobScenarios } from './scenarios/jobs.ts';
import { networkScenarios } from './scenarios/network.ts';
import { powerScenarios } from './scenarios/power.ts';
import { removalScenarios } from './scenarios/removal.ts';

const groups: Record<string, Scenario[]> = {
  network: networkScenarios,
  installation: installationScenarios,
  jobs: jobScenarios,
  removal: removalScenarios,
  power: powerScenarios,
  alternatives: alternativeScenarios,
};

function missing(): string[] {
  const tools = [
    'ip',
    'nft',
    'dnsmasq',
    'openssl',
    'systemd-nspawn',
    'debootstrap',
    'nsenter',
    'unshare',
    'script',
    'tar',
  ];
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const absent = tools.filter((tool) => !directories.some((directory) => executable(join(directory, tool))));
  const rights = absent.length > 0 || namespaces() ? [] : ['the right to make namespaces'];
  const system = process.platform === 'linux' ? [] : ['Linux'];
  return [...system, ...(process.getuid?.() === 0 ? [] : ['root']), ...absent, ...rights];
}

function namespaces(): boolean {
  return spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status === 0;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function row(result: string, seconds: number, name: string, note = ''): void {
  console.log(`${result.padEnd(6)} ${seconds.toFixed(1).padStart(5)} s  ${name}${note === '' ? '' : ` (${note})`}`);
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs a group; what comes after a failure stands on it and is not run. */
async function runGroup(rig: Rig, scenarios: Scenario[], tally: Tally): Promise<void> {
  for (const [index, { name, run }] of scenarios.entries()) {
    const start = Date.now();
    const seconds = (): number => (Date.now() - start) / 1000;
    try {
      const note = await run(rig);
      row('ok', seconds(), name, note);
      tally.passed += 1;
    } catch (error) {
      row('FAILED', seconds(), name);
      console.log(error instanceof Error ? error.message : error);
      tally.failed += 1;
      tally.skipped += scenarios.length - index - 1;
      return;
    } finally {
      await rig.networks.restore();
    }
  }
}

async function main(): Promise<void> {
  const absent = missing();
  if (absent.length > 0) {
    console.log(`rig: skipped, this machine lacks ${absent.join(', ')}`);
    return;
  }
  const only = process.argv[2];
  const begin = Date.now();
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const image = rootImage('/var/cache/secure-mlops-rig');
  if (image === undefined) {
    console.log(
      'rig: skipped, debootstrap could not make the root file system: see above; are the package sources in reach?',
    );
    return;
  }
  const rig = await Rig.start(image);
  // A scenario that is under way fails when its machine goes; the process ends when all is removed.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void rig.close().then(() => process.exit(130)));
  try {
    row('booted', (Date.now() - begin) / 1000, 'a machine in the bastion network');
    for (const [group, scenarios] of Object.entries(groups)) {
      if (only !== undefined && !group.includes(only)) continue;
      console.log(`\n${group}`);
      await rig.reset();
      await runGroup(rig, scenarios, tally);
    }
  } finally {
    await rig.close();
  }
  const took = ((Date.now() - begin) / 1000).toFixed(0);
  console.log(`\nrig: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} not run, in ${took} s`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

await main();
