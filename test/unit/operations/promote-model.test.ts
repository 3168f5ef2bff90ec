import assert from 'node:assert/strict';
import { textAt, type JsonObject } from '../../../tasks/common/domain/json.ts';
import type { Approvals } from '../../../tasks/common/domain/promotion.ts';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import {
  promoteModel,
  type PromoteContext,
  type PromoteOutputs,
  type PromoteRequest,
} from '../../../tasks/common/operations/promote-model.ts';
import type { Resource } from '../../../tasks/common/ports.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const WORKSPACE_ID = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws';
const APPROVED: Approvals = {
  state: 'read',
  stage: 'prod',
  environment: 'production',
  approvals: [{ status: 'approved', approver: 'Grace <grace@contoso.com>', decidedAt: '2026-01-01T08:00:00Z' }],
};

/** A workspace of another name than the first. */
class OtherWorkspace extends FakeWorkspace {
  override readonly id = { subscriptionId: 'sub', resourceGroup: 'rg', name: 'prod' };
}

describe('promoting a model', () => {
  let agent: FakeAgent;
  let dev: FakeWorkspace;
  let registry: FakeRegistry;
  let prod: OtherWorkspace;
  let approvals: Approvals;

  beforeEach(() => {
    agent = new FakeAgent();
    dev = new FakeWorkspace();
    dev.seed('', { location: 'westeurope', properties: { workspaceId: 'guid-dev' } });
    dev.seed('environments/sklearn/versions/3', {
      properties: { image: 'mcr/x:1', condaFile: '{"name":"x"}', osType: 'Linux', environmentType: 'UserCreated' },
    });
    dev.seed('models/churn/versions/7', {
      properties: {
        description: 'Predicts churn',
        modelType: 'mlflow_model',
        modelUri:
          'azureml://subscriptions/sub/resourceGroups/rg/workspaces/ws/datastores/workspaceblobstore/paths/azureml/j/model',
        flavors: { sklearn: {} },
        jobName: 'j',
        tags: { team: 'risk', 'metric.auc': '0.9', 'azdo.evaluation': 'promote' },
        properties: {
          'azdo.buildId': '4000',
          'azdo.jobName': 'j',
          'azdo.environment': `${WORKSPACE_ID}/environments/sklearn/versions/3`,
        },
      },
    });
    dev.blobs.set('azureml/j/model/MLmodel', 'flavors: {}');
    dev.blobs.set('azureml/j/model/model.pkl', 'weights');
    registry = new FakeRegistry('shared', [dev]);
    prod = new OtherWorkspace();
    prod.seed('', { location: 'northeurope', properties: { workspaceId: 'guid-prod' } });
    approvals = APPROVED;
  });

  const request = (more: Partial<PromoteRequest> = {}): PromoteRequest => ({
    modelName: 'churn',
    modelVersion: '7',
    targetModelName: undefined,
    targetModelVersion: undefined,
    includeEnvironment: true,
    environments: [],
    components: [],
    tags: [],
    stage: undefined,
    requireApproval: false,
    markSource: true,
    ...more,
  });
  const context = (more: Partial<PromoteContext> = {}): PromoteContext => ({
    agent,
    source: { kind: 'workspace', workspace: dev },
    target: { kind: 'registry', registry },
    sameConnection: true,
    approvals: () => Promise.resolve(approvals),
    ...more,
  });
  const toRegistry = (more: Partial<PromoteRequest> = {}): Promise<PromoteOutputs> =>
    promoteModel(context(), request(more));
  const toProd = (more: Partial<PromoteRequest> = {}): Promise<PromoteOutputs> =>
    promoteModel(
      context({ source: { kind: 'registry', registry }, target: { kind: 'workspace', workspace: prod } }),
      request(more),
    );
  const inRegistry = (): Resource => registry.resources.get('models/churn/versions/7') ?? {};
  const inProd = (): Resource => prod.resources.get('models/churn/versions/7') ?? {};
  const tag = (model: Resource, name: string): string | undefined => textAt(model, 'properties', 'tags', name);
  const fact = (model: Resource, name: string): string | undefined => textAt(model, 'properties', 'properties', name);
  const evidenceOf = (outputs: PromoteOutputs): JsonObject => JSON.parse(outputs.evidence) as JsonObject;

  it('has the registry import it, so that no byte passes through the agent', async () => {
    const outputs = await toRegistry();
    assert.deepEqual([outputs.modelName, outputs.modelVersion, outputs.changed], ['churn', '7', 'true']);
    assert.equal(outputs.modelId, 'azureml://registries/shared/models/churn/versions/7');
    const [imported] = registry.writes('POST').filter(({ path }) => path === 'import');
    assert.deepEqual(imported?.body?.properties, {
      destinationName: 'churn',
      destinationVersion: '7',
      sourceAssetId: 'azureml://locations/westeurope/workspaces/guid-dev/models/churn/versions/7',
    });
    assert.match(textAt(inRegistry(), 'properties', 'modelUri') ?? '', /imported-churn/);
  });

  it('goes on from the registry to the next workspace, with its type, flavours and files', async () => {
    await toRegistry();
    const outputs = await toProd();
    assert.match(outputs.modelId, /\/workspaces\/prod\/models\/churn\/versions\/7$/);
    const { properties } = inProd();
    assert.equal(textAt({ p: properties }, 'p', 'modelType'), 'mlflow_model');
    const uri = textAt(inProd(), 'properties', 'modelUri') ?? '';
    const [, path = ''] = /workspaces\/prod\/datastores\/workspaceblobstore\/paths\/(.*)$/.exec(uri) ?? [];
    assert.equal(prod.blobs.get(`${path}/model.pkl`), 'weights');
    assert.equal(prod.blobs.get(`${path}/MLmodel`), 'flavors: {}');
    // A job of another workspace is no job here.
    assert.equal(textAt(inProd(), 'properties', 'jobName'), undefined);
  });

  it('writes who promoted what from where, and who approved it', async () => {
    await toRegistry({ tags: ['ticket=4711'] });
    await toProd();
    const model = inProd();
    assert.equal(fact(model, 'azdo.promotedFrom'), 'azureml://registries/shared/models/churn/versions/7');
    assert.equal(fact(model, 'azdo.origin'), `${WORKSPACE_ID}/models/churn/versions/7`);
    assert.equal(fact(model, 'azdo.buildId'), '4000');
    assert.equal(fact(model, 'azdo.promotion.buildId'), '4711');
    assert.equal(fact(model, 'azdo.approvedBy'), 'Grace <grace@contoso.com>');
    assert.equal(fact(model, 'azdo.approvalEnvironment'), 'production');
    assert.equal(fact(model, 'azdo.approvedAt'), '2026-01-01T08:00:00Z');
    assert.match(fact(model, 'azdo.contentHash') ?? '', /^[0-9a-f]{64}$/);
    assert.equal(tag(model, 'azdo.approval'), 'approved');
    assert.match(tag(model, 'azdo.promoted') ?? '', /^2026-01-01T/);
    assert.deepEqual([tag(model, 'team'), tag(model, 'metric.auc'), tag(model, 'ticket')], ['risk', '0.9', '4711']);
  });

  it('marks the source with where it went', async () => {
    await toRegistry();
    const model = dev.resources.get('models/churn/versions/7') ?? {};
    assert.equal(tag(model, 'azdo.promotedTo'), 'azureml://registries/shared/models/churn/versions/7');
    assert.equal(tag(model, 'team'), 'risk');
    assert.equal(textAt(model, 'properties', 'jobName'), 'j');
    // The mark is of the source alone.
    assert.equal(tag(inRegistry(), 'azdo.promotedTo'), undefined);
  });

  it('is one promotion however often it runs', async () => {
    const first = await toRegistry();
    const writes = registry.writes().length + dev.writes().length;
    const second = await toRegistry();
    assert.deepEqual([second.modelId, second.changed], [first.modelId, 'false']);
    assert.equal(registry.writes().length + dev.writes().length, writes);
    assert.equal(registry.writes('POST').filter(({ path }) => path === 'import').length, 1);
    await toProd();
    const copied = prod.calls.filter(({ method }) => method === 'WRITE').length;
    assert.equal((await toProd()).changed, 'false');
    assert.equal(prod.calls.filter(({ method }) => method === 'WRITE').length, copied);
  });

  it('renews the record, not the version, when a later run promotes it again', async () => {
    await toRegistry();
    const before = tag(inRegistry(), 'azdo.promoted');
    await agent.clock.sleep(60_000);
    const again = new FakeAgent({}, { buildId: '4712' });
    await again.clock.sleep(120_000);
    const outputs = await promoteModel(context({ agent: again }), request());
    assert.equal(outputs.changed, 'false');
    assert.notEqual(tag(inRegistry(), 'azdo.promoted'), before);
    assert.equal(fact(inRegistry(), 'azdo.promotion.buildId'), '4712');
  });

  it('refuses a version that is there with other files, and says which', async () => {
    await toRegistry();
    for (const [name, text] of registry.blobs)
      if (name.endsWith('model.pkl')) registry.blobs.set(name, `other ${text}`);
    const writes = registry.writes().length;
    await assert.rejects(
      toRegistry(),
      (error) =>
        error instanceof UserError &&
        /churn:7 exists already in the registry shared with other files: 'model.pkl' has/.test(error.message),
    );
    assert.equal(registry.writes().length, writes);
  });

  it('notices a file that has the same size and another content', async () => {
    await toRegistry();
    for (const name of registry.blobs.keys()) if (name.endsWith('model.pkl')) registry.blobs.set(name, 'WEIGHTS');
    await assert.rejects(toRegistry(), /'model\.pkl' has other content/);
  });

  it('fails when an import is not what was imported', async () => {
    const post = registry.post.bind(registry);
    registry.post = async (path, body, options) => {
      const result = await post(path, body, options);
      if (path === 'import') for (const name of registry.blobs.keys()) registry.blobs.set(name, 'damaged');
      return result;
    };
    await assert.rejects(toRegistry(), (error) => error instanceof ServiceError && error.code === 'ContentMismatch');
    assert.equal(tag(inRegistry(), 'azdo.promoted'), undefined);
  });

  it('copies file by file where the registry may not read the workspace', async () => {
    registry.fault = (_, path) => {
      if (path === 'import') throw serviceError(403, 'Forbidden');
    };
    await toRegistry();
    assert.match(textAt(inRegistry(), 'properties', 'modelUri') ?? '', /models-churn-versions-7\/model$/);
    assert.equal(registry.blobs.get('models-churn-versions-7/model/model.pkl'), 'weights');
  });

  it('copies file by file with two connections, without trying to import', async () => {
    await promoteModel(context({ sameConnection: false }), request());
    assert.deepEqual(
      registry.writes('POST').filter(({ path }) => path === 'import'),
      [],
    );
    assert.equal(registry.blobs.get('models-churn-versions-7/model/model.pkl'), 'weights');
  });

  it('takes a model of one file, under its own name', async () => {
    dev.seed('models/single/versions/1', {
      properties: {
        modelType: 'custom_model',
        modelUri: 'azureml://datastores/workspaceblobstore/paths/up/m.pkl',
        tags: {},
      },
    });
    dev.blobs.set('up/m.pkl', 'weights');
    dev.blobs.set('up/other.pkl', 'not mine');
    const target: PromoteContext['target'] = { kind: 'workspace', workspace: prod };
    const outputs = await promoteModel(context({ target }), request({ modelName: 'single', modelVersion: '1' }));
    assert.equal(evidenceOf(outputs).files, 1);
    assert.deepEqual(
      [...prod.blobs.keys()].map((key) => key.split('/').at(-1)),
      ['m.pkl'],
    );
  });

  it('takes the environment of the job along, and points to it', async () => {
    const outputs = await toRegistry();
    const id = 'azureml://registries/shared/environments/sklearn/versions/3';
    assert.equal(textAt(registry.resources.get('environments/sklearn/versions/3'), 'properties', 'image'), 'mcr/x:1');
    assert.equal(fact(inRegistry(), 'azdo.environment'), id);
    assert.deepEqual(evidenceOf(outputs).assets, [
      { collection: 'environments', name: 'sklearn', version: '3', id, change: 'create' },
    ]);
    await toProd();
    assert.match(fact(inProd(), 'azdo.environment') ?? '', /workspaces\/prod\/environments\/sklearn\/versions\/3$/);
  });

  it('refuses another environment of the same version, before anything is copied', async () => {
    await registry.put('environments/sklearn/versions/3', { properties: { image: 'mcr/other:9', osType: 'Linux' } });
    await assert.rejects(
      toRegistry(),
      /environment sklearn:3 exists already in the registry shared and is another one/,
    );
    assert.equal(registry.resources.has('models/churn/versions/7'), false);
  });

  it('takes components along with their code and environments', async () => {
    dev.seed('codes/c1/versions/1', { properties: { codeUri: 'https://st.blob.core.windows.net/box/src' } });
    dev.blobs.set('src/train.py', 'print(1)');
    dev.seed('components/train/versions/2', {
      properties: {
        componentSpec: {
          name: 'train',
          version: '2',
          type: 'command',
          command: 'python train.py',
          code: `azureml:${WORKSPACE_ID}/codes/c1/versions/1`,
          environment: `azureml:${WORKSPACE_ID}/environments/sklearn/versions/3`,
        },
      },
    });
    await toRegistry({ components: ['train:2'] });
    const spec = (registry.resources.get('components/train/versions/2')?.properties as JsonObject).componentSpec;
    assert.equal(textAt(spec, 'code'), 'azureml://registries/shared/codes/c1/versions/1');
    assert.equal(textAt(spec, 'environment'), 'azureml://registries/shared/environments/sklearn/versions/3');
    assert.equal(registry.blobs.get('codes-c1-versions-1/src/train.py'), 'print(1)');
    const writes = registry.writes().length;
    assert.equal((await toRegistry({ components: ['train:2'] })).changed, 'false');
    assert.equal(registry.writes().length, writes);
  });

  it('takes the steps of a pipeline component along, and leaves computes behind', async () => {
    dev.seed('components/step/versions/1', { properties: { componentSpec: { type: 'command', command: 'true' } } });
    dev.seed('components/flow/versions/1', {
      properties: {
        componentSpec: {
          type: 'pipeline',
          jobs: {
            a: { componentId: `${WORKSPACE_ID}/components/step/versions/1`, computeId: `${WORKSPACE_ID}/computes/c` },
          },
        },
      },
    });
    await toRegistry({ components: ['flow:1'] });
    const flow = registry.resources.get('components/flow/versions/1')?.properties as JsonObject;
    assert.deepEqual((flow.componentSpec as JsonObject).jobs, {
      a: { componentId: 'azureml://registries/shared/components/step/versions/1' },
    });
    assert.equal(registry.resources.has('components/step/versions/1'), true);
  });

  it('records that approvals are unavailable, and why', async () => {
    approvals = { state: 'unavailable', reason: '403: the build service may not read them' };
    const outputs = await toRegistry();
    assert.equal(tag(inRegistry(), 'azdo.approval'), 'unavailable');
    assert.match(fact(inRegistry(), 'azdo.approvalUnavailable') ?? '', /may not read them/);
    assert.deepEqual(evidenceOf(outputs).approvals, { outcome: 'unavailable', ...approvals });
  });

  it('refuses without an approval where one is required, before anything is read or written', async () => {
    const without: readonly (readonly [Approvals, RegExp])[] = [
      [{ state: 'unavailable', reason: 'no token' }, /the approvals cannot be read \(no token\)/],
      [{ ...APPROVED, approvals: [] }, /nobody was asked/],
      [{ ...APPROVED, approvals: [{ status: 'rejected', approver: 'x', decidedAt: undefined }] }, /not everybody/],
    ];
    for (const [evidence, message] of without) {
      approvals = evidence;
      await assert.rejects(toRegistry({ requireApproval: true }), message);
    }
    assert.deepEqual([registry.calls, dev.calls], [[], []]);
    approvals = APPROVED;
    await toRegistry({ requireApproval: true });
  });

  it('names every wrong input at once', async () => {
    await assert.rejects(
      toRegistry({
        modelVersion: 'latest',
        targetModelName: 'a/b',
        environments: ['sklearn'],
        components: ['x@latest'],
      }),
      (error) =>
        error instanceof UserError && error.problems.length === 4 && error.message.includes("'latest' is no version"),
    );
    await assert.rejects(toRegistry({ modelVersion: '8' }), /There is no model churn:8 in the workspace ws/);
    await assert.rejects(
      promoteModel(context({ target: context().source }), request()),
      /Source and target are the same/,
    );
  });

  it('goes on with a warning where the source may not be written', async () => {
    dev.fault = (method) => {
      if (method === 'PUT') throw serviceError(403, 'AuthorizationFailed');
    };
    assert.equal((await toRegistry()).changed, 'true');
    assert.match(agent.log.warnings.join('\n'), /was not marked as promoted/);
  });

  it('keeps secrets out of tags, properties and the evidence', async () => {
    agent.maskSecret('hunter22');
    await assert.rejects(toRegistry({ tags: ['token=hunter22'] }), /the tag 'token' holds a secret/);
    approvals = { state: 'unavailable', reason: 'refused for hunter22' };
    const outputs = await toRegistry();
    const everything = JSON.stringify([...registry.resources, ...dev.resources]) + outputs.evidence;
    assert.ok(!everything.includes('hunter22'));
  });

  it('escapes foreign text in the summary', async () => {
    approvals = {
      ...APPROVED,
      approvals: [{ status: 'approved', approver: '<img src=x>|**A**', decidedAt: undefined }],
    };
    await toRegistry();
    const summary = agent.summaries.join('\n');
    assert.ok(!summary.includes('<img'));
    assert.ok(!summary.includes('**A**'));
  });
});
