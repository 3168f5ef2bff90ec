import assert from 'node:assert/strict';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import {
  invokeEndpoint,
  type InvokeOutputs,
  type InvokeRequest,
} from '../../../tasks/common/operations/invoke-endpoint.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';

describe('invoking an endpoint', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let published: Partial<InvokeOutputs>;

  beforeEach(() => {
    agent = new FakeAgent({ 'request.json': '{"data":[1]}' });
    workspace = new FakeWorkspace();
    published = {};
    seed('Key');
    workspace.seed('onlineEndpoints/churn/deployments/blue', {});
  });

  function seed(authMode: string): void {
    workspace.seed('onlineEndpoints/churn', { properties: { authMode, scoringUri: 'https://churn/score' } });
  }

  const invoke = (request: Partial<InvokeRequest> = {}): Promise<InvokeOutputs> =>
    invokeEndpoint(
      { agent, workspace },
      {
        endpointName: 'churn',
        deploymentName: undefined,
        requestFile: `${SOURCES}/request.json`,
        request: undefined,
        contentType: 'application/json',
        requests: 1,
        timeoutSeconds: 60,
        assertions: undefined,
        ...request,
      },
      (outputs) => {
        published = outputs;
      },
    );

  it('sends the file as it is, with the endpoint’s key, and keeps the answer', async () => {
    const outputs = await invoke();
    assert.deepEqual(outputs, { statusCode: '200', responseFile: '/agent/_temp/response.json', p95Milliseconds: '12' });
    assert.equal(agent.written.get(outputs.responseFile), '{"ok":true}');
    assert.equal(new TextDecoder().decode(workspace.scored[0]?.body as Uint8Array), '{"data":[1]}');
    assert.deepEqual(workspace.scored[0]?.authorization, { kind: 'bearer', value: 'key-1' });
    assert.ok(agent.secrets.includes('key-1'));
  });

  it('uses what the endpoint asks for', async () => {
    seed('AADToken');
    await invoke();
    assert.deepEqual(workspace.scored[0]?.authorization, { kind: 'entra' });
  });

  it('addresses a deployment past the traffic rule', async () => {
    await invoke({ deploymentName: 'blue', requestFile: undefined, request: 'a,b', contentType: 'text/csv' });
    const { deployment, body, contentType } = workspace.scored[0] ?? {};
    assert.deepEqual([deployment, body, contentType], ['blue', 'a,b', 'text/csv']);
  });

  it('judges every answer and the latency of all', async () => {
    let count = 0;
    workspace.scorer = () => ({ durationMs: ++count * 10, body: `{"p":${count}}` });
    const assertions = '- { path: $.p, maximum: 18 }\n- p95Milliseconds: 100\n';
    await assert.rejects(invoke({ requests: 20, assertions }), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.match(error.message, /Request 19: \$\.p is 19, not 18 or less\.\nRequest 20: /);
      assert.match(error.message, /95th percentile of the latency is 190 ms, above 100 ms/);
      return true;
    });
    assert.deepEqual([published.statusCode, published.p95Milliseconds], ['200', '190']);
    assert.equal(workspace.scored.length, 20);
  });

  it('does not take an error for an answer, unless it is the one that is asked for', async () => {
    workspace.scorer = () => ({ status: 424, body: 'KeyError' });
    await assert.rejects(invoke(), /The status is 424, not 200\. The endpoint says: KeyError/);
    await invoke({ assertions: '- status: 424' });
  });

  it('refuses what cannot be meant before anything is sent', async () => {
    const refusals: readonly (readonly [Partial<InvokeRequest>, RegExp])[] = [
      [{ endpointName: 'none' }, /no online endpoint 'none'/],
      [{ deploymentName: 'green' }, /no deployment 'green'/],
      [{ requestFile: undefined }, /either as 'requestFile' or as 'request'/],
      [{ request: 'x' }, /either as 'requestFile' or as 'request'/],
      [{ requestFile: `${SOURCES}/none.json` }, /no request file/],
      [{ requests: 0 }, /'requests' must be 1 or more/],
      [{ timeoutSeconds: 0 }, /'timeoutSeconds' must be 1 or more/],
      [{ assertions: '- { status: 200, path: $.a }' }, /exactly one of/],
      [{ assertions: '- { pth: $.a }' }, /Unknown field 'pth'.*Did you mean 'path'/],
    ];
    for (const [request, message] of refusals) {
      await assert.rejects(
        invoke(request),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
    }
    assert.deepEqual([workspace.scored, workspace.writes('POST')], [[], []]);
  });
});
