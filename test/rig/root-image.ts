import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What an Azure VM image brings, and what agent-init.sh would install by apt. */
const packages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'procps', 'iproute2', 'git', 'libstdc++6'],
  ...['curl', 'jq', 'openssl', 'ca-certificates', 'nftables'],
  ...['libkrb5-3', 'zlib1g', 'libssl3', 'liblttng-ust1', 'libicu72'],
];

/**
 * The root file system of the rig's machine: made by debootstrap (a minute, 400 MB), kept between runs, never changed.
 * `keepIn` is a directory outside the checkout, so that fresh clones share it. Undefined where debootstrap fails.
 */
export function rootImage(keepIn: string): string | undefined {
  const identity = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const root = join(keepIn, `bookworm-${identity}`);
  if (existsSync(root)) return root;
  mkdirSync(keepIn, { recursive: true });
  const unfinished = `${root}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  console.log(`making the root file system ${root} (once, about a minute) ...`);
  const options = ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', unfinished];
  const made = spawnSync('debootstrap', [...options, 'http://deb.debian.org/debian'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (made.status !== 0) return undefined;
  renameSync(unfinished, root);
  return root;
}
