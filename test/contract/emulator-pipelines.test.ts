import assert from 'node:assert/strict';
import { asObject, at, objectAt, textAt } from '../../local/emulator/json.ts';
import type { Json, JsonObject } from '../../local/emulator/json.ts';
import { startJobWorkspace } from './job-workspace.ts';
import type { JobWorkspace } from './job-workspace.ts';

/** Logs a metric through MLflow's REST interface with the standard library, as a script without mlflow does. */
const TRACKING = [
  'import json, os, time, urllib.request',
  'def log_metric(key, value, step=0):',
  '    base = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://", 1)',
  '    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": key, "value": value, "timestamp": int(time.time() * 1000), "step": step}',
  '    request = urllib.request.Request(base + "/api/2.0/mlflow/runs/log-metric", data=json.dumps(body).encode(),',
  '        headers={"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]})',
  '    urllib.request.urlopen(request, timeout=30).read()',
].join('\n');
const PREPARE = [
  'import os, sys',
  'open(os.path.join(sys.argv[1], "numbers.txt"), "w").write("\\n".join(str(n) for n in range(int(sys.argv[2]))))',
].join('\n');
const TRAIN = [
  'import os, sys',
  'from tracking import log_metric',
  'numbers = [int(line) for line in open(os.path.join(sys.argv[1], "numbers.txt"))]',
  'for step, number in enumerate(numbers): log_metric("seen", number, step)',
  'open(os.path.join(sys.argv[2], "model.txt"), "w").write(str(sum(numbers) / len(numbers)))',
].join('\n');
const EVALUATE = [
  'import os, sys',
  'from tracking import log_metric',
  'mean = float(open(os.path.join(sys.argv[1], "model.txt")).read())',
  'log_metric("mean", mean)',
  'if len(sys.argv) > 2 and mean > float(sys.argv[2]): raise ValueError("mean too high")',
].join('\n');

const folder = { type: 'uri_folder' };
const bound = (value: string): JsonObject => ({ job_input_type: 'literal', value });

