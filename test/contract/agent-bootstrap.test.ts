import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNITS = join(ROOT, 'agent-bootstrap/units');
/** Of ten, lower is better; what is left is the network, other users and the like, which jobs need. */
const HIGHEST_EXPOSURE = 2.0;

const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

/** Skips the test where its tool is not on this machine, and says which package brings it. */
function needs(test: Mocha.Context, tool: string, packageName: string): void {
  if (has(tool)) return;
  process.stderr.write(`${tool} is missing: apt-get install --no-install-recommends ${packageName}\n`);
  test.skip();
}

function shellScripts(): string[] {
  const tracked = execFileSync('git', ['ls-files', 'agent-bootstrap', 'test/rig', 'test/bats'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return tracked.split('\n').filter((file) => /\.(sh|bats)$/.test(file));
}

/** A directory that looks like the machine after `agent-init.sh install`, for systemd's own checks. */
function installedMachine(): string {
  const root = mkdtempSync(join(tmpdir(), 'agent-units-'));
  const programs = ['opt/ado-agent/runsvc.sh', 'usr/local/sbin/agent-init.sh', 'usr/sbin/nft', 'bin/true'];
  for (const file of programs) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), '#!/bin/sh\n');
    chmodSync(join(root, file), 0o755);
  }
  cpSync(UNITS, join(root, 'etc/systemd/system'), { recursive: true });
  cpSync('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true });
  return root;
}

describe('agent-bootstrap', function () {
  this.timeout(120_000);

  it('passes its bats tests', function () {
    needs(this, 'bats', 'bats');
    needs(this, 'jq', 'jq');
    const { status, stdout } = spawnSync('bats', ['--tap', join(ROOT, 'test/bats')], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^ok \d+ /m);
  });

  it('has scripts without a finding of shellcheck', function () {
    needs(this, 'shellcheck', 'shellcheck');
    const scripts = shellScripts();
    assert.ok(scripts.includes('agent-bootstrap/agent-init.sh'));
    const { status, stdout } = spawnSync('shellcheck', scripts, { cwd: ROOT, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });

  it('has units, with every drop-in, that systemd understands wholly', function () {
    needs(this, 'systemd-analyze', 'systemd');
    const root = installedMachine();
    const units = readdirSync(UNITS).filter((file) => /\.(service|timer)$/.test(file));
    assert.equal(units.length, 7);
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', `--root=${root}`, '--man=no', ...units], {
      encoding: 'utf8',
    });
    rmSync(root, { recursive: true });
    const findings = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('ado-agent'));
    assert.deepEqual(findings, []);
  });

  it(`has a service whose exposure is at most ${HIGHEST_EXPOSURE} of 10`, function () {
    needs(this, 'systemd-analyze', 'systemd');
    // Alone, because systemd would read the optional drop-ins beside it.
    const directory = mkdtempSync(join(tmpdir(), 'agent-unit-'));
    const unit = join(directory, 'ado-agent.service');
    cpSync(join(UNITS, 'ado-agent.service'), unit);
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit], {
      encoding: 'utf8',
    });
    rmSync(directory, { recursive: true });
    const exposure = /Overall exposure level for ado-agent\.service: ([0-9.]+)/.exec(stdout)?.[1];
    assert.ok(Number(exposure) <= HIGHEST_EXPOSURE, `exposure ${exposure ?? 'unknown'}`);
  });
});
