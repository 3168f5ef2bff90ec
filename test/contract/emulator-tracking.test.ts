import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { asObject, at, objectAt, textAt } from '../../local/emulator/json.ts';
import type { Json, JsonObject } from '../../local/emulator/json.ts';
import { send, startJobWorkspace } from './job-workspace.ts';
import type { JobWorkspace } from './job-workspace.ts';

describe('the data plane of the emulator', function () {
  this.timeout(60_000);
  let workspace: JobWorkspace;

  before(async () => {
    workspace = await startJobWorkspace();
    await workspace.putCommandJob('job', {
      command: 'mkdir -p outputs/a; echo one > outputs/a/1.txt',
      experimentName: 'exp',
    });
    await workspace.waitForState('job', 'Completed');
  });
  after(() => workspace.close());

  const log = (call: string, body: JsonObject) => workspace.mlflow('POST', `runs/${call}`, body);
  const list = (body: Json | undefined, ...path: string[]): JsonObject[] =>
    ((at(body, ...path) ?? []) as Json[]).map(asObject);
  const newRun = async (body: JsonObject = {}): Promise<string> => {
    const created = await log('create', { experiment_id: '0', ...body });
    assert.equal(created.status, 200, created.text);
    return textAt(created.body, 'run', 'info', 'run_id') ?? '';
  };

  describe('MLflow', () => {
    it('knows a job by its name, as soon as there is one', async () => {
      await workspace.putCommandJob('early', { command: 'sleep 60' });
      const { status, body } = await workspace.mlflow('GET', 'runs/get?run_id=early');
      assert.equal(status, 200);
      assert.equal(textAt(body, 'run', 'info', 'lifecycle_stage'), 'active');
      assert.match(
        textAt(body, 'run', 'info', 'artifact_uri') ?? '',
        /^azureml:\/\/westeurope\.api\.azureml\.ms\/mlflow\/v2\.0\/subscriptions\/.*\/experiments\/[0-9a-f-]{36}\/runs\/early\/artifacts$/,
      );
      await workspace.arm('POST', 'jobs/early/cancel');
    });

    it('answers under v1.0 as well', async () => {
      const { status } = await workspace.data('GET', 'mlflow/v1.0', 'api/2.0/mlflow/runs/get?run_id=job');
      assert.equal(status, 200);
    });

    it('keeps metrics in the order they came and shows the latest, NaN and infinity as text', async () => {
      const run_id = await newRun();
      await log('log-metric', { run_id, key: 'loss', value: 2, timestamp: 10, step: 1 });
      await log('log-metric', { run_id, key: 'loss', value: 1, timestamp: 20, step: 0 });
      await log('log-batch', {
        run_id,
        metrics: [
          { key: 'bad', value: 'NaN', timestamp: 1, step: 0 },
          { key: 'worse', value: '-Infinity', timestamp: 1, step: 0 },
        ],
      });
      const { body } = await workspace.mlflow('GET', `runs/get?run_id=${run_id}`);
      assert.deepEqual(
        list(body, 'run', 'data', 'metrics').map(({ key, value }) => [key, value]),
        [
          ['loss', 2],
          ['bad', 'NaN'],
          ['worse', '-Infinity'],
        ],
      );
      const history = await workspace.mlflow(
        'GET',
        `metrics/get-history?run_id=${run_id}&metric_key=loss&max_results=1`,
      );
      assert.deepEqual(list(history.body, 'metrics'), [{ key: 'loss', value: 2, timestamp: 10, step: 1 }]);
      const token = textAt(history.body, 'next_page_token') ?? '';
      const rest = await workspace.mlflow(
        'GET',
        `metrics/get-history?run_id=${run_id}&metric_key=loss&page_token=${token}`,
      );
      assert.deepEqual(list(rest.body, 'metrics'), [{ key: 'loss', value: 1, timestamp: 20, step: 0 }]);
      assert.equal(at(rest.body, 'next_page_token'), undefined);
      const full = await workspace.data('POST', 'metric/v2.0', `runs/${run_id}/full`, { metricName: 'loss' });
      assert.deepEqual(
        list(full.body, 'value').map(({ data }) => data),
        [{ loss: 2 }, { loss: 1 }],
      );
    });

    it('keeps parameters and tags; a parameter never changes', async () => {
      const run_id = await newRun({ tags: [{ key: 'team', value: 'a' }] });
      assert.equal((await log('log-parameter', { run_id, key: 'depth', value: '3' })).status, 200);
      assert.equal(
        (
          await log('log-batch', {
            run_id,
            params: [
              { key: 'depth', value: '3' },
              { key: 'lr', value: '0.1' },
            ],
          })
        ).status,
        200,
      );
      const changed = await log('log-parameter', { run_id, key: 'depth', value: '4' });
      assert.deepEqual([changed.status, textAt(changed.body, 'error_code')], [400, 'INVALID_PARAMETER_VALUE']);
      await log('set-tag', { run_id, key: 'stage', value: 'x' });
      await log('delete-tag', { run_id, key: 'team' });
      const { body } = await workspace.mlflow('GET', `runs/get?run_id=${run_id}`);
      assert.deepEqual(list(body, 'run', 'data', 'params'), [
        { key: 'depth', value: '3' },
        { key: 'lr', value: '0.1' },
      ]);
      const tags = list(body, 'run', 'data', 'tags').map(({ key }) => key);
      assert.ok(tags.includes('stage') && tags.includes('mlflow.rootRunId') && !tags.includes('team'));
    });

    it('shows the tags of a run on its job', async () => {
      await log('set-tag', { run_id: 'job', key: 'seen', value: 'yes' });
      assert.equal(textAt((await workspace.arm('GET', 'jobs/job')).body, 'properties', 'tags', 'seen'), 'yes');
    });

    it('refuses what the service refuses, in its shape', async () => {
      const metrics = Array.from({ length: 251 }, (_, step) => ({ key: 'm', value: 1, timestamp: 1, step }));
      const tooMany = await log('log-batch', { run_id: 'job', metrics });
      assert.equal(tooMany.status, 400);
      assert.deepEqual(Object.keys(tooMany.body), [
        'Error',
        'Correlation',
        'Environment',
        'Location',
        'Time',
        'ComponentName',
        'statusCode',
        'error_code',
      ]);
      assert.equal(textAt(tooMany.body, 'Error', 'Code'), 'ValidationError');
      assert.match(textAt(tooMany.body, 'Error', 'Message') ?? '', /Limit=250, Size=251/);
      const history = await workspace.mlflow('GET', 'metrics/get-history?run_id=job&metric_key=m&max_results=25000');
      assert.deepEqual([history.status, textAt(history.body, 'error_code')], [400, 'BAD_REQUEST']);
      const missing = await workspace.mlflow('GET', 'runs/get?run_id=nobody');
      assert.deepEqual([missing.status, textAt(missing.body, 'error_code')], [404, 'RESOURCE_DOES_NOT_EXIST']);
    });

    it('asks for a token', async () => {
      const url = `${workspace.api}/mlflow/v2.0${workspace.id}/api/2.0/mlflow/runs/get?run_id=job`;
      assert.equal((await send(workspace.emulator, 'GET', url, {})).status, 401);
    });

    it('ends a run of its own; the state of a job is not its affair', async () => {
      const run_id = await newRun({ run_name: 'own' });
      await log('update', { run_id, status: 'FINISHED', end_time: 5 });
      const own = await workspace.data('GET', 'history/v1.0', `runs/${run_id}`);
      assert.deepEqual([own.body.status, own.body.displayName], ['Completed', 'own']);
      await log('update', { run_id: 'job', status: 'FAILED' });
      assert.equal((await workspace.data('GET', 'history/v1.0', 'runs/job')).body.status, 'Completed');
    });

    it('finds experiments and runs', async () => {
      const named = await workspace.mlflow('GET', 'experiments/get-by-name?experiment_name=exp');
      const experiment_id = textAt(named.body, 'experiment', 'experiment_id') ?? '';
      const same = await workspace.mlflow('GET', `experiments/get?experiment_id=${experiment_id}`);
      assert.equal(textAt(same.body, 'experiment', 'name'), 'exp');
      const again = await workspace.mlflow('POST', 'experiments/create', { name: 'exp' });
      assert.deepEqual([again.status, textAt(again.body, 'error_code')], [400, 'RESOURCE_ALREADY_EXISTS']);
      const [low, high] = [await newRun({ experiment_id }), await newRun({ experiment_id })];
      await log('log-metric', { run_id: low, key: 'auc', value: 0.7, timestamp: 1 });
      await log('log-metric', { run_id: high, key: 'auc', value: 0.9, timestamp: 1 });
      const found = await log('search', {
        experiment_ids: [experiment_id],
        filter: 'metrics.auc > 0.1',
        order_by: ['metrics.auc DESC'],
        max_results: 1,
      });
      assert.deepEqual(
        list(found.body, 'runs').map((run) => textAt(run, 'info', 'run_id')),
        [high],
      );
      assert.equal(textAt(found.body, 'next_page_token'), '1');
    });
  });

  describe('run history', () => {
    for (const [file, ask, members] of [
      ['get_run', () => workspace.data('GET', 'history/v1.0', 'runs/job'), []],
      ['run_details_shape', () => workspace.data('GET', 'history/v1.0', 'runs/job/details'), []],
      [
        'rundata',
        () => workspace.data('POST', 'history/v1.0', 'rundata', { runId: 'job', selectRunMetadata: true }),
        ['runMetadata'],
      ],
    ] as const) {
      const path = `../shared/wire/run_history/${file}.json`;
      (existsSync(path) ? it : it.skip)(`has the recorded keys: ${file}`, async () => {
        const [exchange] = list(JSON.parse(readFileSync(path, 'utf8')) as Json, 'exchanges');
        const keys = (body: Json | undefined): string[] => Object.keys(objectAt(body, ...members) ?? {}).sort();
        assert.deepEqual(keys((await ask()).body), keys(objectAt(exchange, 'response', 'body')));
      });
    }

    it('tells of a run what its readers need', async () => {
      const { body } = await workspace.data('GET', 'history/v1.0', 'runs/job');
      assert.deepEqual(
        [body.runId, body.status, body.parentRunId, body.rootRunId, body.error, body.displayName],
        ['job', 'Completed', null, 'job', null, 'job'],
      );
    });

    it('adds properties to a run, by experiment or without', async () => {
      const patched = await workspace.data('PATCH', 'history/v1.0', 'experiments/exp/runs/job', {
        properties: { k: 'v' },
      });
      assert.equal(textAt(patched.body, 'properties', 'k'), 'v');
      const { body } = await workspace.data('GET', 'history/v1.0', 'runs/job?api-version=v1.0');
      assert.equal(textAt(body, 'properties', 'k'), 'v');
      assert.equal(body.dataContainerId, 'dcid.job');
      assert.match(textAt(body, 'duration') ?? '', /^00:00:\d\d\.\d{7}$/);
    });

    it('says in the shape of its errors that a run is not there', async () => {
      const { status, body } = await workspace.data('GET', 'history/v1.0', 'runs/nobody/details');
      assert.equal(status, 404);
      assert.deepEqual([textAt(body, 'error', 'code'), textAt(body, 'componentName')], ['UserError', 'run-history']);
    });

    it('cancels a job', async () => {
      await workspace.putCommandJob('to-cancel', { command: 'sleep 60', experimentName: 'exp' });
      const answer = await workspace.data('POST', 'history/v1.0', 'experiments/exp/runs/to-cancel/cancel');
      assert.equal(answer.status, 200);
      await workspace.waitForState('to-cancel', 'Canceled');
    });

    it('pages the children of a run', async () => {
      const parent = await newRun();
      for (const run_name of ['a', 'b', 'c'])
        await newRun({ run_name, tags: [{ key: 'mlflow.parentRunId', value: parent }] });
      const first = await workspace.data('GET', 'history/v1.0', `runs/${parent}/children?$top=2`);
      assert.deepEqual(
        list(first.body, 'value').map((run) => run.displayName),
        ['a', 'b'],
      );
      const next = await workspace.open(textAt(first.body, 'nextLink') ?? '');
      assert.equal(next.status, 401);
      const token = textAt(first.body, 'continuationToken') ?? '';
      const last = await workspace.data(
        'GET',
        'history/v1.0',
        `runs/${parent}/children?$top=2&$continuationtoken=${token}`,
      );
      assert.deepEqual(
        list(last.body, 'value').map((run) => run.displayName),
        ['c'],
      );
      assert.deepEqual(Object.keys(last.body), ['value']);
    });
  });

  describe('artifacts', () => {
    it('of a job are what it leaves in its outputs folder, listed level by level', async () => {
      const root = await workspace.mlflow('GET', 'artifacts/list?run_id=job');
      const folders = list(root.body, 'files').filter((file) => file.is_dir === true);
      assert.deepEqual(
        folders.map((file) => file.path),
        ['outputs', 'system_logs', 'user_logs'],
      );
      const inner = await workspace.mlflow('GET', 'artifacts/list?run_id=job&path=outputs/a');
      assert.deepEqual(list(inner.body, 'files'), [{ path: 'outputs/a/1.txt', is_dir: false, file_size: 4 }]);
    });

    it('are read by links that need no token', async () => {
      const info = await workspace.data(
        'GET',
        'artifact/v2.0',
        'artifacts/contentinfo/ExperimentRun/dcid.job/outputs/a/1.txt',
      );
      assert.equal((await workspace.open(textAt(info.body, 'contentUri') ?? '')).text, 'one\n');
      const prefix = await workspace.data(
        'GET',
        'artifact/v2.0',
        'artifacts/prefix/contentinfo/ExperimentRun/dcid.job?path=outputs&count=10',
      );
      assert.deepEqual(
        list(prefix.body, 'value').map((file) => file.path),
        ['outputs/a/1.txt'],
      );
      const none = await workspace.data('GET', 'artifact/v2.0', 'artifacts/contentinfo/ExperimentRun/dcid.job/none');
      assert.equal(none.status, 404);
    });

    it('are written the way MLflow’s client for the workspace does: a place first, then the bytes', async () => {
      const body = { paths: [{ path: 'model/m.txt' }] };
      const made = await workspace.data(
        'POST',
        'history/v1.0',
        'experiments/exp/runs/job/artifacts/batch/metadata',
        body,
      );
      const url = textAt(made.body, 'artifactContentInformation', 'model/m.txt', 'contentUri') ?? '';
      assert.deepEqual(Object.keys(objectAt(made.body, 'artifacts') ?? {}), ['model/m.txt']);
      const put = await send(
        workspace.emulator,
        'PUT',
        url,
        { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2021-12-02' },
        'weights',
      );
      assert.equal(put.status, 201, put.text);
      const info = await workspace.data(
        'GET',
        'artifact/v2.0',
        'artifacts/contentinfo/ExperimentRun/dcid.job/model/m.txt',
      );
      assert.equal((await workspace.open(textAt(info.body, 'contentUri') ?? '')).text, 'weights');
    });

    it('are found by the asset id of an output', async () => {
      const assetId =
        textAt((await workspace.data('GET', 'history/v1.0', 'runs/job')).body, 'outputs', 'default', 'assetId') ?? '';
      const { body } = await workspace.data('POST', 'data/v1.0', 'dataversion/batchGetResolvedUris', {
        values: [assetId, 'azureml:none:1'],
      });
      assert.deepEqual(Object.keys(objectAt(body, 'values') ?? {}), [assetId]);
      assert.deepEqual(at(body, 'values', assetId), {
        uri: 'azureml://subscriptions/00000000-0000-4000-8000-000000000001/resourcegroups/rg-mlops/workspaces/mlw-mlops/datastores/workspaceartifactstore/paths/ExperimentRun/dcid.job/',
        type: 'UriFolder',
        legacyDatasetType: null,
      });
    });
  });

  it('registers the outputs that are named', async () => {
    await workspace.putCommandJob('registers', {
      command: 'echo x > ${{outputs.table}}/t.csv; echo y > ${{outputs.model}}/m',
      outputs: {
        table: { jobOutputType: 'uri_folder', assetName: 'table', assetVersion: '3', mode: 'Upload' },
        model: { jobOutputType: 'custom_model', assetName: 'model' },
      },
    });
    await workspace.waitForState('registers', 'Completed');
    const table = await workspace.arm('GET', 'data/table/versions/3');
    assert.match(textAt(table.body, 'properties', 'dataUri') ?? '', /\/paths\/azureml\/registers\/table\/$/);
    const model = await workspace.arm('GET', 'models/model/versions/1');
    assert.equal(textAt(model.body, 'properties', 'jobName'), 'registers');
    const outputs = (await workspace.data('GET', 'history/v1.0', 'runs/registers')).body.outputs;
    assert.match(textAt(outputs, 'table', 'assetId') ?? '', /\/data\/table\/versions\/3$/);
    assert.equal(textAt(outputs, 'model', 'type'), 'CustomModel');
  });
});
