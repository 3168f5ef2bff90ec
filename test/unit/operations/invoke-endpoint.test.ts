import assert from 'node:assert/strict';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import {
  invokeEndpoint,
  type InvokeOutputs,
  type InvokeRequest,
} from '../../../tasks/common/operations/invoke-endpoint.ts';
import type { ScoreRequest } from '../../../tasks/common/ports.ts';
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
        concurrency: 1,
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

  it('keeps so many requests under way as it is told, and the answers in the order of the requests', async () => {
    let [underWay, most] = [0, 0];
    let count = 0;
    const scoring = { ...workspace.scoring };
    Object.assign(workspace.scoring, {
      score: async (request: ScoreRequest) => {
        const number = ++count;
        most = Math.max(most, ++underWay);
        await agent.clock.sleep(number % 2 === 0 ? 10 : 50);
        underWay -= 1;
        const response = await scoring.score(request);
        return { ...response, body: `{"p":${number}}` };
      },
    });
    const assertions = '- { path: $.p, maximum: 11 }';
    await assert.rejects(invoke({ requests: 12, concurrency: 4, assertions }), /must: Request 12: \$\.p is 12, not 11/);
    assert.deepEqual([most, count], [4, 12]);
  });

  it('holds the answer against a schema, in the input or in a file', async () => {
    workspace.scorer = () => ({ body: '{"predictions":[0.7,"high"]}' });
    const schema = '{ properties: { predictions: { items: { type: number } } } }';
    await assert.rejects(
      invoke({ assertions: `- schema: ${schema}` }),
      /does not fit its schema: \$\.predictions\[1\] must be number: it is "high"/,
    );
    agent.files.content.set(`${SOURCES}/answer.schema.json`, '{ "required": ["model"] }');
    await assert.rejects(invoke({ assertions: '- schema: answer.schema.json' }), /\$\.model is missing/);
    workspace.scorer = () => ({ body: 'no JSON' });
    await assert.rejects(invoke({ assertions: '- schema: {}' }), /no JSON, so it fits no schema/);
  });

  it('refuses what cannot be meant before anything is sent', async () => {
    const refusals: readonly (readonly [Partial<InvokeRequest>, RegExp])[] = [
      [{ endpointName: 'none' }, /no online endpoint 'none'/],
      [{ deploymentName: 'green' }, /no deployment 'green'/],
      [{ requestFile: undefined }, /either as 'requestFile' or as 'request'/],
      [{ request: 'x' }, /either as 'requestFile' or as 'request'/],
      [{ requestFile: `${SOURCES}/none.json` }, /no request file/],
      [{ requests: 0 }, /'requests' must be 1 or more/],
      [{ concurrency: 0 }, /'concurrency' must be from 1 to 100/],
      [{ timeoutSeconds: 0 }, /'timeoutSeconds' must be 1 or more/],
      [{ assertions: '- { status: 200, path: $.a }' }, /exactly one of/],
      [{ assertions: '- schema: none.json' }, /There is no schema file none\.json/],
      [{ assertions: '- schema: request.json' }, /request\.json: #\/data: the keyword 'data' is not supported/],
      [{ assertions: '- schema: { if: {} }' }, /the keyword 'if' is not supported/],
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
