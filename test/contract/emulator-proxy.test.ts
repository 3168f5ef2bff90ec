/** The emulator's port: what it lets through, what it refuses, which names it plays, and how it asks for a password. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import tls from 'node:tls';
import type { Socket } from 'node:net';
import { customCloud, findCloud } from '../../local/emulator/clouds.ts';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';
import { textAt, type Json } from '../../local/emulator/json.ts';
import { applicationToken } from './emulator.ts';
import { send } from './job-workspace.ts';

/** CONNECT as any client sends it; the answer's status and text, and the socket when it was accepted. */
async function connect(
  emulator: Emulator,
  target: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; socket: Socket }> {
  const request = http.request(emulator.url, { method: 'CONNECT', path: target, headers, agent: false }).end();
  const [response, socket] = (await once(request, 'connect')) as [http.IncomingMessage, Socket];
  return { status: response.statusCode ?? 0, socket };
}

describe("the emulator's proxy", () => {
  const emulators: Emulator[] = [];
  const start = async (...args: Parameters<typeof startEmulator>): Promise<Emulator> => {
    const emulator = await startEmulator(...args);
    emulators.push(emulator);
    return emulator;
  };
  afterEach(async () => {
    for (const emulator of emulators.splice(0)) await emulator.close();
  });

  it('refuses what it does not play, and writes it down', async () => {
    const emulator = await start();
    const { status, socket } = await connect(emulator, 'pypi.org:443');
    socket.destroy();
    assert.equal(status, 502);
    assert.deepEqual(
      emulator.requests({ plane: 'proxy' }).map(({ host, status: answered }) => [host, answered]),
      [['pypi.org', 502]],
    );
  });

  it('shows a certificate for the name that was asked for, and none that another authority would trust', async () => {
    const emulator = await start();
    const { socket } = await connect(emulator, 'my-endpoint.westeurope.inference.ml.azure.com:443');
    const secure = tls.connect({
      socket,
      servername: 'my-endpoint.westeurope.inference.ml.azure.com',
      ca: emulator.caPem,
    });
    await once(secure, 'secureConnect');
    assert.equal(secure.getPeerCertificate().subjectaltname, 'DNS:my-endpoint.westeurope.inference.ml.azure.com');
    secure.destroy();
    const again = await connect(emulator, 'management.azure.com:443');
    const untrusting = tls.connect({ socket: again.socket, servername: 'management.azure.com' });
    const [error] = (await once(untrusting, 'error')) as [NodeJS.ErrnoException];
    assert.match(String(error.code), /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/);
  });

  it('asks for its password where it has one', async () => {
    const emulator = await start({ proxyCredentials: { username: 'u', password: 'p w' } });
    const without = await connect(emulator, 'management.azure.com:443');
    without.socket.destroy();
    assert.equal(without.status, 407);
    const authorization = `Basic ${Buffer.from('u:p w').toString('base64')}`;
    const withIt = await connect(emulator, 'management.azure.com:443', { 'proxy-authorization': authorization });
    withIt.socket.destroy();
    assert.equal(withIt.status, 200);
    assert.match(emulator.environment.HTTPS_PROXY ?? '', /^http:\/\/u:p%20w@127\.0\.0\.1:/);
  });

  for (const cloud of [
    findCloud('AzureUSGovernment'),
    findCloud('AzureChinaCloud'),
    customCloud('Contoso', 'local.contoso.example'),
  ]) {
    it(`plays ${cloud?.name ?? ''} under its own names`, async () => {
      assert.ok(cloud);
      const emulator = await start({ cloud });
      const { subscriptionId, resourceGroup, workspace, region } = emulator.settings;
      const url = `https://${cloud.arm}/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}?api-version=2024-04-01`;
      const answer = await send(emulator, 'GET', url, {
        authorization: `Bearer ${applicationToken(emulator, `https://${cloud.arm}/`)}`,
      });
      assert.equal(
        textAt(answer.body, 'properties', 'discoveryUrl'),
        `https://${region}.${cloud.regionalSuffix}/discovery`,
      );
      const endpoints = await send(
        emulator,
        'GET',
        `https://${cloud.arm}/metadata/endpoints?api-version=2022-09-01`,
        {},
      );
      const told = (JSON.parse(endpoints.text) as Json[]).find((one) => textAt(one, 'name') === cloud.name);
      assert.equal(textAt(told, 'authentication', 'loginEndpoint'), `https://${cloud.login}`);
      assert.equal(textAt(told, 'suffixes', 'storage'), cloud.storageSuffix);
      const first = await send(emulator, 'GET', `https://${cloud.arm}/metadata/endpoints?api-version=2015-01-01`, {});
      assert.equal(textAt(first.body, 'authentication', 'loginEndpoint'), `https://${cloud.login}/`);
      const other = await connect(emulator, 'management.azure.com:443');
      other.socket.destroy();
      assert.equal(other.status, 502);
    });
  }

  it('answers the metadata service on its own address and through the proxy', async () => {
    const emulator = await start();
    const path = '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/';
    const direct = await fetch(`${emulator.url}${path}`, { headers: { Metadata: 'true' } });
    assert.equal(textAt(await direct.json(), 'token_type'), 'Bearer');
    const probe = await fetch(`${emulator.url}${path}`);
    assert.equal(probe.status, 400);
    const request = http
      .request(emulator.url, { path: `http://169.254.169.254${path}`, headers: { Metadata: 'true' } })
      .end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, 200);
  });
});
