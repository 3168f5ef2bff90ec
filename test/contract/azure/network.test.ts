import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { createHttpPipeline } from '../../../tasks/common/azure/http-pipeline.ts';
import { openWorkspace } from '../../../tasks/common/azure/workspace.ts';
import { CancelledError, ServiceError, UserError } from '../../../tasks/common/errors.ts';
import type { NetworkSettings } from '../../../tasks/common/ports.ts';
import { connection } from '../../fixtures/azure/connection.ts';
import type { CloudDouble, DoubleOptions } from './cloud-double.ts';
import { answerBasics, sendJson, startCloudDouble } from './cloud-double.ts';
import { taskDouble } from './task-double.ts';

const names = { resourceGroup: 'rg-mlops', workspace: 'mlw-mlops' };

describe('HTTP pipeline over real sockets', () => {
  let cloud: CloudDouble | undefined;

  const start = async (options: DoubleOptions | DoubleOptions['handler']): Promise<CloudDouble> => {
    cloud = await startCloudDouble(typeof options === 'function' ? { handler: options } : options);
    return cloud;
  };
  const open = (network: NetworkSettings) => {
    const task = taskDouble(network);
    const pipeline = createHttpPipeline(task.agent);
    return { ...task, pipeline, sender: pipeline.sender() };
  };
  const get = (network: NetworkSettings, url = 'https://westeurope.api.azureml.ms/x') =>
    open(network).sender.send({ method: 'GET', url });
  const failureOf = async (work: Promise<unknown>): Promise<ServiceError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ServiceError, String(error));
    return error;
  };

  afterEach(async () => {
    await cloud?.close();
    cloud = undefined;
  });

  it("reaches hosts through the agent's proxy, with its password, trusting its authority", async () => {
    const { network, tunnels, requests } = await start({
      credentials: { username: 'agent', password: 'pä:ss' },
      handler: (_, response) => {
        sendJson(response, 200, { fine: true });
      },
    });
    const { sender } = open(network);
    for (let count = 0; count < 3; count++) {
      const answer = await sender.send({ method: 'GET', url: 'https://westeurope.api.azureml.ms/x?y=1' });
      assert.deepEqual([answer.status, answer.text], [200, '{"fine":true}']);
    }
    assert.deepEqual(tunnels, ['westeurope.api.azureml.ms:443'], 'one tunnel is kept for all three');
    assert.equal(requests[0]?.path, '/x?y=1');
    assert.equal(requests[0].headers['proxy-authorization'], undefined);
    assert.match(requests[0].headers['user-agent'] ?? '', /^secure-mlops-azureml/);
    assert.match(String(requests[0].headers['x-ms-client-request-id']), /^[0-9a-f-]{36}$/);
  });

  it('names a proxy that wants credentials', async () => {
    const { network } = await start({
      credentials: { username: 'agent', password: 'secret' },
      handler: (_, response) => response.end(),
    });
    const without = { ...network, proxy: network.proxy && { ...network.proxy, password: 'wrong' } };
    const error = await failureOf(get(without));
    assert.match(error.message, /proxy 127\.0\.0\.1:\d+ asks for credentials \(407\)/);
    assert.match(error.hint ?? '', /--proxyusername/);
  });

  it('names a proxy that refuses a host, with its own words', async () => {
    const { network } = await start({ refuses: () => true, handler: (_, response) => response.end() });
    const error = await failureOf(get(network));
    assert.equal(error.status, 0);
    assert.match(error.message, /refused the connection to westeurope\.api\.azureml\.ms \(502\): Blocked by category/);
    assert.match(error.hint ?? '', /bypass/);
  });

  it('refuses a proxy address that is none', () => {
    const proxy = { url: 'proxy.corp:8080', username: undefined, password: undefined, bypass: [] };
    assert.throws(() => open({ proxy, certificateAuthorities: undefined }), UserError);
  });

  it('names a proxy that is not there', async () => {
    const double = await start((_, response) => response.end());
    const { network } = double;
    await double.close();
    cloud = undefined;
    const error = await failureOf(get(network));
    assert.match(error.message, /proxy 127\.0\.0\.1:\d+ could not be reached \(ECONNREFUSED\)/);
  });

  it('reaches bypassed hosts directly', async () => {
    const { network, tunnels } = await start((_, response) => response.end());
    const bypass = { ...network, proxy: network.proxy && { ...network.proxy, bypass: ['\\.invalid$'] } };
    const error = await failureOf(get(bypass, 'https://nobody.invalid/'));
    assert.match(error.message, /nobody\.invalid does not resolve/);
    assert.deepEqual(tunnels, []);
  });

  it('names a name that does not resolve with the zone that is not linked', async () => {
    const direct: NetworkSettings = { proxy: undefined, certificateAuthorities: undefined };
    const { pipeline, sender } = open(direct);
    const custom = connection({ environment: 'AzureCloud' });
    const { knownCloudOf } = await import('../../../tasks/common/azure/clouds.ts');
    const known = knownCloudOf(custom);
    assert.ok(known);
    pipeline.knowCloud({ ...known, regionalSuffixes: ['api.azureml.invalid'] });
    const url = 'https://westeurope.api.azureml.invalid/';
    const error = await failureOf(sender.send({ method: 'GET', url }));
    assert.equal(error.code, 'ENOTFOUND');
    assert.match(error.hint ?? '', /link the private DNS zone privatelink\.api\.azureml\.invalid/);
  });

  it('names an authority that is not trusted, and does not try again', async () => {
    const { network, tunnels } = await start((_, response) => response.end());
    const error = await failureOf(get({ ...network, certificateAuthorities: undefined }));
    assert.match(error.message, /an authority this agent does not trust/);
    assert.equal(tunnels.length, 1);
  });

  it('refuses a certificate made for another host', async () => {
    const { network } = await start((_, response) => response.end());
    const double = await startCloudDouble({ handler: (_, response) => response.end() });
    try {
      const error = await failureOf(get({ ...double.network, certificateAuthorities: network.certificateAuthorities }));
      assert.match(error.message, /does not trust|TLS connection/);
    } finally {
      await double.close();
    }
  });

  it('ignores the proxy variables of the environment', async () => {
    const { network, tunnels } = await start((_, response) => response.end());
    process.env.HTTPS_PROXY = 'http://127.0.0.1:9';
    try {
      assert.equal((await get(network)).status, 200);
      assert.equal(tunnels.length, 1);
    } finally {
      delete process.env.HTTPS_PROXY;
    }
  });

  it('repeats throttled and broken exchanges by the clock of the agent', async () => {
    let count = 0;
    const { network } = await start((_, response) => {
      count += 1;
      if (count === 1) sendJson(response, 429, {}, { 'retry-after': '17' });
      else if (count === 2) response.destroy();
      else if (count === 3) {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"half":');
        response.socket?.destroySoon();
      } else sendJson(response, 200, { count });
    });
    const { sender, clock } = open(network);
    const answer = await sender.send({ method: 'GET', url: 'https://westeurope.api.azureml.ms/x' });
    assert.equal(answer.text, '{"count":4}');
    assert.equal(clock.sleeps[0], 17_000);
    assert.equal(clock.sleeps.length, 2, 'a kept connection that had been closed is replaced at once');
  });

  it('notices that a compressed answer broke off', async () => {
    let count = 0;
    const body = gzipSync(JSON.stringify({ text: 'x'.repeat(50_000) }));
    const { network } = await start((request, response) => {
      assert.match(String(request.headers['accept-encoding']), /gzip/);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
      if (++count > 1) response.end(body);
      else {
        response.write(body.subarray(0, 60));
        response.socket?.destroySoon();
      }
    });
    const answer = await get(network);
    assert.equal(answer.text.length, 50_011);
    assert.equal(count, 2);
  });

  it('gives up after some attempts, with the last answer', async () => {
    const { network, requests } = await start((_, response) => {
      sendJson(response, 503, { error: { code: 'ServerBusy', message: 'busy' } });
    });
    assert.equal((await get(network)).status, 503);
    assert.equal(requests.length, 9);
  });

  it("rejects with the signal's own reason, in an exchange and between two", async () => {
    const cancel = new AbortController();
    const { network } = await start(() => {
      cancel.abort(new CancelledError());
    });
    const call = { method: 'GET', url: 'https://westeurope.api.azureml.ms/x', signal: cancel.signal } as const;
    await assert.rejects(open(network).sender.send(call), CancelledError);
    await assert.rejects(open(network).sender.send(call), CancelledError);
  });

  it('never follows a redirect, so that no token leaves with it', async () => {
    const { network, requests } = await start((request, response) => {
      if (answerBasics(request, response)) return;
      sendJson(response, 307, {}, { location: 'https://evil.example/steal' });
    });
    const task = taskDouble(network);
    const workspace = await openWorkspace({ agent: task.agent, connection: connection(), ...names });
    const error = await failureOf(workspace.get('models/m'));
    assert.equal(error.status, 307);
    assert.ok(requests.every((request) => request.host !== 'evil.example'));
  });

  it('sends no token to a host outside the cloud, whatever the service says', async () => {
    const { network, requests } = await start((request, response) => {
      if (answerBasics(request, response)) return;
      if (request.path.includes('/models?')) {
        sendJson(response, 200, { value: [{ name: 'a' }], nextLink: 'https://evil.example/next' });
      } else sendJson(response, 202, null, { location: 'https://management.azure.com.evil.example/op' });
    });
    const task = taskDouble(network);
    const workspace = await openWorkspace({ agent: task.agent, connection: connection(), ...names });
    const seen: unknown[] = [];
    const listing = (async () => {
      for await (const model of workspace.list('models')) seen.push(model);
    })();
    assert.equal((await failureOf(listing)).code, 'ForeignHost');
    assert.equal(seen.length, 1);
    assert.equal((await failureOf(workspace.post('jobs/j/cancel'))).code, 'ForeignHost');
    assert.ok(requests.every((request) => !request.host.includes('evil')));
  });

  it('writes neither query, header nor body to the log', async () => {
    const { network } = await start((_, response) => {
      sendJson(response, 200, { secret: 'in-body' });
    });
    const { sender, lines } = open(network);
    await sender.send({
      method: 'PUT',
      url: 'https://st.blob.core.windows.net/c/b?sig=in-query',
      headers: { authorization: 'Bearer in-header' },
      body: 'in-request',
    });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^PUT https:\/\/st\.blob\.core\.windows\.net\/c\/b → 200/);
    assert.doesNotMatch(lines.join(), /in-/);
  });
});
