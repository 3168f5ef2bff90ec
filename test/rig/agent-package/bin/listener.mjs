// Stand-in for Agent.Listener: the observable contract of its verbs configure, remove, reauth and run, as the agent's
// public source has it. Inputs come from options and VSTS_AGENT_INPUT_*, the environment becomes capabilities.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { URLSearchParams } from 'node:url';
import { call } from './connection.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
const stateFiles = ['.agent', '.credentials', '.credentials_rsaparams', '.proxy', '.proxycredentials', '.service'];
const version = readFileSync('bin/version', 'utf8').trim();

if (existsSync('.env')) {
  for (const line of readFileSync('.env', 'utf8').split('\n').filter(Boolean)) {
    process.env[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
  }
}
const inputs = {};
for (const name of Object.keys(process.env).filter((each) => each.startsWith('VSTS_AGENT_INPUT_'))) {
  inputs[name.slice('VSTS_AGENT_INPUT_'.length).toLowerCase()] = process.env[name];
  delete process.env[name];
}
const [verb, ...rest] = process.argv.slice(2);
for (let i = 0; i < rest.length; i++) {
  if (!rest[i].startsWith('--')) continue;
  const hasValue = i + 1 < rest.length && !rest[i + 1].startsWith('--');
  inputs[rest[i].slice(2).toLowerCase()] = hasValue ? rest[i + 1] : 'true';
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function trace(text) {
  mkdirSync('_diag', { recursive: true });
  appendFileSync(
    `_diag/Agent_${new Date().toISOString().slice(0, 10)}-utc.log`,
    `${new Date().toISOString()} ${text}\n`,
  );
}

function capabilities() {
  const ignored = new Set((process.env.VSO_AGENT_IGNORE ?? '').split(','));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ignored.has(name)));
}

async function administrator() {
  if (inputs.auth === 'sp') {
    const form = new URLSearchParams({
      client_id: inputs.clientid,
      client_secret: inputs.clientsecret,
      grant_type: 'client_credentials',
      scope: '499b84ac-1321-427f-aa17-267ca6975798/.default',
    }).toString();
    const login = `https://login.microsoftonline.com/${inputs.tenantid}/oauth2/v2.0/token`;
    const answer = await call('POST', login, { form, proxy: proxySettings() });
    if (answer.status !== 200) fail('Entra refuses the service principal');
    return `Bearer ${answer.body.access_token}`;
  }
  return `Basic ${Buffer.from(`VstsAgent:${inputs.token}`).toString('base64')}`;
}

function proxySettings() {
  if (inputs.proxyurl) return { url: inputs.proxyurl, user: inputs.proxyusername, password: inputs.proxypassword };
  if (!existsSync('.proxy')) return undefined;
  const [, user, password] = /^([^:]*):(.*)$/.exec(
    Buffer.from(readFileSync('.proxycredentials', 'utf8'), 'base64').toString(),
  );
  return { url: readFileSync('.proxy', 'utf8'), user, password };
}

async function ask(method, path, authorization, body) {
  const url = inputs.url ?? JSON.parse(readFileSync('.agent', 'utf8')).serverUrl;
  const answer = await call(method, `${url}/_apis/distributedtask/${path}`, {
    authorization,
    body,
    proxy: proxySettings(),
  });
  if (answer.status >= 400) fail(`${method} ${path}: HTTP ${answer.status} ${answer.body?.message ?? ''}`);
  return answer.body;
}

