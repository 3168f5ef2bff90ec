/** The notices that the licences of bundled packages ask for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundledPackage } from './inspect-bundle.ts';

interface Notice {
  readonly title: string;
  readonly licence: string;
}

/** One text for a task: each licence once, under the packages it covers. */
export function thirdPartyNotices(root: string, packages: readonly BundledPackage[]): string {
  const notices = packages.map((found) => readNotice(join(root, found.root)));
  const byLicence = Object.entries(groupTitles(notices));
  const sections = byLicence.map(([licence, titles]) => `${[...titles].sort().join('\n')}\n\n${licence}\n`);
  const head = 'This task contains the following third-party software, under the licences below.\n';
  return [head, ...sections].join(`\n${'-'.repeat(80)}\n\n`);
}

function groupTitles(notices: readonly Notice[]): Readonly<Record<string, Set<string>>> {
  const groups: Record<string, Set<string>> = {};
  for (const { title, licence } of notices) (groups[licence] ??= new Set()).add(title);
  return groups;
}

function readNotice(folder: string): Notice {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)/i.test(name) && existsSync(join(folder, name)));
  const licence = file === undefined ? (manifest.license ?? '') : readFileSync(join(folder, file), 'utf8');
  if (licence === '') throw new Error(`${manifest.name} ${manifest.version} names no licence`);
  return { title: `${manifest.name} ${manifest.version}`, licence: licence.replaceAll('\r\n', '\n').trim() };
}
