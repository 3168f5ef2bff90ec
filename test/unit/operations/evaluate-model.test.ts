import assert from 'node:assert/strict';
import { textAt } from '../../../tasks/common/domain/json.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import {
  evaluateModel,
  type EvaluateOutputs,
  type EvaluateRequest,
} from '../../../tasks/common/operations/evaluate-model.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { FakeWorkspace, run } from '../fakes/fake-workspace.ts';

const RULES = 'metrics:\n  auc: { direction: higher, minimum: 0.8 }\n';

describe('evaluating a model', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let registry: FakeRegistry;
  let published: Partial<EvaluateOutputs>;

  beforeEach(() => {
    agent = new FakeAgent({ 'rules.yml': RULES });
    workspace = new FakeWorkspace();
    registry = new FakeRegistry();
    published = {};
    seedPipeline('new', { auc: 0.9 });
    seedPipeline('old', { auc: 0.85 });
  });

  function seedPipeline(name: string, metrics: Readonly<Record<string, number>>): void {
    workspace.seedJob(name, 'Completed', { jobType: 'Pipeline' });
    const steps = [run(`${name}-1`, { displayName: 'train' }), run(`${name}-2`, { displayName: 'evaluate' })];
    workspace.children.set(name, steps);
    workspace.metrics.set(`${name}-1`, { loss: 1 });
    workspace.metrics.set(`${name}-2`, metrics);
  }

  function seedModel(
    version: string,
    fields: { job?: string; tags?: Record<string, string>; isArchived?: boolean },
  ): void {
    const { job, tags = {}, isArchived = false } = fields;
    const properties = job === undefined ? {} : { 'azdo.jobName': job };
    workspace.seed(`models/churn/versions/${version}`, { properties: { properties, tags, isArchived } });
  }

  function seedEndpoint(traffic: Record<string, number>, model: string): void {
    workspace.seed('onlineEndpoints/churn', { properties: { traffic } });
    for (const name of Object.keys(traffic)) {
      workspace.seed(`onlineEndpoints/churn/deployments/${name}`, { properties: { model } });
    }
  }

  const modelId = (version: string): string =>
    textAt(workspace.resources.get(`models/churn/versions/${version}`), 'id') ?? '';

  const evaluate = (request: Partial<EvaluateRequest> = {}): Promise<EvaluateOutputs> =>
    evaluateModel(
      { agent, workspace, openRegistry: () => Promise.resolve(registry) },
      {
        candidateJob: 'new',
        candidateStep: 'evaluate',
        candidateModel: undefined,
        rulesFile: `${SOURCES}/rules.yml`,
        rules: undefined,
        failWhenNotPromoted: false,
        champion: 'none',
        championEndpoint: undefined,
        championModel: undefined,
        championTag: undefined,
        championRegistryName: undefined,
        ...request,
      },
      (outputs) => {
        published = outputs;
      },
    );

  it('promotes a candidate that beats the model of the live deployment', async () => {
    seedModel('3', { job: 'old' });
    seedEndpoint({ blue: 100 }, modelId('3'));
    const { outcome, decision, championModelId } = await evaluate({ champion: 'endpoint', championEndpoint: 'churn' });
    assert.equal(outcome, 'promote');
    assert.equal(championModelId, modelId('3'));
    const parsed = JSON.parse(decision) as Record<string, unknown>;
    assert.deepEqual(parsed.champion, { model: 'churn:3', modelId: modelId('3'), job: 'old' });
    assert.deepEqual(parsed.rules, [
      {
        metric: 'auc',
        candidate: 0.9,
        champion: 0.85,
        passed: true,
        reason: '0.05 (5.88 %) better than the champion.',
      },
    ]);
  });

  it('keeps a champion that is better, and does not fail', async () => {
    seedModel('3', { job: 'new' });
    seedEndpoint({ blue: 100 }, modelId('3'));
    const { outcome } = await evaluate({ candidateJob: 'old', champion: 'endpoint', championEndpoint: 'churn' });
    assert.equal(outcome, 'keepChampion');
    assert.match(agent.summaries.join(), /Keep the champion.*✘ not passed/s);
  });

  it('fails for the same candidate where that is asked for, with the outcome set', async () => {
    const request = {
      candidateJob: 'old',
      rules: 'metrics: {auc: {direction: higher, minimum: 0.89}}',
      rulesFile: undefined,
    };
    await assert.rejects(evaluate({ ...request, failWhenNotPromoted: true }), /not promoted.*below the minimum 0\.89/);
    assert.equal(published.outcome, 'keepChampion');
  });

  for (const [what, metrics] of [
    ['a missing metric', {}],
    ['NaN', { auc: NaN }],
  ] as const) {
    it(`takes ${what} for an error that fails, with the outcome set`, async () => {
      seedPipeline('broken', metrics);
      await assert.rejects(
        evaluate({ candidateJob: 'broken' }),
        (error) => error instanceof UserError && error.message.includes("'auc' cannot be judged"),
      );
      assert.equal(published.outcome, 'error');
    });
  }

  it('takes the champion by the traffic: most of it, not the first or the last', async () => {
    seedModel('3', { job: 'old' });
    seedModel('4', { job: 'new' });
    seedEndpoint({ blue: 10, green: 90 }, modelId('4'));
    workspace.seed('onlineEndpoints/churn/deployments/green', { properties: { model: modelId('3') } });
    const { championModelId } = await evaluate({ champion: 'endpoint', championEndpoint: 'churn' });
    assert.equal(championModelId, modelId('3'));
  });

  it('has no champion before there is an endpoint, or while nothing is live', async () => {
    assert.equal((await evaluate({ champion: 'endpoint', championEndpoint: 'churn' })).outcome, 'promote');
    workspace.seed('onlineEndpoints/churn', { properties: { traffic: {} } });
    assert.equal((await evaluate({ champion: 'endpoint', championEndpoint: 'churn' })).championModelId, undefined);
  });

  it('finds the newest version with a tag, archived ones left out, whatever their numbers', async () => {
    seedModel('10', { job: 'old', tags: { stage: 'production' } });
    seedModel('9', { job: 'new', tags: { stage: 'production' } });
    seedModel('11', { job: 'new', tags: { stage: 'production' }, isArchived: true });
    seedModel('12', { job: 'new', tags: { stage: 'test' } });
    const request = { champion: 'modelTag', championModel: 'churn', championTag: 'stage=production' } as const;
    assert.equal((await evaluate(request)).championModelId, modelId('9'));
  });

  it('finds the newest version that was registered as promoted', async () => {
    seedModel('1', { job: 'old', tags: { 'azdo.evaluation': 'promote' } });
    seedModel('2', { job: 'new', tags: { 'azdo.evaluation': 'keepChampion' } });
    const { championModelId } = await evaluate({ champion: 'latestPromoted', championModel: 'churn' });
    assert.equal(championModelId, modelId('1'));
  });

  it('uses the metrics recorded with the champion when its job is gone', async () => {
    seedModel('3', { job: 'deleted', tags: { 'metric.auc': '0.95' } });
    seedEndpoint({ blue: 100 }, modelId('3'));
    const { outcome } = await evaluate({ champion: 'endpoint', championEndpoint: 'churn' });
    assert.equal(outcome, 'keepChampion');
  });

  it('calls a champion without any metrics an error, not a win', async () => {
    seedModel('3', {});
    seedEndpoint({ blue: 100 }, modelId('3'));
    await assert.rejects(
      evaluate({ champion: 'endpoint', championEndpoint: 'churn' }),
      /The champion has no such metric/,
    );
    assert.equal(published.outcome, 'error');
  });

  it('judges a registered model by its job', async () => {
    seedModel('3', { job: 'new' });
    const { decision } = await evaluate({ candidateJob: undefined, candidateModel: 'churn:3' });
    assert.deepEqual((JSON.parse(decision) as Record<string, unknown>).candidate, {
      job: 'new',
      step: 'evaluate',
      model: 'churn:3',
    });
  });

  it('looks through all steps where none is named, unless two log the same', async () => {
    assert.equal((await evaluate({ candidateStep: undefined })).outcome, 'promote');
    workspace.metrics.set('new-1', { auc: 0.1 });
    await assert.rejects(evaluate({ candidateStep: undefined }), /Several steps .* log 'auc'; name the step/);
  });

  it('reads the metrics of a reused step from the run it was reused from', async () => {
    workspace.children.set('new', [
      run('x', { displayName: 'evaluate', properties: { 'azureml.reusedrunid': 'old-2' } }),
    ]);
    assert.match((await evaluate()).decision, /"candidate":0.85/);
  });

  it('refuses what cannot be meant, in one sentence', async () => {
    workspace.seedJob('running', 'Running');
    await assert.rejects(evaluate({ candidateJob: 'running' }), /has not completed \(it is Running\)/);
    await assert.rejects(evaluate({ candidateJob: 'none' }), /no job 'none'/);
    await assert.rejects(evaluate({ candidateStep: 'evalute' }), /no step 'evalute'. Its steps are: train, evaluate/);
    await assert.rejects(evaluate({ candidateJob: undefined }), /either as 'candidateJob' or as 'candidateModel'/);
    await assert.rejects(evaluate({ rules: RULES }), /either as 'rulesFile' or as 'rules'/);
    await assert.rejects(evaluate({ rulesFile: `${SOURCES}/none.yml` }), /no rules file 'none.yml'/);
    await assert.rejects(evaluate({ champion: 'endpoint' }), /'championEndpoint' is required/);
    await assert.rejects(evaluate({ champion: 'modelTag', championModel: 'churn' }), /'championTag' is required/);
  });

  describe('does not do as others did', () => {
    const promoted = (time: string): Record<string, string> => ({ 'azdo.promoted': time, 'metric.auc': '0.85' });

    it('takes the newest version by its age: 10 comes after 9, whatever its text', async () => {
      seedModel('9', { tags: { stage: 'production', 'metric.auc': '0.95' } });
      seedModel('10', { tags: { stage: 'production', 'metric.auc': '0.85' } });
      const { championModelId } = await evaluate({
        champion: 'modelTag',
        championModel: 'churn',
        championTag: 'stage=production',
      });
      assert.equal(championModelId, modelId('10'));
    });

    it('compares with the champion alone, not with the best that ever was', async () => {
      seedModel('1', { tags: { 'metric.auc': '0.99' } });
      seedModel('2', { tags: promoted('2026-01-02T00:00:00Z') });
      const { outcome } = await evaluate({ champion: 'latestPromoted', championModel: 'churn' });
      assert.equal(outcome, 'promote');
    });

    it('takes the version promoted last for the champion, not the latest registered', async () => {
      seedModel('1', { tags: promoted('2026-02-01T00:00:00Z') });
      seedModel('2', { tags: promoted('2026-01-01T00:00:00Z') });
      seedModel('3', { tags: { 'metric.auc': '0.99', 'azdo.evaluation': 'promote' } });
      const { championModelId } = await evaluate({ champion: 'latestPromoted', championModel: 'churn' });
      assert.equal(championModelId, modelId('1'));
    });

    it('does not take a lower loss for a worse one', async () => {
      workspace.metrics.set('new-2', { loss: 0.2 });
      workspace.metrics.set('old-2', { loss: 0.3 });
      seedModel('3', { job: 'old' });
      seedEndpoint({ blue: 100 }, modelId('3'));
      const rules = { rulesFile: undefined, rules: 'metrics: { loss: { direction: lower } }' };
      const { outcome } = await evaluate({ ...rules, champion: 'endpoint', championEndpoint: 'churn' });
      assert.equal(outcome, 'promote');
    });

    it('succeeds when the champion is better: that is a result, not a failure', async () => {
      workspace.metrics.set('new-2', { auc: 0.84 });
      seedModel('3', { job: 'old' });
      seedEndpoint({ blue: 100 }, modelId('3'));
      const { outcome } = await evaluate({ champion: 'endpoint', championEndpoint: 'churn' });
      assert.equal(outcome, 'keepChampion');
      assert.deepEqual(
        workspace.calls.filter(({ method, path }) => method === 'POST' || path.endsWith('/cancel')),
        [],
      );
    });
  });

  describe('with a registry', () => {
    beforeEach(async () => {
      await registry.put('models/churn/versions/4', {
        properties: {
          tags: { 'metric.auc': '0.95', 'azdo.promoted': '2026-01-01T00:00:00Z' },
          // A job of the workspace it was promoted from; one of that name here is another.
          properties: {
            'azdo.jobName': 'old',
            'azdo.origin': '/subscriptions/x/resourceGroups/y/elsewhere/models/churn/versions/4',
          },
        },
      });
    });
    const id = 'azureml://registries/shared/models/churn/versions/4';

    it('finds the champion among its versions, by the metrics recorded there', async () => {
      const { outcome, championModelId } = await evaluate({
        champion: 'latestPromoted',
        championModel: 'churn',
        championRegistryName: 'shared',
      });
      assert.deepEqual([outcome, championModelId], ['keepChampion', id]);
    });

    it('finds the model a live deployment takes from it', async () => {
      seedEndpoint({ blue: 100 }, id);
      const { decision } = await evaluate({ champion: 'endpoint', championEndpoint: 'churn' });
      assert.deepEqual((JSON.parse(decision) as { champion: unknown }).champion, { model: 'churn:4', modelId: id });
    });

    it('takes a candidate from it', async () => {
      const { outcome } = await evaluate({ candidateJob: undefined, candidateModel: id });
      assert.equal(outcome, 'promote');
    });
  });
});