async function configure() {
  if (existsSync('.agent')) fail('Cannot configure the agent because it is already configured.');
  const authorization = await administrator();
  const pools = await ask('GET', `pools?poolName=${encodeURIComponent(inputs.pool)}`, authorization);
  const pool = pools.value[0] ?? fail(`Agent pool not found: ${inputs.pool}`);
  const found = await ask('GET', `pools/${pool.id}/agents?agentName=${inputs.agent}`, authorization);
  if (found.value.length > 0 && !inputs.replace) fail('an agent of this name exists');
  const key = randomBytes(16).toString('hex');
  const description = { name: inputs.agent, version, key, systemCapabilities: capabilities(), argv: process.argv };
  const agent = found.value.length
    ? await ask('PUT', `pools/${pool.id}/agents/${found.value[0].id}`, authorization, description)
    : await ask('POST', `pools/${pool.id}/agents`, authorization, description);
  mkdirSync(inputs.work, { recursive: true });
  const settings = { agentId: agent.id, agentName: agent.name, poolId: pool.id, poolName: pool.name };
  writeFileSync('.agent', JSON.stringify({ ...settings, serverUrl: inputs.url, workFolder: inputs.work }));
  writeFileSync('.credentials', JSON.stringify({ scheme: 'OAuth', data: { clientId: `${agent.id}` } }));
  writeFileSync('.credentials_rsaparams', key, { mode: 0o600 });
  if (inputs.proxyurl) {
    writeFileSync('.proxy', inputs.proxyurl);
    const credentials = `${inputs.proxyusername}:${inputs.proxypassword}`;
    writeFileSync('.proxycredentials', Buffer.from(credentials).toString('base64'), { mode: 0o600 });
  }
  writeFileSync('svc.sh', '#!/bin/bash\n', { mode: 0o755 });
  trace('configured');
}

async function remove() {
  const { poolId, agentId } = JSON.parse(readFileSync('.agent', 'utf8'));
  await ask('DELETE', `pools/${poolId}/agents/${agentId}`, await administrator());
  for (const file of stateFiles) rmSync(file, { force: true });
}

async function reauth() {
  if (!existsSync('.agent')) fail('Not configured');
  const { poolId, agentId, agentName } = JSON.parse(readFileSync('.agent', 'utf8'));
  const key = randomBytes(16).toString('hex');
  await ask('PUT', `pools/${poolId}/agents/${agentId}`, await administrator(), {
    name: agentName,
    version,
    key,
    systemCapabilities: capabilities(),
    argv: process.argv,
  });
  writeFileSync('.credentials_rsaparams', key, { mode: 0o600 });
}

async function runJob(job, report) {
  mkdirSync(`${JSON.parse(readFileSync('.agent', 'utf8')).workFolder}/_temp`, { recursive: true });
  const worker = spawn('bin/Agent.Worker', [job.script], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  worker.stdout.on('data', (chunk) => (output += chunk));
  worker.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => worker.on('close', resolve));
  let canceled = false;
  const cancel = async () => {
    canceled = true;
    process.kill(-worker.pid, 'SIGTERM');
    await done;
  };
  const done = ended.then((code) =>
    report({ result: canceled ? 'canceled' : code === 0 ? 'succeeded' : 'failed', output }),
  );
  return { cancel, done };
}

async function run() {
  const { poolId, agentId } = JSON.parse(readFileSync('.agent', 'utf8'));
  const authorization = `Bearer agent-key-${readFileSync('.credentials_rsaparams', 'utf8')}`;
  const session = await ask('POST', `pools/${poolId}/sessions`, authorization, { agentId, host: os.hostname() });
  let running;
  let stopping = false;
  process.on('SIGINT', async () => {
    if (stopping) return;
    stopping = true;
    trace('exiting');
    await running?.cancel();
    await ask('DELETE', `pools/${poolId}/sessions/${session.id}`, authorization);
    process.exit(0);
  });
  while (!stopping) {
    trace('waiting for a message');
    const message = await ask('GET', `pools/${poolId}/messages?sessionId=${session.id}`, authorization);
    if (!message || stopping) continue;
    running = await runJob(message, (report) =>
      ask('PATCH', `pools/${poolId}/jobrequests/${message.id}`, authorization, report),
    );
    await running.done;
    running = undefined;
    if (inputs.once && !stopping) {
      await ask('DELETE', `pools/${poolId}/sessions/${session.id}`, authorization);
      process.exit(0);
    }
  }
}

await { configure, remove, reauth, run }[verb]();
