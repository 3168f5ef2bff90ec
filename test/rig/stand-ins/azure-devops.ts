// Stand-in for everything the agent talks to over TLS, told apart by host name: Azure DevOps, its download host,
// Entra, Key Vault, blob storage; every other private or public name answers "reached".
// node --import tsx azure-devops.ts CONTROL_SOCKET KEY CERTIFICATE PACKAGES_DIRECTORY
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { AgentPool, type Agent } from './agent-pool.ts';
import { announce, readBody, serveControl } from './control-socket.ts';
import { secrets } from './secrets.ts';

const [controlSocket = '', keyFile = '', certificateFile = '', packages = ''] = process.argv.slice(2);
const versions = ['4.999.1', '4.999.2'];

const pool = new AgentPool();
const behaviour = {
  latest: '4.999.1',
  tamper: false,
  stallDownload: false,
  stallRegistration: false,
  forbidden: false,
};
const journal: { method: string; host: string; path: string; status: number; leak: boolean }[] = [];

const packageFile = (version: string): Buffer => readFileSync(`${packages}/vsts-agent-linux-x64-${version}.tar.gz`);

/** The credential of a request, whichever way it came. */
function credential(request: IncomingMessage): string {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  return scheme === 'Basic'
    ? Buffer.from(value, 'base64')
        .toString()
        .replace(/^[^:]*:/, '')
    : value;
}

const administrators: string[] = [
  secrets.organizationToken,
  secrets.personalAccessToken,
  secrets.servicePrincipalToken,
];

interface Exchange {
  method: string;
  url: URL;
  body: string;
  token: string;
  response: ServerResponse;
}

type Answer = [number, unknown] | 'held';

function describePackages(url: URL): Answer {
  const wanted = url.pathname.split('/')[7] ?? behaviour.latest;
  if (!versions.includes(wanted)) return [200, { count: 0, value: [] }];
  const [major, minor, patch] = wanted.split('.').map(Number);
  const filename = `vsts-agent-linux-x64-${wanted}.tar.gz`;
  const entry = {
    type: 'agent',
    platform: 'linux-x64',
    version: { major, minor, patch },
    downloadUrl: `https://download.agent.dev.azure.com/agent/${wanted}/${filename}`,
    hashValue: createHash('sha256').update(packageFile(wanted)).digest('hex'),
    filename,
  };
  return [200, url.pathname.endsWith(`/${wanted}`) ? entry : { count: 1, value: [entry] }];
}

function agents({ method, url, body, response }: Exchange): Answer {
  const id = Number(/agents\/(\d+)$/.exec(url.pathname)?.[1] ?? 0);
  const sent = (body === '' ? {} : JSON.parse(body)) as Agent;
  if (id === 0 && method === 'GET') return [200, { value: pool.byName(url.searchParams.get('agentName')) }];
  if (id === 0) {
    const agent = pool.register(sent);
    if (!behaviour.stallRegistration) return [200, agent];
    response.on('close', () => undefined);
    return 'held';
  }
  const agent = pool.agents.get(id);
  if (!agent) return [404, { message: `The agent ${id} does not exist.` }];
  if (method === 'DELETE') return [pool.agents.delete(id) ? 204 : 404, undefined];
  if (method === 'PUT') return [200, pool.register(sent, id)];
  if (method === 'PATCH') Object.assign(agent, sent);
  pool.dispatch();
  return [200, agent];
}

function messaging({ method, url, body, response }: Exchange): Answer {
  if (/jobrequests\/\d+$/.test(url.pathname)) {
    pool.finish(Number(url.pathname.split('/').pop()), JSON.parse(body) as { result: string; output: string });
    return [200, {}];
  }
  if (method === 'POST') return [200, { id: pool.openSession((JSON.parse(body) as { agentId: number }).agentId) }];
  if (method === 'DELETE') {
    pool.closeSession(url.pathname.split('/').pop() ?? '');
    return [204, undefined];
  }
  pool.waitForMessage(url.searchParams.get('sessionId') ?? '', response);
  return 'held';
}

