import assert from 'node:assert/strict';
import { createWorkspace } from '../../local/emulator/arm/create-workspace.ts';
import { APPROVALS, type ApprovalRecord } from '../../local/emulator/identity/pipeline-approvals.ts';
import { createRegistry } from '../../local/emulator/registry/registry-record.ts';
import { DEFAULT_IDENTIFIERS as ids } from '../../local/emulator/settings.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const NAMES = { modelName: 'churn', modelVersion: '7' };
const DEV = {
  sourceAzureSubscription: ids.connectionName,
  sourceResourceGroupName: ids.resourceGroup,
  sourceWorkspaceName: ids.workspace,
};
const FROM_REGISTRY = { sourceAzureSubscription: ids.connectionName, sourceRegistryName: 'shared-models' };
const PROD = { targetResourceGroupName: ids.resourceGroup, targetWorkspaceName: 'mlw-prod' };

describe('a model on its way: development, registry, production', function () {
  this.timeout(90_000);
  let bench: Bench;
  let prodWorkspaceId: string;

  before(async () => {
    bench = await openBench();
    const { context, settings } = bench.emulator;
    const { subscriptionId, resourceGroup, region } = settings;
    createRegistry(context, { subscriptionId, resourceGroup, name: 'shared-models', body: { location: region } });
    const prod = { subscriptionId, resourceGroup, region, name: 'mlw-prod', tags: {}, kind: 'Default', properties: {} };
    prodWorkspaceId = (await createWorkspace(context, prod, undefined)).workspaceId;
    const approval: ApprovalRecord = {
      buildId: '1',
      stage: '__default',
      status: 'approved',
      approver: 'Grace Hopper',
      account: 'grace@contoso.com',
      decidedAt: '2026-01-01T08:00:00Z',
    };
    context.state.collection<ApprovalRecord>(APPROVALS).put('1', approval);
    bench.write('model/MLmodel', 'flavors: {}\n');
    bench.write('model/data/model.pkl', 'weights');
    bench.write(
      'model.yml',
      `${SCHEMA}model.schema.json\nname: churn\nversion: '7'\ntype: mlflow_model\npath: model\n`,
    );
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
  });
  after(() => bench.close());

  const promote = (inputs: Readonly<Record<string, string>>, name = 'promote') =>
    task('AmlPromoteModel', { ...NAMES, ...inputs }, { name });

  it('is taken along with what it needs, and everybody can see by whom', async () => {
    const record = await bench.run([
      task('AmlApply', { files: 'plain.yml\nmodel.yml' }, { name: 'apply' }),
      promote(
        { ...DEV, targetRegistryName: 'shared-models', environments: 'plain:1', requireApproval: 'true' },
        'share',
      ),
      promote({ ...FROM_REGISTRY, ...PROD, requireApproval: 'true' }, 'release'),
    ]);
    for (const name of ['apply', 'share', 'release']) {
      const step = stepOf(record, name);
      assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    }
    const shared = outputsOf(stepOf(record, 'share'));
    assert.equal(shared.modelId, 'azureml://registries/shared-models/models/churn/versions/7');
    const released = outputsOf(stepOf(record, 'release'));
    assert.match(released.modelId ?? '', /\/workspaces\/mlw-prod\/models\/churn\/versions\/7$/);
    const evidence = JSON.parse(released.evidence ?? '{}') as Record<string, unknown>;
    assert.equal(evidence.files, 2);
    assert.deepEqual(evidence.approvals, {
      outcome: 'approved',
      state: 'read',
      stage: '__default',
      approvals: [
        { status: 'approved', approver: 'Grace Hopper <grace@contoso.com>', decidedAt: '2026-01-01T08:00:00Z' },
      ],
    });
    const [imported] = bench.emulator.requests({ plane: 'regional', method: 'POST', path: '/import$' });
    assert.ok(imported !== undefined, 'the registry imports by itself');
  });

  it('is one promotion however often it runs, and never another model under its name', async () => {
    bench.emulator.clearRequests();
    const again = await bench.run([promote({ ...FROM_REGISTRY, ...PROD })]);
    assert.equal(outputsOf(stepOf(again, 'promote')).changed, 'false');
    const writes = bench.emulator.requests({ plane: 'blob', method: 'PUT' });
    assert.deepEqual(writes, []);
    const { context, settings } = bench.emulator;
    const { storageAccount } = settings;
    const container = `azureml-blobstore-${prodWorkspaceId}`;
    const [weights] = (await context.blobs.list(storageAccount, container, 'LocalUpload/')).filter(({ name }) =>
      name.endsWith('model.pkl'),
    );
    assert.ok(weights !== undefined);
    await context.blobs.write({ account: storageAccount, container, name: weights.name }, 'WEIGHTS');
    const refused = stepOf(await bench.run([promote({ ...FROM_REGISTRY, ...PROD })]), 'promote');
    assert.equal(refused.result, 'Failed');
    assert.match(errorsOf(refused).join('\n'), /exists already .* 'data\/model\.pkl' has other content/);
  });
});
