import assert from 'node:assert/strict';
import type { BatchDeployment } from '@azure/arm-machinelearning';
import { asObject, at, textAt, type JsonObject } from '../../local/emulator/json.ts';
import { send, until, type Answer } from './job-workspace.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

/** Says which file it has read, with which model and how many at a time; fails for a file that says so. */
const SCORING_SCRIPT = `
import os
def init():
    global weight
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "weights.json")) as file:
        weight = file.read()
    if os.environ.get("BREAK") == "init": raise RuntimeError("no such weights")
def run(mini_batch):
    rows = []
    for path in mini_batch:
        with open(path) as file: text = file.read()
        if text == "poison": raise ValueError("poisoned")
        rows.append(f"{os.path.basename(path)} {text} of {len(mini_batch)} {weight}")
    with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], f"part-{os.path.basename(mini_batch[0])}"), "w") as file:
        file.write("written")
    return rows
`;

/** The keys of bodies as they were recorded with api-version 2022-05-01, in their order. */
const ENDPOINT_KEYS = [
  'description',
  'properties',
  'scoringUri',
  'swaggerUri',
  'authMode',
  'defaults',
  'provisioningState',
];
const DEPLOYMENT_KEYS = [
  'description',
  'properties',
  'codeConfiguration',
  'environmentId',
  'environmentVariables',
  'compute',
  'errorThreshold',
  'retrySettings',
  'miniBatchSize',
  'loggingLevel',
  'model',
  'maxConcurrencyPerInstance',
  'outputAction',
  'outputFileName',
  'resources',
  'provisioningState',
];
const INVOCATION_KEYS = [
  'provisioningState',
  'inputData',
  'compute',
  'output',
  'retrySettings',
  'status',
  'interactionEndpoints',
  'tags',
  'properties',
  'name',
];

