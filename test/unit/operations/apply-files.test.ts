import assert from 'node:assert/strict';
import { UserError } from '../../../tasks/common/errors.ts';
import { applyFiles, type ApplyOutputs, type ApplyMode } from '../../../tasks/common/operations/apply-files.ts';
import type { PlanFilesRequest } from '../../../tasks/common/operations/plan-files.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const FILES = {
  'aml/environment.yml':
    'name: env\nversion: "1"\nimage: ubuntu\nconda_file: conda.yml\n$schema: https://x/environment.schema.json\n',
  'aml/conda.yml': 'dependencies: [pip]\n',
  'aml/data.yml': '$schema: https://x/data.schema.json\nname: d\nversion: "1"\ntype: uri_file\npath: ../data/d.csv\n',
  'data/d.csv': 'a,b\n1,2\n',
};

describe('applying files', () => {
  let workspace: FakeWorkspace;
  let agent: FakeAgent;

  beforeEach(() => {
    workspace = new FakeWorkspace();
  });

  async function apply(
    request: Partial<PlanFilesRequest> & { readonly mode?: ApplyMode } = {},
    files: Readonly<Record<string, string>> = FILES,
  ): Promise<ApplyOutputs & { readonly all: readonly Record<string, unknown>[] }> {
    agent = new FakeAgent(files);
    const { mode = 'apply', ...given } = request;
    const defaults = { files: ['aml/environment.yml', 'aml/data.yml'], overrides: [], allowPathsOutsideSources: false };
    const outputs = await applyFiles({ agent, workspace }, { ...defaults, ...given }, mode);
    return { ...outputs, all: JSON.parse(outputs.changes) as Record<string, unknown>[] };
  }
  const changes = ({ all }: { readonly all: readonly Record<string, unknown>[] }): readonly unknown[] =>
    all.map(({ change }) => change);

  it('creates what is not there, in the order of the lines', async () => {
    const outputs = await apply();
    assert.deepEqual(changes(outputs), ['create', 'create']);
    assert.deepEqual(
      workspace.writes().map(({ path }) => path),
      ['environments/env/versions/1', 'data/d/versions/1'],
    );
    assert.equal(outputs.changed, 'true');
    assert.deepEqual([outputs.resourceName, outputs.resourceVersion], ['d', '1']);
    assert.match(outputs.resourceId ?? '', /\/data\/d\/versions\/1$/);
    assert.match(agent.summaries.join(), /\| aml\/data.yml \| data \| d:1 \| created \|/);
  });

  it('does nothing the second time', async () => {
    await apply();
    const again = await apply();
    assert.deepEqual([changes(again), again.changed], [['unchanged', 'unchanged'], 'false']);
    assert.equal(workspace.writes().length, 2);
    assert.equal(workspace.uploads.length, 1);
  });

  it('writes what differs, and names the fields', async () => {
    await apply();
    const outputs = await apply({ overrides: ['tags.team=risk'] });
    assert.deepEqual(changes(outputs), ['change', 'change']);
    assert.match(
      JSON.stringify(outputs.all[0]),
      /"path":"properties\.tags".*"team":"risk"|"path":"properties\.tags\.team"/,
    );
  });

  it('only says what it would do with whatIf', async () => {
    assert.deepEqual(changes(await apply({ mode: 'whatIf' })), ['create', 'create']);
    assert.deepEqual([workspace.writes(), workspace.uploads], [[], []]);
    await apply();
    const later = await apply({ mode: 'whatIf', overrides: ['tags.team=risk'] }, { ...FILES, 'data/d.csv': 'changed' });
    assert.deepEqual(changes(later), ['change', 'change']);
    assert.match(JSON.stringify(later.all[1]), /dataUri/);
    assert.equal(workspace.writes().length, 2);
    assert.equal(workspace.uploads.length, 1);
    assert.deepEqual(changes(await apply({ mode: 'whatIf' })), ['unchanged', 'unchanged']);
  });

  const ENDPOINT = {
    'endpoint.yml': '$schema: https://x/managedOnlineEndpoint.schema.json\nname: churn\nauth_mode: key\n',
    'deployment.yml':
      '$schema: https://x/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: churn\nmodel: azureml:m:1\n' +
      'instance_type: Standard_DS3_v2\ninstance_count: 1\n',
  };

  it('counts what an earlier file would create as being there', async () => {
    const outputs = await apply({ mode: 'whatIf', files: ['endpoint.yml', 'deployment.yml'] }, ENDPOINT);
    assert.deepEqual(changes(outputs), ['create', 'create']);
    await assert.rejects(
      apply({ mode: 'whatIf', files: ['deployment.yml'] }, ENDPOINT),
      /endpoint 'churn' does not exist/,
    );
  });

  it('keeps the traffic of an endpoint whose file says nothing about it', async () => {
    const file = { 'endpoint.yml': ENDPOINT['endpoint.yml'] };
    workspace.seed('onlineEndpoints/churn', {
      properties: { authMode: 'AADToken', traffic: { blue: 100 }, provisioningState: 'Succeeded' },
    });
    const outputs = await apply({ files: ['endpoint.yml'] }, file);
    assert.deepEqual(changes(outputs), ['change']);
    assert.deepEqual((workspace.writes()[0]?.body?.properties as Record<string, unknown>).traffic, { blue: 100 });
  });

  it('warns of an endpoint that the internet can reach', async () => {
    await apply({ files: ['endpoint.yml'] }, ENDPOINT);
    assert.match(agent.log.warnings.join(), /'churn' can be reached from the internet/);
    const closed = `${ENDPOINT['endpoint.yml']}public_network_access: disabled\n`;
    await apply({ files: ['endpoint.yml'] }, { 'endpoint.yml': closed });
    assert.deepEqual(agent.log.warnings, []);
  });

  it('writes again what had failed, also when nothing is to change', async () => {
    await apply();
    const path = 'environments/env/versions/1';
    const live = workspace.resources.get(path);
    workspace.resources.set(path, {
      ...live,
      properties: { ...(live?.properties as object), provisioningState: 'Failed' },
    });
    assert.deepEqual(changes(await apply()), ['change', 'unchanged']);
  });

  it('gives an asset without a version the next one, again when another run is faster', async () => {
    const file = {
      'm.yml':
        '$schema: https://x/model.schema.json\nname: m\ntype: custom_model\npath: azureml://datastores/d/paths/m\n',
    };
    workspace.seed('models/m/versions/7', { properties: {} });
    let races = 1;
    workspace.fault = (method, path) => {
      if (method !== 'PUT' || races-- <= 0) return;
      workspace.seed(path, { properties: {} });
      throw serviceError(409);
    };
    assert.equal((await apply({ files: ['m.yml'] }, file)).resourceVersion, '9');
  });

  it('takes patterns, each file once', async () => {
    const outputs = await apply({ files: ['aml/data.yml', 'aml/{data,environment}.yml'] });
    assert.deepEqual(
      outputs.all.map(({ file }) => file),
      ['aml/data.yml', 'aml/environment.yml'],
    );
  });

  it('changes nothing when any file is wrong, and names everything that is', async () => {
    const wrong = {
      ...FILES,
      'aml/data.yml': 'name: d\nversion: "1"\ntype: uri_fil\npath: ../../secret\n$schema: https://x/data.schema.json\n',
    };
    await assert.rejects(apply({}, wrong), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /aml\/data.yml:3:\d+: .*uri_fil.*uri_file/);
      return true;
    });
    await assert.rejects(
      apply({ files: ['none.yml', 'x/*.yml'] }),
      /no file 'none.yml'.*\n.*No file matches 'x\/\*.yml'/,
    );
    await assert.rejects(apply({ files: [] }), /'files' is empty/);
    assert.deepEqual([workspace.writes(), workspace.uploads], [[], []]);
  });

  it('does not run jobs', async () => {
    const job = { 'job.yml': 'type: command\ncommand: x\nenvironment: azureml:env:1\ncompute: azureml:cpu\n' };
    await assert.rejects(apply({ files: ['job.yml'] }, job), /job\.yml: .*AmlRunJob/);
    assert.deepEqual(workspace.writes(), []);
  });

  it('says how far it got when the service refuses a file', async () => {
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path.startsWith('data/')) throw serviceError(403);
    };
    await assert.rejects(apply(), /refused by the test/);
    assert.match(agent.summaries.join(), /environment.yml.*1 of 2 files were not applied/s);
  });
});