describe('pipeline jobs of the emulator', function () {
  this.timeout(60_000);
  let workspace: JobWorkspace;
  let components: Record<string, string>;

  before(async () => {
    workspace = await startJobWorkspace();
    const code = await workspace.putCode('pipeline', {
      'tracking.py': TRACKING,
      'prepare.py': PREPARE,
      'train.py': TRAIN,
      'evaluate.py': EVALUATE,
    });
    const common = { code: `azureml:${code}`, environment: 'azureml:AzureML-minimal:1' };
    components = {
      prepare: await workspace.putComponent('prepare', {
        ...common,
        command: 'python prepare.py ${{outputs.numbers}} ${{inputs.count}}',
        inputs: { count: { type: 'integer', default: 4 } },
        outputs: { numbers: folder },
      }),
      train: await workspace.putComponent('train', {
        ...common,
        command: 'python train.py ${{inputs.numbers}} ${{outputs.model}}',
        inputs: { numbers: folder },
        outputs: { model: { type: 'custom_model' } },
      }),
      evaluate: await workspace.putComponent('evaluate', {
        ...common,
        command: 'python evaluate.py ${{inputs.model}} $[[${{inputs.limit}}]]',
        inputs: { model: { type: 'custom_model' }, limit: { type: 'number', optional: true } },
      }),
      stay: await workspace.putComponent('stay', { ...common, command: 'sleep 300', outputs: { o: folder } }),
      fail: await workspace.putComponent('fail', { ...common, command: 'exit 7', outputs: { o: folder } }),
    };
  });
  after(() => workspace.close());

  const node = (component: string, inputs: JsonObject = {}, outputs: JsonObject = {}): JsonObject => ({
    type: 'command',
    componentId: components[component],
    inputs,
    outputs,
  });
  const chain = (more: JsonObject = {}): JsonObject => ({
    prepare: node('prepare', { count: bound('${{parent.inputs.count}}') }),
    train: node(
      'train',
      { numbers: bound('${{parent.jobs.prepare.outputs.numbers}}') },
      { model: bound('${{parent.outputs.model}}') },
    ),
    evaluate: node('evaluate', { model: bound('${{parent.jobs.train.outputs.model}}'), ...more }),
  });
  const put = (name: string, jobs: JsonObject, more: JsonObject = {}) =>
    workspace.arm('PUT', `jobs/${name}`, {
      properties: {
        jobType: 'Pipeline',
        experimentName: 'pipelines',
        settings: { default_compute: `${workspace.id}/computes/cpu-cluster`, _source: 'YAML.JOB' },
        jobs,
        ...more,
      },
    });
  const putChain = (name: string, count: string, more: JsonObject = {}) =>
    put(name, chain(), {
      inputs: { count: { jobInputType: 'literal', value: count } },
      outputs: { model: { jobOutputType: 'custom_model' } },
      ...more,
    });
  /** The runs of a pipeline's steps, by name of the node. */
  const steps = async (job: string): Promise<Record<string, JsonObject>> => {
    const { body } = await workspace.data('GET', 'history/v1.0', `runs/${job}/children`);
    const runs = ((at(body, 'value') ?? []) as Json[]).map(asObject);
    return Object.fromEntries(runs.map((run) => [textAt(run, 'displayName') ?? '', run]));
  };
  const metricsOf = async (run: JsonObject | undefined): Promise<Json | undefined> => {
    const { body } = await workspace.mlflow('GET', `runs/get?run_id=${textAt(run, 'runId') ?? ''}`);
    return at(body, 'run', 'data', 'metrics');
  };

  it('pass data along their graph and log metrics over MLflow', async () => {
    const { status, body } = await putChain('chain', '5');
    assert.equal(status, 201);
    assert.equal(textAt(body, 'properties', 'status'), 'NotStarted');
    assert.deepEqual(at(body, 'properties', 'properties'), {});
    assert.deepEqual(Object.keys(objectAt(body, 'properties', 'outputs') ?? {}), ['model']);
    const done = await workspace.waitForState('chain', 'Completed');
    const properties = objectAt(done, 'properties', 'properties') ?? {};
    assert.equal(properties['azureml.parameters'], '{"count":"5"}');
    assert.match(textAt(properties, 'azureml.pipelines.stages') ?? '', /"Status":"Finished"/);

    const { prepare, train, evaluate } = await steps('chain');
    assert.deepEqual([prepare?.status, train?.status, evaluate?.status], ['Completed', 'Completed', 'Completed']);
    const [mean] = (await metricsOf(evaluate)) as Json[];
    assert.equal(at(mean, 'value'), 2);
    const history = await workspace.mlflow(
      'GET',
      `metrics/get-history?run_id=${textAt(train, 'runId') ?? ''}&metric_key=seen`,
    );
    assert.deepEqual(
      ((at(history.body, 'metrics') ?? []) as Json[]).map((point) => [at(point, 'step'), at(point, 'value')]),
      [0, 1, 2, 3, 4].map((n) => [n, n]),
    );
  });

  it('have steps with ids of their own, found over the Resource Manager without properties', async () => {
    const { train } = await steps('chain');
    const id = textAt(train, 'runId') ?? '';
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual(
      [train?.parentRunId, train?.rootRunId, train?.runType, train?.target],
      ['chain', 'chain', 'azureml.StepRun', 'cpu-cluster'],
    );
    assert.equal(textAt(train, 'properties', 'azureml.moduleName'), 'train');
    assert.deepEqual(Object.keys((await workspace.arm('GET', `jobs/${id}`)).body), [
      'id',
      'name',
      'type',
      'systemData',
    ]);
  });

  it('have the outputs of the nodes that feed them', async () => {
    const data = await workspace.data('POST', 'history/v1.0', 'rundata', { runId: 'chain', selectRunMetadata: true });
    const assetId = textAt(data.body, 'runMetadata', 'outputs', 'model', 'assetId') ?? '';
    const { train } = await steps('chain');
    assert.match(assetId, new RegExp(`/models/azureml_${textAt(train, 'runId') ?? ''}_output_model_model/versions/1$`));
    const resolved = await workspace.data('POST', 'modelregistry/v1.0', 'models/batchGetResolvedUris', {
      values: [assetId],
    });
    assert.match(
      textAt(resolved.body, 'values', assetId, 'path') ?? '',
      /\/datastores\/workspaceblobstore\/paths\/azureml\/[0-9a-f-]{36}\/model\/$/,
    );
    const model = { modelUri: 'azureml://jobs/chain/outputs/model', modelType: 'custom_model' };
    const registered = await workspace.arm('PUT', 'models/chain/versions/1', { properties: model });
    assert.match(textAt(registered.body, 'properties', 'modelUri') ?? '', /\/paths\/azureml\/[0-9a-f-]{36}\/model\/$/);
  });

  it('share the result of steps that were run before with the same inputs', async () => {
    await putChain('again', '5');
    await workspace.waitForState('again', 'Completed');
    const [first, second] = [await steps('chain'), await steps('again')];
    for (const name of ['prepare', 'train', 'evaluate']) {
      const properties = objectAt(second[name], 'properties') ?? {};
      assert.equal(properties['azureml.isreused'], 'true', name);
      assert.equal(properties['azureml.reusedrunid'], first[name]?.runId);
      assert.equal(second[name]?.dataContainerId, first[name]?.dataContainerId);
    }
    assert.deepEqual(await metricsOf(second.evaluate), await metricsOf(first.evaluate));

    await putChain('other', '6');
    await workspace.waitForState('other', 'Completed');
    for (const run of Object.values(await steps('other')))
      assert.equal(at(run, 'properties', 'azureml.isreused'), undefined);
    await putChain('forced', '5', { settings: { force_rerun: true } });
    await workspace.waitForState('forced', 'Completed');
    for (const run of Object.values(await steps('forced')))
      assert.equal(at(run, 'properties', 'azureml.isreused'), undefined);
  });

  it('run a registered pipeline component', async () => {
    const component = await workspace.putComponent('whole', {
      type: 'pipeline',
      inputs: { count: { type: 'integer', default: 3 } },
      outputs: { model: { type: 'custom_model' } },
      jobs: chain(),
    });
    await put('registered', {}, { componentId: component });
    await workspace.waitForState('registered', 'Completed');
    const [mean] = (await metricsOf((await steps('registered')).evaluate)) as Json[];
    assert.equal(at(mean, 'value'), 1);

    await put('nested', { inner: { type: 'pipeline', componentId: component, inputs: { count: bound('7') } } });
    await workspace.waitForState('nested', 'Completed');
    const { inner } = await steps('nested');
    const [innerMean] = (await metricsOf((await steps(textAt(inner, 'runId') ?? '')).evaluate)) as Json[];
    assert.equal(at(innerMean, 'value'), 3);
  });

  it('fail with the step that failed, and stop the others', async () => {
    await put('failing', {
      bad: node('fail'),
      stays: node('stay'),
      after: node('train', { numbers: bound('${{parent.jobs.bad.outputs.o}}') }),
    });
    await workspace.waitForState('failing', 'Failed');
    const { bad, stays, after } = await steps('failing');
    assert.deepEqual([bad?.status, stays?.status, after], ['Failed', 'Canceled', undefined]);
    const details = await workspace.data('GET', 'history/v1.0', 'runs/failing/details');
    assert.match(
      textAt(details.body, 'error', 'error', 'message') ?? '',
      /^Pipeline has failed child jobs\. Failed nodes: .*\/bad/,
    );
    assert.ok(at(details.body, 'logFiles', 'logs/azureml/executionlogs.txt'));
  });

  it('go on beside a failed step when they are told to', async () => {
    const jobs = { bad: node('fail'), good: node('prepare') };
    await put('going-on', jobs, { settings: { continue_on_step_failure: true, force_rerun: true } });
    await workspace.waitForState('going-on', 'Failed');
    const { bad, good } = await steps('going-on');
    assert.deepEqual([bad?.status, good?.status], ['Failed', 'Completed']);
  });

  it('are cancelled with all their steps', async () => {
    await put('cancelled', { stays: node('stay') });
    await workspace.waitForState('cancelled', 'Running');
    await workspace.arm('POST', 'jobs/cancelled/cancel');
    await workspace.waitForState('cancelled', 'Canceled');
    const { stays } = await steps('cancelled');
    assert.ok(stays === undefined || stays.status === 'Canceled', textAt(stays, 'status'));
  });

  it('are refused as a whole when they cannot run', async () => {
    const answer = async (jobs: JsonObject): Promise<unknown[]> => {
      const { status, body } = await put('refused', jobs);
      return [status, textAt(body, 'error', 'code'), textAt(body, 'error', 'message')];
    };
    const missing = `${workspace.id}/components/none/versions/7`;
    assert.deepEqual(await answer({ a: { type: 'command', componentId: missing } }), [
      404,
      'NotFound',
      `key: ${missing}, Message: Not found component none (version: 7).`,
    ]);
    const [circle, , why] = await answer({
      a: node('train', { numbers: bound('${{parent.jobs.b.outputs.model}}') }),
      b: node('train', { numbers: bound('${{parent.jobs.a.outputs.model}}') }),
    });
    assert.deepEqual([circle, why], [400, 'The nodes a, b wait for each other.']);
    const [unknown, , kind] = await answer({ s: { type: 'spark' } });
    assert.deepEqual([unknown, kind], [501, 'The emulator does not run nodes of type spark (node s).']);
  });
});
