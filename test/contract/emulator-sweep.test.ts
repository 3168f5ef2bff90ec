import assert from 'node:assert/strict';
import { asObject, objectAt, textAt } from '../../local/emulator/json.ts';
import type { Json, JsonObject } from '../../local/emulator/json.ts';
import { startJobWorkspace, until } from './job-workspace.ts';
import type { JobWorkspace } from './job-workspace.ts';

const TRACKING = [
  'import json, os, time, urllib.request',
  'def log_metric(key, value, step=0):',
  '    base = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://", 1)',
  '    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": key, "value": value, "timestamp": int(time.time() * 1000), "step": step}',
  '    request = urllib.request.Request(base + "/api/2.0/mlflow/runs/log-metric", data=json.dumps(body).encode(),',
  '        headers={"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]})',
  '    urllib.request.urlopen(request, timeout=30).read()',
].join('\n');
/** The accuracy is the value itself; the model holds it. */
const TRY = [
  'import os, sys',
  'from tracking import log_metric',
  'value = float(sys.argv[1])',
  'if value > 90: sys.exit(3)',
  'log_metric("accuracy", value)',
  'if len(sys.argv) > 2: open(os.path.join(sys.argv[2], "model.txt"), "w").write(str(value))',
].join('\n');
const memberText = (run: JsonObject | undefined, name: string): string => textAt(run, name) ?? '';

