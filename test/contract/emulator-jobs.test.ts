import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { asObject, at, objectAt, textAt } from '../../local/emulator/json.ts';
import type { Json } from '../../local/emulator/json.ts';
import { startJobWorkspace, until } from './job-workspace.ts';
import type { JobWorkspace } from './job-workspace.ts';

/** Keys of objects at every level, `a.b`; entries of maps that users name are left out. */
function keysOf(value: Json | undefined, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(asObject(value)).flatMap(([key, member]) => {
    const whole = path === '' ? key : `${path}.${key}`;
    return /^properties\.(tags|properties|jobs|settings|environmentVariables)$/.test(path)
      ? []
      : [whole, ...keysOf(member, whole)];
  });
}

/** The keys of a command job at 2023-04-01-preview. */
const COMMAND_KEYS = [
  ...['description', 'tags', 'properties', 'displayName', 'status', 'experimentName', 'services', 'computeId'],
  ...['isArchived', 'identity', 'componentId', 'notificationSetting', 'secretsConfiguration', 'jobType', 'resources'],
  ...['codeId', 'command', 'environmentId', 'inputs', 'outputs', 'distribution', 'autologgerSettings', 'limits'],
  ...['environmentVariables', 'parameters', 'queueSettings'],
];

describe('jobs of the emulator over the Resource Manager', function () {
  this.timeout(60_000);
  let workspace: JobWorkspace;

  before(async () => {
    workspace = await startJobWorkspace();
  });
  after(() => workspace.close());
  afterEach(() => {
    workspace.emulator.clearFaults();
  });

  it('answers a new command job with 201, its place, and status Starting', async () => {
    const put = await workspace.putCommandJob('fresh', {
      command: 'true',
      tags: { a: 'b' },
      queueSettings: { jobTier: 'standard' },
    });
    assert.equal(put.status, 201);
    assert.match(put.headers.location ?? '', /\/jobs\/fresh\?api-version=2024-01-01-preview$/);
    const properties = objectAt(put.body, 'properties') ?? {};
    assert.equal(properties.status, 'Starting');
    assert.deepEqual(Object.keys(properties), COMMAND_KEYS);
    assert.equal(textAt(properties, 'queueSettings', 'jobTier'), 'Standard');
    assert.equal(
      textAt(properties, 'outputs', 'default', 'uri'),
      'azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.fresh',
    );
    assert.deepEqual(Object.keys(objectAt(put.body, 'systemData') ?? {}), ['createdAt', 'createdBy', 'createdByType']);
    await workspace.waitForState('fresh', 'Completed');
  });

  it('adds a tag and two properties once the job has reached the compute', async () => {
    const body = await workspace.waitForState('fresh', 'Completed');
    assert.deepEqual(Object.keys(objectAt(body, 'properties', 'tags') ?? {}), ['a', '_aml_system_ComputeTargetStatus']);
    assert.equal(textAt(body, 'properties', 'properties', 'ProcessInfoFile'), 'azureml-logs/process_info.json');
  });

  it('answers another PUT with 200 and takes tags, names and the archive flag from it', async () => {
    await workspace.putCommandJob('renamed', { command: 'true', tags: { old: '1' } });
    const put = await workspace.putCommandJob('renamed', {
      command: 'ignored',
      tags: { new: '2' },
      displayName: 'Other',
      isArchived: true,
    });
    assert.equal(put.status, 200);
    assert.equal(put.headers.location, undefined);
    assert.equal(textAt(put.body, 'properties', 'command'), 'true');
    assert.equal(textAt(put.body, 'properties', 'displayName'), 'Other');
    assert.equal(textAt(put.body, 'properties', 'tags', 'new'), '2');
    assert.equal(at(put.body, 'properties', 'tags', 'old'), undefined);
    assert.equal(at(put.body, 'properties', 'isArchived'), true);
  });

  it('has the keys of the api-version that is asked', async () => {
    const keysAt = async (version: string): Promise<string[]> =>
      keysOf((await workspace.arm('GET', 'jobs/fresh', undefined, version)).body);
    const [oldest, newest] = [await keysAt('2022-06-01-preview'), await keysAt('2023-04-01-preview')];
    assert.deepEqual(
      newest.filter((key) => !oldest.includes(key)),
      [
        'properties.services.Tracking.nodes',
        'properties.services.Studio.nodes',
        'properties.notificationSetting',
        'properties.secretsConfiguration',
        'properties.resources.maxInstanceCount',
        'properties.resources.locations',
        'properties.outputs.default.assetName',
        'properties.outputs.default.assetVersion',
        'properties.outputs.default.autoDeleteSetting',
        'properties.queueSettings',
        'properties.queueSettings.jobTier',
        'properties.queueSettings.priority',
      ],
    );
  });

  for (const file of [
    'command_job/create_register_output_201',
    'command_job/create_serverless_201',
    'command_job/lifecycle_starting_queued_running_completed',
    'pipeline_job/create_default_compute_2023_04_201',
    'pipeline_job/create_inline_201_to_completed',
  ]) {
    const path = `../shared/wire/${file}.json`;
    (existsSync(path) ? it : it.skip)(`has the recorded keys: ${file}`, async () => {
      const [exchange] = (at(JSON.parse(readFileSync(path, 'utf8')), 'exchanges') ?? []) as Json[];
      const url = new URL(textAt(exchange, 'request', 'url') ?? '');
      const sent = JSON.parse(
        JSON.stringify(at(exchange, 'request', 'body'))
          .replaceAll(/\/subscriptions\/[^"]*?\/workspaces\/[^/"]+/g, workspace.id)
          .replaceAll('computes/testCompute', 'computes/cpu-cluster'),
      ) as Json;
      const properties = objectAt(sent, 'properties') ?? {};
      const environment = /\/environments\/([^/]+)\/versions\/(.+)$/.exec(textAt(properties, 'environmentId') ?? '');
      if (environment !== null) {
        await workspace.arm('PUT', environment[0].slice(1), { properties: { image: 'python:3.11' } });
      }
      for (const node of Object.values(asObject(properties.jobs))) {
        const component = /components\/.*$/.exec(textAt(node, 'componentId') ?? '')?.[0] ?? '';
        const spec = { name: 'a', type: 'command', command: `echo ${component}`, environment: 'azureml:AzureML-x:1' };
        await workspace.arm('PUT', component, { properties: { componentSpec: spec } });
      }
      const name = file.replaceAll('/', '_');
      const answer = await workspace.arm('PUT', `jobs/${name}`, sent, url.searchParams.get('api-version') ?? '');
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(keysOf(answer.body), keysOf(at(exchange, 'response', 'body')));
      const recorded = objectAt(exchange, 'response', 'body', 'properties') ?? {};
      const got = objectAt(answer.body, 'properties') ?? {};
      for (const same of [
        'status',
        'properties',
        'tags',
        'isArchived',
        'inputs',
        'resources',
        'distribution',
        'jobs',
        'settings',
      ]) {
        const there = JSON.stringify(recorded[same] ?? null).replaceAll(
          /\/subscriptions\/[^"]*?\/workspaces\/[^/"]+/g,
          workspace.id,
        );
        assert.equal(JSON.stringify(got[same] ?? null), there.replaceAll('testCompute', 'cpu-cluster'), same);
      }
      await workspace.arm('POST', `jobs/${name}/cancel`);
    });
  }

  it('says in the service’s words that a job is not there', async () => {
    const { status, body } = await workspace.arm('GET', 'jobs/nobody');
    assert.equal(status, 404);
    assert.equal(textAt(body, 'error', 'code'), 'UserError');
    assert.equal(textAt(body, 'error', 'message'), 'Job nobody not found.');
    assert.match(JSON.stringify(body), /"JobNotFound"/);
  });

  it('refuses an unknown compute, environment or code, and kinds of jobs it cannot run', async () => {
    const refused = async (properties: Record<string, Json>): Promise<[number, string]> => {
      const { status, body } = await workspace.putCommandJob('refused', { command: 'true', ...properties });
      return [status, textAt(body, 'error', 'message') ?? ''];
    };
    assert.deepEqual(await refused({ computeId: `${workspace.id}/computes/none` }), [404, 'Compute none not found.']);
    const environmentId = `${workspace.id}/environments/none/versions/1`;
    assert.deepEqual(await refused({ environmentId }), [404, 'Environment none:1 not found.']);
    assert.deepEqual(await refused({ codeId: `${workspace.id}/codes/none/versions/1` }), [
      404,
      'Code asset none:1 not found.',
    ]);
    assert.deepEqual(await refused({ jobType: 'Spark' }), [501, 'The emulator does not run jobs of type Spark.']);
    assert.equal((await workspace.arm('GET', 'jobs/refused')).status, 404);
  });

  it('lists newest first, in pages, by tag, type and archive state', async () => {
    for (let index = 0; index < 52; index += 1) {
      await workspace.putCommandJob(`listed-${index}`, { command: 'true', tags: { group: 'listed' } });
      await workspace.arm('POST', `jobs/listed-${index}/cancel`);
    }
    const first = await workspace.arm('GET', 'jobs?tag=group=listed');
    const names = (body: Json | undefined): (string | undefined)[] =>
      ((at(body, 'value') ?? []) as Json[]).map((job) => textAt(job, 'name'));
    assert.equal(names(first.body)[0], 'listed-51');
    const next = new URL(textAt(first.body, 'nextLink') ?? '');
    const second = await workspace.arm('GET', `${next.pathname}${next.search.replace(/&?api-version=[^&]*/, '')}`);
    assert.deepEqual([...names(first.body), ...names(second.body)].length, 52);
    assert.equal(at(second.body, 'nextLink'), undefined);
    assert.deepEqual(names((await workspace.arm('GET', 'jobs?tag=group=listed&jobType=Pipeline')).body), []);
    assert.deepEqual(names((await workspace.arm('GET', 'jobs?listViewType=ArchivedOnly')).body), ['renamed']);
  });

  it('deletes a job that has ended, and no other', async () => {
    await workspace.putCommandJob('deleted', { command: 'sleep 60' });
    assert.equal((await workspace.arm('DELETE', 'jobs/deleted')).status, 400);
    await workspace.arm('POST', 'jobs/deleted/cancel');
    await workspace.waitForState('deleted', 'Canceled');
    assert.equal((await workspace.arm('DELETE', 'jobs/deleted')).status, 200);
    assert.equal((await workspace.arm('GET', 'jobs/deleted')).status, 404);
    assert.equal((await workspace.arm('DELETE', 'jobs/deleted')).status, 204);
  });

  it('waits in the queue as long as a rule says, and fails as a rule says', async () => {
    const { emulator } = workspace;
    emulator.addFaults([{ switch: 'jobQueued', target: '/held ' }]);
    await workspace.putCommandJob('held', { command: 'true' });
    await workspace.waitForState('held', 'Queued');
    emulator.clearFaults();
    for (const at of ['image', 'quota', 'preemption']) {
      emulator.addFaults([{ switch: 'failJob', target: `/fails-${at} `, parameters: { at } }]);
      await workspace.putCommandJob(`fails-${at}`, { command: 'sleep 60' });
      await workspace.waitForState(`fails-${at}`, 'Failed');
    }
    const details = await workspace.data('GET', 'history/v1.0', 'runs/fails-preemption/details');
    assert.match(textAt(details.body, 'error', 'error', 'message') ?? '', /PreemptionError/);
    const image = await workspace.data('GET', 'history/v1.0', 'runs/fails-image/details');
    assert.ok(at(image.body, 'logFiles', 'azureml-logs/20_image_build_log.txt'));
    await workspace.waitForState('held', 'Completed');
  });

  it('cancels a job that still waits', async () => {
    workspace.emulator.addFaults([{ switch: 'jobQueued', target: '/waiting ' }]);
    await workspace.putCommandJob('waiting', { command: 'true' });
    await workspace.waitForState('waiting', 'Queued');
    const cancel = await workspace.arm('POST', 'jobs/waiting/cancel');
    assert.equal(cancel.status, 202);
    assert.equal(cancel.text, 'null');
    assert.equal(cancel.headers['azure-asyncoperation'], undefined);
    const location = cancel.headers.location ?? '';
    assert.match(location, /\/mfeOperationResults\/jc:[0-9a-f-]{36}:waiting\?/);
    const path = new URL(location).pathname;
    await until(async () => {
      const poll = await workspace.arm('GET', path);
      if (poll.status === 202) assert.deepEqual([poll.text, poll.headers.location === undefined], ['{}', false]);
      else assert.deepEqual([poll.status, poll.text], [200, '']);
      return poll.status === 200 ? true : undefined;
    }, 'the cancel to end');
    await workspace.waitForState('waiting', 'Canceled');
  });
});