describe('batch endpoints of the emulator', function () {
  this.timeout(120_000);
  let service: OnlineWorkspace;

  before(async () => {
    service = await startOnlineWorkspace();
    await service.putCode('batch', { 'score.py': SCORING_SCRIPT });
    await service.putModel('numbers', '1', { 'model/weights.json': 'w1' });
    await service.putEnvironment('python', '1');
    await putData('rows', { 'a.txt': '1', 'b.txt': '2', 'deep/c.txt': '3' });
    await putData('bad', { 'a.txt': '1', 'b.txt': 'poison', 'c.txt': '3' });
  });
  after(() => service.close());

  async function putData(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await service.emulator.context.blobs.write({ ...(await store()), name: `${folder}/${path}` }, content);
    }
  }

  async function store(): Promise<{ account: string; container: string }> {
    const { settings } = service.emulator;
    const workspace = await service.client.workspaces.get(...service.scope);
    return { account: settings.storageAccount, container: `azureml-blobstore-${workspace.workspaceId ?? ''}` };
  }

  const modelDeployment = (more: Partial<BatchDeployment['properties']> = {}): BatchDeployment => ({
    location: 'westeurope',
    properties: {
      model: { referenceType: 'Id', assetId: service.id('models/numbers/versions/1') },
      compute: service.id('computes/cpu-cluster'),
      environmentId: service.id('environments/python/versions/1'),
      ...service.code('batch'),
      miniBatchSize: 2,
      ...more,
    },
  });

  async function putEndpoint(name: string, defaultDeployment?: string): Promise<JsonObject> {
    const { client, scope, fast } = service;
    const defaults = defaultDeployment === undefined ? {} : { defaults: { deploymentName: defaultDeployment } };
    const body = { location: 'westeurope', properties: { authMode: 'AADToken', ...defaults } };
    return (await client.batchEndpoints.beginCreateOrUpdateAndWait(
      ...scope,
      name,
      body,
      fast,
    )) as unknown as JsonObject;
  }

  const deploy = (endpoint: string, name: string, body = modelDeployment()): Promise<BatchDeployment> =>
    service.client.batchDeployments.beginCreateOrUpdateAndWait(...service.scope, endpoint, name, body, service.fast);

  async function putServing(endpoint: string, body?: BatchDeployment): Promise<void> {
    await putEndpoint(endpoint);
    await deploy(endpoint, 'blue', body);
    await putEndpoint(endpoint, 'blue');
  }

  const invoke = (endpoint: string, properties: JsonObject, headers: Record<string, string> = {}): Promise<Answer> =>
    send(
      service.emulator,
      'POST',
      `https://${endpoint}.westeurope.inference.ml.azure.com/jobs`,
      { authorization: `Bearer ${service.token('https://ml.azure.com')}`, ...headers },
      { properties },
    );

  const rows = (folder = 'rows'): JsonObject => ({
    inputData: {
      UriFolder: { uri: `azureml://datastores/workspaceblobstore/paths/${folder}`, jobInputType: 'UriFolder' },
    },
  });

  async function ended(job: string): Promise<JsonObject> {
    return until(async () => {
      const { body } = await service.arm('GET', `jobs/${job}`, '2024-01-01-preview');
      const status = textAt(body, 'properties', 'status') ?? '';
      return ['Completed', 'Failed', 'Canceled'].includes(status) ? body : undefined;
    }, `${job} to end`);
  }

  /** What a completed job has written to its output, by file. */
  async function written(job: string): Promise<Readonly<Record<string, string>>> {
    const { api, history } = regional();
    const run = await send(service.emulator, 'GET', `${api}/${history}/runs/${job}/children`, bearer());
    const [child] = at(run.body, 'value') as unknown as readonly JsonObject[];
    return contentOf(`azureml/${textAt(child, 'runId') ?? ''}/score`);
  }

  async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
    const { blobs } = service.emulator.context;
    const place = await store();
    const names = (await blobs.list(place.account, place.container, `${folder}/`)).map(({ name }) => name);
    const files = await Promise.all(
      names.map(async (name) => [name.slice(folder.length + 1), String(await blobs.read({ ...place, name }))] as const),
    );
    return Object.fromEntries(files);
  }

  const bearer = (): Record<string, string> => ({ authorization: `Bearer ${service.token('https://ml.azure.com')}` });
  const regional = (): { api: string; history: string } => ({
    api: 'https://westeurope.api.azureml.ms',
    history: `history/v1.0${service.id('').replace(/\/$/, '')}`,
  });

  it('are made, listed and deleted by the official client, with the service’s defaults', async () => {
    const { client, scope, fast } = service;
    const endpoint = await putEndpoint('nightly');
    assert.equal(
      textAt(endpoint, 'properties', 'scoringUri'),
      'https://nightly.westeurope.inference.ml.azure.com/jobs',
    );
    assert.equal(textAt(endpoint, 'properties', 'authMode'), 'AADToken');
    const { properties } = await deploy('nightly', 'blue');
    const { errorThreshold, retrySettings, outputAction, outputFileName, loggingLevel, provisioningState } = properties;
    assert.deepEqual(
      { errorThreshold, retrySettings, outputAction, outputFileName, loggingLevel, provisioningState },
      {
        errorThreshold: -1,
        retrySettings: { maxRetries: 3, timeout: 'PT30S' },
        outputAction: 'AppendRow',
        outputFileName: 'predictions.csv',
        loggingLevel: 'Info',
        provisioningState: 'Succeeded',
      },
    );
    await putEndpoint('nightly', 'blue');
    const names: string[] = [];
    for await (const one of client.batchEndpoints.list(...scope)) names.push(one.name ?? '');
    assert.ok(names.includes('nightly'));
    await client.batchEndpoints.beginDeleteAndWait(...scope, 'nightly', fast);
    const gone = await service.arm('GET', 'batchEndpoints/nightly', '2023-10-01');
    assert.deepEqual(
      [gone.status, textAt(gone.body, 'error', 'code'), at(gone.body, 'error', 'details')],
      [
        404,
        'NotFound',
        [
          {
            code: 'NoSuchEndpoint',
            message: 'There is no endpoint with name: nightly in mlw-mlops',
            details: [],
            additionalInfo: [],
          },
        ],
      ],
    );
  });

  it('have the keys that were recorded', async () => {
    const version = '2022-05-01';
    const body = { location: 'westeurope', tags: {}, properties: { authMode: 'aadToken', properties: { p1: 'v1' } } };
    const made = await service.arm('PUT', 'batchEndpoints/recorded', version, body);
    assert.equal(made.status, 201);
    assert.deepEqual(Object.keys(asObject(made.body.properties)), ENDPOINT_KEYS);
    const { scoringUri, authMode, defaults, provisioningState, properties } = asObject(made.body.properties);
    assert.deepEqual(
      [scoringUri, authMode, defaults, provisioningState],
      [null, 'AADToken', { deploymentName: null }, 'Creating'],
    );
    assert.equal(asObject(properties).BatchEndpointCreationApiVersion, version);
    const status = String(made.headers['azure-asyncoperation']);
    assert.match(status, /\/mfeOperationsStatus\/be:/);
    assert.equal((await service.operationEnd(status)).status, 'Succeeded');
    const put = await service.arm('PUT', 'batchEndpoints/recorded/deployments/main', version, modelDeployment());
    assert.equal(put.status, 201);
    assert.deepEqual(Object.keys(asObject(put.body.properties)), DEPLOYMENT_KEYS);
    assert.match(String(put.headers['azure-asyncoperation']), /\/mfeOperationsStatus\/bd:/);
    await service.operationEnd(String(put.headers['azure-asyncoperation']));
  });

  it('run the scoring script over mini-batches of the files and append its rows in their order', async () => {
    await putServing('scoring');
    const id = { 'repeatability_request-id': '11111111-2222-4333-8444-555555555555' };
    const [answer, again] = [await invoke('scoring', rows(), id), await invoke('scoring', rows(), id)];
    assert.equal(answer.status, 201);
    assert.equal(textAt(again.body, 'name'), textAt(answer.body, 'name'), 'a repeated request starts nothing');
    assert.deepEqual(Object.keys(asObject(answer.body.properties)), INVOCATION_KEYS);
    assert.equal(answer.headers['azureml-model-deployment'], 'blue');
    assert.match(
      String(answer.headers.location),
      /\/mferp\/managementfrontend\/subscriptions\/.+\/deployments\/blue\?/,
    );
    const name = textAt(answer.body, 'name') ?? '';
    assert.match(name, /^batchjob-[0-9a-f-]{36}$/);
    const job = await ended(name);
    assert.equal(textAt(job, 'properties', 'status'), 'Completed');
    const { jobType, jobs, inputs, outputs, experimentName } = asObject(job.properties);
    assert.deepEqual([jobType, jobs, inputs, outputs, experimentName], ['Pipeline', null, null, null, 'scoring']);
    assert.deepEqual(await written(name), {
      'predictions.csv': 'a.txt 1 of 2 w1\nb.txt 2 of 2 w1\nc.txt 3 of 1 w1\n',
      'part-a.txt': 'written',
      'part-c.txt': 'written',
    });
    const path = `https://westeurope.api.azureml.ms/mferp/managementfrontend${service.id('batchEndpoints/scoring')}`;
    for (const url of [`${path}/jobs`, `${path}/deployments/blue/jobs`]) {
      const list = await send(service.emulator, 'GET', `${url}?api-version=2020-09-01-dataplanepreview`, bearer());
      const value = at(list.body, 'value') as unknown as readonly JsonObject[];
      const shown = value.map((one) => [one.name, textAt(one, 'properties', 'status')]);
      assert.deepEqual(shown, [[name, 'Completed']]);
    }
  });

  it('take what an invocation sets otherwise, and write where it says', async () => {
    await putServing('otherwise');
    const uri = 'azureml://datastores/workspaceblobstore/paths/wanted';
    const properties = {
      ...rows(),
      miniBatchSize: 1,
      outputFileName: 'out.csv',
      outputData: { score: { jobOutputType: 'UriFolder', uri } },
    };
    const { body } = await invoke('otherwise', properties);
    assert.equal(textAt(await ended(textAt(body, 'name') ?? ''), 'properties', 'status'), 'Completed');
    assert.equal((await contentOf('wanted'))['out.csv'], 'a.txt 1 of 1 w1\nb.txt 2 of 1 w1\nc.txt 3 of 1 w1\n');
  });

  it('ignore failed files unless the deployment sets a threshold, and show a script that cannot start', async () => {
    await putServing('lenient', modelDeployment({ miniBatchSize: 1, retrySettings: { maxRetries: 0 } }));
    await deploy(
      'lenient',
      'strict',
      modelDeployment({ miniBatchSize: 1, retrySettings: { maxRetries: 0 }, errorThreshold: 0 }),
    );
    await deploy('lenient', 'broken', modelDeployment({ environmentVariables: { BREAK: 'init' } }));
    const jobs = await Promise.all(
      ['blue', 'strict', 'broken'].map(async (deployment) => {
        const { body } = await invoke('lenient', rows('bad'), { 'azureml-model-deployment': deployment });
        return textAt(body, 'name') ?? '';
      }),
    );
    const states = await Promise.all(jobs.map(async (job) => textAt(await ended(job), 'properties', 'status')));
    assert.deepEqual(states, ['Completed', 'Failed', 'Failed']);
    assert.equal((await written(jobs[0] ?? ''))['predictions.csv'], 'a.txt 1 of 1 w1\nc.txt 3 of 1 w1\n');
  });

  it('run the pipeline of a component with the inputs of the invocation', async () => {
    const version = '2024-01-01-preview';
    const put = async (name: string, componentSpec: JsonObject): Promise<string> => {
      const body = { properties: { componentSpec: { name, version: '1', ...componentSpec } } };
      const answer = await service.arm('PUT', `components/${name}/versions/1`, version, body);
      assert.equal(answer.status, 201, answer.text);
      return service.id(`components/${name}/versions/1`);
    };
    const copy = await put('copy', {
      type: 'command',
      command:
        'cat ${{inputs.data}}/* > ${{outputs.copied}}/all.txt; echo ${{inputs.times}} >> ${{outputs.copied}}/all.txt',
      environment: `azureml:${service.id('environments/python/versions/1')}`,
      inputs: { data: { type: 'uri_folder' }, times: { type: 'integer', default: '1' } },
      outputs: { copied: { type: 'uri_folder' } },
    });
    const componentId = await put('flow', {
      type: 'pipeline',
      inputs: { data: { type: 'uri_folder' }, times: { type: 'integer', default: '1' } },
      outputs: { result: { type: 'uri_folder' } },
      jobs: {
        copy: {
          type: 'command',
          componentId: copy,
          computeId: service.id('computes/cpu-cluster'),
          inputs: { data: '${{parent.inputs.data}}', times: '${{parent.inputs.times}}' },
          outputs: { copied: '${{parent.outputs.result}}' },
        },
      },
    });
    await putEndpoint('flows');
    const deploymentConfiguration = {
      deploymentConfigurationType: 'PipelineComponent',
      componentId: { referenceType: 'Id', assetId: componentId },
    };
    const put1 = await service.arm('PUT', 'batchEndpoints/flows/deployments/first', '2023-10-01', {
      location: 'westeurope',
      properties: { deploymentConfiguration },
    });
    assert.equal(put1.status, 201, put1.text);
    await service.operationEnd(String(put1.headers['azure-asyncoperation']));
    const uri = 'azureml://datastores/workspaceblobstore/paths/flow-result';
    const { status, body } = await invoke(
      'flows',
      {
        inputData: {
          ...asObject(rows('bad').inputData),
          times: { jobInputType: 'Literal', value: '7' },
          data: asObject(asObject(rows('bad')).inputData).UriFolder,
        },
        outputData: { result: { jobOutputType: 'UriFolder', uri } },
      },
      { 'azureml-model-deployment': 'first' },
    );
    assert.equal(status, 201);
    assert.equal(textAt(await ended(textAt(body, 'name') ?? ''), 'properties', 'status'), 'Completed');
    assert.deepEqual(await contentOf('flow-result'), { 'all.txt': '1poison37\n' });
  });

  it('refuse who may not call, and what cannot be', async () => {
    await putServing('refusing');
    const url = 'https://refusing.westeurope.inference.ml.azure.com/jobs';
    const arm = service.token('https://management.azure.com');
    assert.equal((await send(service.emulator, 'POST', url, {}, { properties: rows() })).status, 401);
    assert.equal((await send(service.emulator, 'POST', url, { authorization: `Bearer ${arm}` }, {})).status, 401);
    assert.equal((await invoke('refusing', rows(), { 'azureml-model-deployment': 'none' })).status, 404);
    assert.equal((await invoke('refusing', { inputData: {} })).status, 400);
    assert.equal((await invoke('refusing', { inputData: { a: { jobInputType: 'Literal', value: '1' } } })).status, 400);
    const put = (path: string, properties: JsonObject): Promise<Answer> =>
      service.arm('PUT', path, '2023-10-01', { location: 'westeurope', properties });
    const body = asObject(modelDeployment().properties);
    assert.equal((await put('batchEndpoints/refusing', { authMode: 'Key' })).status, 400);
    assert.equal((await put('onlineEndpoints/refusing', { authMode: 'Key' })).status, 400, 'the name is taken');
    const missing = { ...body, compute: service.id('computes/none') };
    assert.equal((await put('batchEndpoints/refusing/deployments/green', missing)).status, 404);
    assert.equal(
      (await put('batchEndpoints/refusing', { authMode: 'AADToken', defaults: { deploymentName: 'x' } })).status,
      400,
    );
    assert.equal((await service.arm('DELETE', 'batchEndpoints/refusing/deployments/blue', '2023-10-01')).status, 400);
  });

  it('answer 409 while an operation runs, and end as a fault rule wants', async () => {
    await putEndpoint('busy');
    service.emulator.addFaults([
      { switch: 'stuckOperation', target: 'busy/deployments/blue' },
      {
        switch: 'failOperation',
        target: 'busy/deployments/green',
        parameters: { code: 'BadArgument', message: 'No identity.' },
      },
    ]);
    const put = (name: string): Promise<Answer> =>
      service.arm('PUT', `batchEndpoints/busy/deployments/${name}`, '2023-10-01', modelDeployment());
    const [blue, green] = [await put('blue'), await put('green')];
    assert.equal((await put('blue')).status, 409);
    const end = await service.operationEnd(String(green.headers['azure-asyncoperation']));
    assert.deepEqual([end.status, textAt(end, 'error', 'message')], ['Failed', 'No identity.']);
    const failed = await service.arm('GET', 'batchEndpoints/busy/deployments/green', '2023-10-01');
    assert.equal(textAt(failed.body, 'properties', 'provisioningState'), 'Failed');
    service.emulator.clearFaults();
    assert.equal((await service.operationEnd(String(blue.headers['azure-asyncoperation']))).status, 'Succeeded');
  });
});
