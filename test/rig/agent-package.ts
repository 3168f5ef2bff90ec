import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Packs the stand-in agent as the real one is packed: an archive whose `./` entry carries an owner and a mode.
 * The real package has hundreds of files; some are added so that unpacking and checking take their time.
 */
export function buildAgentPackage(version: string, directory: string): string {
  const tree = mkdtempSync(join(tmpdir(), 'agent-package-'));
  cpSync(join(import.meta.dirname, 'agent-package'), tree, { recursive: true });
  writeFileSync(join(tree, 'bin/version'), `${version}\n`);
  writeFileSync(join(tree, 'license.html'), '<p>stand-in</p>\n');
  // config.sh looks at the libraries of this file; any program will do.
  copyFileSync('/usr/bin/true', join(tree, 'bin/libcoreclr.so'));
  mkdirSync(join(tree, 'externals/filler'));
  for (let i = 0; i < 300; i++) writeFileSync(join(tree, `externals/filler/${i}.dat`), `${version} ${i}\n`.repeat(500));
  const file = join(directory, `vsts-agent-linux-x64-${version}.tar.gz`);
  execFileSync('tar', ['-czf', file, '--owner=1001', '--group=1001', '-C', tree, '.']);
  rmSync(tree, { recursive: true });
  return file;
}
