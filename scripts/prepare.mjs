// Runs before every npm script that needs more than Node: installs what the lockfile asks for and builds what is stale.
// Plain JavaScript without imports of packages, because on a fresh clone there are none yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node 20.19 or newer is needed; this is ${process.versions.node}. Install a current Node 20, 22 or 24.`);
}

if (isStale('node_modules/.installed', lockHash())) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'Installing packages (once) …');
  stamp('node_modules/.installed', lockHash());
}
// The package that brings Node 24 for the tests links it as `node`, in front of the Node that npm scripts are run with.
rmSync(join(root, 'node_modules/.bin/node'), { force: true });

build('tasks', 'scripts/bundle.ts', ['tasks', 'scripts', 'images', 'vss-extension.json']);
build('emulator', 'scripts/bundle-emulator.ts', ['local/emulator', 'scripts/bundle-emulator.ts']);
build('pool', 'scripts/bundle-pool.ts', ['agent-bootstrap/pool', 'scripts/bundle-pool.ts']);

function build(what, script, sources) {
  const stampFile = `dist/.built-${what}`;
  const hash = sourceHash([...sources, 'package.json', 'package-lock.json']);
  if (!isStale(stampFile, hash)) return;
  run(process.execPath, ['--import', 'tsx', script], `Building the ${what} …`);
  stamp(stampFile, hash);
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** Names, sizes and times of change are enough: a build is cheap, a missed one is not, so any touch rebuilds. */
function sourceHash(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    const stat = statSync(full);
    if (stat.isDirectory()) for (const name of readdirSync(full).sort()) visit(join(path, name));
    else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  paths.forEach(visit);
  return hash.digest('hex');
}

function isStale(file, expected) {
  const path = join(root, file);
  return !existsSync(path) || readFileSync(path, 'utf8') !== expected;
}

function stamp(file, content) {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), content);
}

function run(command, args, message) {
  process.stderr.write(`${message}\n`);
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 'inherit'] });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args[0]} failed; its output is above.`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