describe('sweeps of the emulator', function () {
  this.timeout(60_000);
  let workspace: JobWorkspace;
  let code: string;

  before(async () => {
    workspace = await startJobWorkspace();
    code = await workspace.putCode('sweep', { 'tracking.py': TRACKING, 'try.py': TRY });
  });
  after(() => workspace.close());

  const ENVIRONMENT = 'azureml:AzureML-minimal:1';
  const sweep = (fields: JsonObject = {}): JsonObject => ({
    jobType: 'Sweep',
    experimentName: 'search',
    objective: { goal: 'maximize', primaryMetric: 'accuracy' },
    samplingAlgorithm: { samplingAlgorithmType: 'Grid' },
    searchSpace: { value: ['choice', [[1, 3, 2]]] },
    limits: { jobLimitsType: 'Sweep', maxTotalTrials: 10, maxConcurrentTrials: 3 },
    outputs: { model: { jobOutputType: 'uri_folder' } },
    trial: {
      codeId: code,
      environmentId: ENVIRONMENT,
      command: 'python try.py ${{search_space.value}} ${{outputs.model}}',
    },
    ...fields,
  });
  const put = (name: string, properties: JsonObject) => workspace.arm('PUT', `jobs/${name}`, { properties });
  const properties = (job: JsonObject): JsonObject => objectAt(job, 'properties', 'properties') ?? {};
  const children = async (name: string): Promise<readonly JsonObject[]> => {
    const answer = await workspace.data('GET', 'history/v1.0', `experiments/search/runs/${name}/children`);
    return (answer.body.value as readonly Json[]).map(asObject);
  };

  it('runs a trial for each point of a grid, and takes the best one’s metric and outputs', async () => {
    const created = await put('grid', sweep());
    assert.equal(created.status, 201);
    assert.equal(textAt(created.body, 'properties', 'status'), 'Running');
    assert.equal(textAt(created.body, 'properties', 'objective', 'goal'), 'Maximize');
    assert.deepEqual(Object.keys(objectAt(created.body, 'properties', 'services') ?? {}), ['Studio']);
    const job = await workspace.waitForState('grid', 'Completed');
    assert.equal(properties(job).best_child_run_id, 'grid_1');
    assert.equal(properties(job).score, '3');
    assert.equal(textAt(job, 'properties', 'tags', '_aml_system_grid_1'), '{"value":3}');
    assert.equal(textAt(job, 'properties', 'tags', '_aml_system_all_jobs_generated'), 'true');
    const trials = await children('grid');
    assert.deepEqual(trials.map((trial) => `${memberText(trial, 'runId')} ${memberText(trial, 'status')}`).sort(), [
      'grid_0 Completed',
      'grid_1 Completed',
      'grid_2 Completed',
    ]);
    const model = textAt(
      trials.find(({ runId }) => runId === 'grid_1'),
      'outputs',
      'model',
      'assetId',
    );
    const run = await workspace.data('GET', 'history/v1.0', 'experiments/search/runs/grid');
    assert.equal(textAt(run.body, 'outputs', 'model', 'assetId'), model);
  });

  it('never has more trials at work than it may', async () => {
    await put('narrow', sweep({ limits: { jobLimitsType: 'Sweep', maxTotalTrials: 2, maxConcurrentTrials: 1 } }));
    await workspace.waitForState('narrow', 'Completed');
    const spans = (await children('narrow')).map((trial) => [
      memberText(trial, 'createdUtc'),
      memberText(trial, 'endTimeUtc'),
    ]);
    const ordered = spans.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    assert.equal(ordered.length, 2);
    for (const [index, [start = '']] of ordered.entries()) {
      if (index > 0) assert.ok((ordered[index - 1]?.[1] ?? '') <= start);
    }
  });

  it('goes on when a trial fails, and fails when all of them do', async () => {
    await put('some', sweep({ searchSpace: { value: ['choice', [[99, 5]]] } }));
    const some = await workspace.waitForState('some', 'Completed');
    assert.equal(properties(some).best_child_run_id, 'some_1');
    await put('none', sweep({ searchSpace: { value: ['choice', [[98, 99]]] } }));
    await workspace.waitForState('none', 'Failed');
    const run = await workspace.data('GET', 'history/v1.0', 'experiments/search/runs/none/details');
    assert.match(textAt(run.body, 'error', 'error', 'message') ?? '', /initial child jobs have failed/);
  });

  it('is cancelled with its trials', async () => {
    const trial = { codeId: code, environmentId: ENVIRONMENT, command: 'sleep 300' };
    await put('long', sweep({ trial, outputs: {} }));
    await until(
      async () => ((await children('long')).some(({ status }) => status === 'Running') ? true : undefined),
      'a trial',
    );
    assert.equal((await workspace.arm('POST', 'jobs/long/cancel')).status, 202);
    await workspace.waitForState('long', 'Canceled');
    assert.deepEqual(new Set((await children('long')).map(({ status }) => status)), new Set(['Canceled']));
  });

  it('ends with its time limit', async () => {
    const trial = { codeId: code, environmentId: ENVIRONMENT, command: 'sleep 300' };
    const limits = { jobLimitsType: 'Sweep', timeout: 'PT2S', maxTotalTrials: 1, maxConcurrentTrials: 1 };
    await put('limited', sweep({ trial, limits, outputs: {} }));
    await workspace.waitForState('limited', 'Failed');
  });

  it('gives up trials that fall behind, where a policy says so', async () => {
    const script = [
      'import sys, time',
      'from tracking import log_metric',
      'log_metric("accuracy", float(sys.argv[1]))',
      'time.sleep(300 if float(sys.argv[1]) < 5 else 2)',
    ].join('\n');
    const own = await workspace.putCode('policy', { 'tracking.py': TRACKING, 'slow.py': script });
    await put(
      'strict',
      sweep({
        outputs: {},
        searchSpace: { value: ['choice', [[9, 1]]] },
        earlyTermination: { policyType: 'Bandit', slackFactor: 0.1, evaluationInterval: 1 },
        trial: { codeId: own, environmentId: ENVIRONMENT, command: 'python slow.py ${{search_space.value}}' },
      }),
    );
    const job = await workspace.waitForState('strict', 'Completed');
    assert.equal(properties(job).best_child_run_id, 'strict_0');
    const states = (await children('strict'))
      .map((trial) => `${memberText(trial, 'runId')} ${memberText(trial, 'status')}`)
      .sort();
    assert.deepEqual(states, ['strict_0 Completed', 'strict_1 Canceled']);
  });

  for (const [what, fields, sentence] of [
    ['a space without a parameter', { searchSpace: {} }, /empty/],
    ['a goal that is none', { objective: { goal: 'most', primaryMetric: 'x' } }, /goal/],
    ['an algorithm nobody knows', { samplingAlgorithm: { samplingAlgorithmType: 'Luck' } }, /Luck/],
    ['a trial without a command', { trial: { environmentId: ENVIRONMENT } }, /trial\.command is missing/],
  ] as const) {
    it(`refuses ${what}, and keeps nothing`, async () => {
      const answer = await put('wrong', sweep(fields));
      assert.equal(answer.status, 400);
      assert.match(answer.text, sentence);
      assert.equal((await workspace.arm('GET', 'jobs/wrong')).status, 404);
    });
  }

  it('names the types of jobs it does not run', async () => {
    for (const jobType of ['AutoML', 'Spark']) {
      const answer = await put('other', { jobType });
      assert.equal(answer.status, 501);
      assert.match(answer.text, new RegExp(`does not run jobs of type ${jobType}`));
    }
  });

  it('sweeps over the inputs of a component inside of a pipeline', async () => {
    const component = await workspace.putComponent('try', {
      code: `azureml:${code}`,
      environment: ENVIRONMENT,
      command: 'python try.py ${{inputs.value}} ${{outputs.model}}',
      inputs: { value: { type: 'number' } },
      outputs: { model: { type: 'uri_folder' } },
    });
    const show = await workspace.putComponent('show', {
      environment: ENVIRONMENT,
      command: 'cat ${{inputs.model}}/model.txt',
      inputs: { model: { type: 'uri_folder' } },
    });
    const created = await put('swept', {
      jobType: 'Pipeline',
      experimentName: 'search',
      jobs: {
        search: {
          type: 'sweep',
          trial: { componentId: component },
          search_space: { value: { type: 'choice', values: [4, 6] } },
          objective: { goal: 'minimize', primary_metric: 'accuracy' },
          sampling_algorithm: 'grid',
          limits: { max_total_trials: 2, max_concurrent_trials: 2 },
        },
        show: {
          type: 'command',
          componentId: show,
          inputs: { model: { job_input_type: 'literal', value: '${{parent.jobs.search.outputs.model}}' } },
        },
      },
    });
    assert.equal(created.status, 201, created.text);
    await workspace.waitForState('swept', 'Completed');
    const steps = await children('swept');
    const search = steps.find(({ displayName }) => displayName === 'search');
    assert.equal(textAt(search, 'properties', 'best_child_run_id'), `${memberText(search, 'runId')}_0`);
    const shown = steps.find(({ displayName }) => displayName === 'show');
    const { body } = await workspace.data(
      'GET',
      'history/v1.0',
      `experiments/search/runs/${memberText(shown, 'runId')}/details`,
    );
    const log = await workspace.open(textAt(body, 'logFiles', 'user_logs/std_log.txt') ?? '');
    assert.equal(log.text, '4.0');
  });
});