function azureDevOps(exchange: Exchange): Answer {
  const { url, token, method, body } = exchange;
  const path = url.pathname;
  if (!path.includes('/_apis/')) return [200, {}];
  if (/\/(sessions|messages|jobrequests)(\/|$)/.test(path)) {
    return pool.hasKey(token.replace('agent-key-', '')) ? messaging(exchange) : [401, { message: 'unknown agent' }];
  }
  if (!administrators.includes(token)) return [401, { message: 'TF400813: not authorized' }];
  if (behaviour.forbidden && method !== 'GET') return [403, { message: 'needs Manage permissions' }];
  if (path.includes('/packages/agent/')) return describePackages(url);
  if (/\/agents(\/\d+)?$/.test(path)) return agents(exchange);
  if (method === 'PATCH') Object.assign(pool, JSON.parse(body));
  const named = url.searchParams.get('poolName');
  return [
    200,
    {
      value:
        named === null || named === pool.name ? [{ id: pool.id, name: pool.name, autoUpdate: pool.autoUpdate }] : [],
    },
  ];
}

function download({ url, response }: Exchange): Answer {
  if (url.pathname === '/') return [400, {}];
  const bytes = packageFile(/(\d+\.\d+\.\d+)\.tar\.gz$/.exec(url.pathname)?.[1] ?? behaviour.latest);
  response.writeHead(200, { 'content-length': bytes.length + (behaviour.tamper ? 1 : 0) });
  if (behaviour.stallDownload) response.write(bytes.subarray(0, bytes.length / 2));
  else response.end(behaviour.tamper ? Buffer.concat([bytes, Buffer.from('x')]) : bytes);
  return 'held';
}

function entra({ body }: Exchange): Answer {
  const valid = new URLSearchParams(body).get('client_secret') === secrets.servicePrincipalSecret;
  return valid ? [200, { access_token: secrets.servicePrincipalToken }] : [401, { error: 'invalid_client' }];
}

function keyVault({ url, token }: Exchange): Answer {
  if (token !== secrets.vaultToken) return [401, { error: { code: 'Unauthorized' } }];
  const values: Record<string, string> = {
    'agent-pat': secrets.personalAccessToken,
    'principal-secret': secrets.servicePrincipalSecret,
    'proxy-password': secrets.proxyPassword,
  };
  const value = values[url.pathname.split('/')[2] ?? ''];
  return value === undefined ? [404, { error: { code: 'SecretNotFound' } }] : [200, { value }];
}

function route(exchange: Exchange): Answer {
  switch (exchange.url.host) {
    case 'dev.azure.com':
      return azureDevOps(exchange);
    case 'download.agent.dev.azure.com':
      return download(exchange);
    case 'login.microsoftonline.com':
      return exchange.method === 'POST' ? entra(exchange) : [200, {}];
    case 'kvmlops.vault.azure.net':
      return keyVault(exchange);
    case 'stmlops.blob.core.windows.net':
      return exchange.token === secrets.storageToken || exchange.url.pathname === '/' ? download(exchange) : [403, {}];
    default:
      return [404, {}];
  }
}

/** Whether a body that should hold no secret holds one. */
const leaks = (body: string, host: string): boolean =>
  host !== 'login.microsoftonline.com' && Object.values(secrets).some((secret) => body.includes(secret));

const options = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
const server = https.createServer(options, (request, response) => {
  void readBody(request).then((body) => {
    const url = new URL(request.url ?? '/', `https://${request.headers.host ?? ''}`);
    const method = request.method ?? '';
    const answer = route({ method, url, body, token: credential(request), response });
    const status = answer === 'held' ? 0 : answer[0];
    journal.push({ method, host: url.host, path: url.pathname + url.search, status, leak: leaks(body, url.host) });
    if (answer === 'held') return;
    response.writeHead(status, { 'content-type': 'application/json', date: new Date().toUTCString() });
    response.end(answer[1] === undefined ? '' : JSON.stringify(answer[1]));
  });
});

serveControl(controlSocket, {
  set: (changes) => Object.assign(behaviour, changes),
  setPool: (changes) => Object.assign(pool, changes),
  forget: () => {
    pool.agents.clear();
  },
  journal: () => journal,
  agents: () => [...pool.agents.values()],
  enable: (id) => {
    const agent = pool.agents.get(id as number);
    if (agent) agent.enabled = true;
  },
  disable: (id) => {
    const agent = pool.agents.get(id as number);
    if (agent) agent.enabled = false;
  },
  pool: () => ({ autoUpdate: pool.autoUpdate }),
  queue: (job) => pool.queue((job as { agentName: string }).agentName, (job as { script: string }).script),
  jobs: () => pool.jobs,
});
server.listen(443, '0.0.0.0', () => {
  announce(server.address());
});
