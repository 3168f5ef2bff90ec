// Runs the script of a CmdLine, Bash or PowerShell step in a process group of its own. Has no packages: it is copied.
'use strict';
const { spawn } = require('node:child_process');
const { randomUUID } = require('node:crypto');
const { writeFileSync, existsSync, statSync } = require('node:fs');
const { constants } = require('node:os');
const { join } = require('node:path');
const task = require('./task.json');

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const isOn = (name) => input(name).toLowerCase() === 'true';
const escape = (text) => text.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** What an agent hands to a task alone; scripts see secrets only where `env:` maps them. */
const NOT_FOR_SCRIPTS = /^(INPUT_|SECRET_|ENDPOINT_AUTH_|SECUREFILE_TICKET_|VSTS_TASKVARIABLE_)/;

function fail(message) {
  console.log(`##vso[task.logissue type=error]${escape(message)}`);
  console.log('##vso[task.complete result=Failed]');
}

/** The file to run: the one that is named, or a new one with the text of the step. */
function scriptFile(extension) {
  const isInline = task.name === 'CmdLine' || input('targetType').toLowerCase() === 'inline';
  if (!isInline) {
    const file = input('filePath');
    return existsSync(file) && statSync(file).isFile() ? { file, extra: ` ${input('arguments')}` } : undefined;
  }
  const file = join(process.env.AGENT_TEMPDIRECTORY, `${randomUUID()}.${extension}`);
  const preference = input('errorActionPreference') || 'stop';
  const header = extension === 'ps1' ? `$ErrorActionPreference = '${preference.replaceAll("'", "''")}'\n` : '';
  writeFileSync(file, header + input('script'), { mode: 0o600 });
  return { file, extra: '' };
}

function commandLine({ file, extra }) {
  const quoted = `'${file.replaceAll("'", task.name === 'PowerShell' ? "''" : String.raw`'\''`)}'`;
  if (task.name === 'PowerShell') {
    return [
      'pwsh',
      ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', `. ${quoted}${extra}; exit $LASTEXITCODE`],
    ];
  }
  if (extra.trim() === '') return ['bash', ['--noprofile', '--norc', file]];
  // Arguments are written as on a command line, with its quotes.
  return ['bash', ['--noprofile', '--norc', '-c', `. ${quoted}${extra}`]];
}

function run() {
  const script = scriptFile(task.name === 'PowerShell' ? 'ps1' : 'sh');
  if (script === undefined) {
    fail(`Invalid file path '${input('filePath')}'. A path to a script is required.`);
    return;
  }
  const shell = task.name === 'PowerShell' ? 'PowerShell' : 'Bash';
  const [program, args] = commandLine(script);
  const environment = Object.entries(process.env).filter(([name]) => !NOT_FOR_SCRIPTS.test(name));
  if (input('bashEnvValue') !== '') environment.push(['BASH_ENV', input('bashEnvValue')]);
  console.log('========================== Starting Command Output ===========================');
  const child = spawn(program, args, {
    cwd: input('workingDirectory') || process.cwd(),
    env: Object.fromEntries(environment),
    stdio: ['ignore', 'inherit', 'pipe'],
    detached: true,
  });
  let wroteErrors = false;
  child.stderr.on('data', (chunk) => {
    wroteErrors = true;
    process.stdout.write(chunk);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => endGroup(child, signal));
  child.once('error', (error) => fail(`${program} could not be started: ${error.message}`));
  child.once('close', (code, signal) => {
    const exitCode = code ?? 128 + constants.signals[signal];
    if (exitCode !== 0) fail(`${shell} exited with code '${exitCode}'.`);
    else if (wroteErrors && isOn('failOnStderr')) {
      fail(`${shell} wrote one or more lines to the standard error stream.`);
    }
  });
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

run();
