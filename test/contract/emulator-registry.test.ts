/** Registries as the service was recorded to answer, and what workspaces do with their assets. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRegistry } from '../../local/emulator/registry/registry-record.ts';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';
import { at, textAt, type Json, type JsonObject } from '../../local/emulator/json.ts';
import { INSTANT_TIMINGS } from '../../local/emulator/timings.ts';
import { applicationToken } from './emulator.ts';
import { send, until, type Answer } from './job-workspace.ts';
import { playRecording, readRecording, type Exchange, type Exemption } from './recorded-exchanges.ts';

const COLLECTION = new URL('../../../shared/wire/registry/', import.meta.url);
/** Long enough for an operation to be seen running. */
const SHORT = { ...INSTANT_TIMINGS, registryChange: 60, registryAssetChange: 60 };
const REGISTRIES = ['testFeed', 'sdk-test'];

const EXEMPTIONS: readonly Exemption[] = [
  [/\.regions|\.registryFqdns/, 'of another region'],
  [/^\.tags|\.managedResourceGroupTags/, 'tags of the recorded registry'],
  [/\.additionalInfo$/, 'pre-production regions tell more'],
  [/\.flavors|\.(properties|tags)\.tags/, 'of the recorded model'],
];

/** The four bytes `null` are no text; a 204 needs no Content-Length; the workspace is this one. */
function comparable({ request, response }: Exchange, workspaceId: string): Exchange {
  const headers = Object.fromEntries(Object.entries(response.headers).filter(([name]) => name !== 'Content-Length'));
  const body = JSON.stringify(request.body).replace(/3a59e976-[0-9a-f-]{27}/g, workspaceId);
  return {
    request: { ...request, body: JSON.parse(body) as Json },
    response: {
      ...response,
      headers: response.status === 204 ? headers : response.headers,
      body: response.body === 'null' ? null : response.body,
    },
  };
}

describe('registries of the emulator', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  let base: string;

  before(async () => {
    emulator = await startEmulator({ timings: SHORT });
    const { subscriptionId, resourceGroup, region } = emulator.settings;
    for (const name of [...REGISTRIES, 'shared']) {
      createRegistry(emulator.context, { subscriptionId, resourceGroup, name, body: { location: region } });
    }
    base =
      `https://${region}.api.azureml.ms/mferp/managementfrontend/subscriptions/${subscriptionId}` +
      `/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices`;
  });
  after(() => emulator.close());

  const ask = (method: string, url: string, body?: Json): Promise<Answer> =>
    send(
      emulator,
      method,
      url,
      { authorization: `Bearer ${applicationToken(emulator, 'https://management.azure.com')}` },
      body ?? undefined,
    );
  const assets = (method: string, path: string, body?: Json): Promise<Answer> =>
    ask(method, `${base}/registries/shared/${path}?api-version=2021-10-01-dataplanepreview`, body);
  /** A PUT or POST and its operation, to the end. */
  const done = async (method: string, path: string, body: Json): Promise<void> => {
    const accepted = await assets(method, path, body);
    assert.equal(accepted.status, 202, accepted.text);
    const location = String(accepted.headers.location);
    await until(async () => ((await ask('GET', location)).status === 202 ? undefined : true), location);
  };
  const workspaceUrl = (path: string): string => {
    const { subscriptionId, resourceGroup, workspace } = emulator.settings;
    return `https://management.azure.com/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}/${path}?api-version=2023-04-01`;
  };

  /** What was there before the recording began. */
  const BEFORE: Readonly<Record<string, () => Promise<unknown>>> = {
    model_share_from_workspace_lro: async () => {
      const container = `azureml-blobstore-${await workspaceId()}`;
      const account = emulator.settings.storageAccount;
      await emulator.context.blobs.write({ account, container, name: 'up/model/MLmodel' }, 'flavors: {}');
      const modelUri = 'azureml://datastores/workspaceblobstore/paths/up/model';
      const properties = { modelUri, modelType: 'mlflow_model', tags: {}, description: 'd' };
      return ask('PUT', workspaceUrl('models/model_test_791069743408/versions/2'), { properties });
    },
  };
  const workspaceId = async (): Promise<string> =>
    textAt((await ask('GET', workspaceUrl('').replace('/?', '?'))).body, 'properties', 'workspaceId') ?? '';

  for (const name of [
    'create_get_delete_lro',
    'discovery',
    'environment_create_lro',
    'model_share_from_workspace_lro',
    'temporary_data_reference',
  ]) {
    it(`answer as recorded in registry/${name}`, async function () {
      const file = new URL(`${name}.json`, COLLECTION);
      if (!existsSync(file)) this.skip();
      await BEFORE[name]?.();
      const guid = await workspaceId();
      const recording = readRecording(file);
      const exchanges = recording.exchanges.map((exchange) => comparable(exchange, guid));
      assert.deepEqual(await playRecording(emulator, '00000', { ...recording, exchanges }, EXEMPTIONS), []);
    });
  }

  it('keep a version as it is: other files are refused, tags may change', async () => {
    const blob = (name: string): string => emulator.context.blobs.url('stmlopsregistry', 'c1', name);
    const body = (uri: string, tags: JsonObject): Json => ({
      properties: { modelUri: uri, modelType: 'custom_model', tags },
    });
    await done('PUT', 'models/kept/versions/1', body(blob('a'), {}));
    await done('PUT', 'models/kept/versions/1', body(blob('a'), { stage: 'production' }));
    const refused = await assets('PUT', 'models/kept/versions/1', body(blob('b'), {}));
    assert.equal(refused.status, 409);
    const kept = await assets('GET', 'models/kept/versions/1');
    assert.equal(textAt(kept.body, 'properties', 'modelUri'), blob('a'));
    assert.equal(textAt(kept.body, 'properties', 'tags', 'stage'), 'production');
    assert.equal(textAt((await assets('GET', 'models/kept')).body, 'properties', 'nextVersion'), '2');
    const upload = { assetId: 'azureml://registries/shared/models/kept/versions/1' };
    assert.equal((await assets('PUT', 'tempdatarefs/kept/versions/1', upload)).status, 409);
  });

  it('show a version only when its operation has ended, and say what is missing', async () => {
    const accepted = await assets('PUT', 'environments/late/versions/1', { properties: { image: 'ubuntu' } });
    assert.equal((await assets('GET', 'environments/late/versions/1')).status, 404);
    const location = String(accepted.headers.location);
    await until(async () => ((await ask('GET', location)).status === 200 ? true : undefined), location);
    assert.equal((await assets('GET', 'environments/late/versions/1')).status, 200);
    const missing = await assets('GET', 'models/none/versions/1');
    assert.match(
      textAt(missing.body, 'error', 'message') ?? '',
      /Could not find asset with ID: azureml:\/\/registries\/shared/,
    );
  });

  it('ask for a token, and know no registry that is not there', async () => {
    const { region } = emulator.settings;
    const discovery = `https://${region}.api.azureml.ms/registrymanagement/v1.0/registries`;
    assert.equal((await ask('GET', `${discovery}/nowhere/discovery`)).status, 404);
    assert.equal((await send(emulator, 'GET', `${discovery}/shared/discovery`, {})).status, 401);
    assert.equal(
      (await ask('GET', `https://eastus.api.azureml.ms/registrymanagement/v1.0/registries/shared/discovery`)).status,
      200,
    );
  });

  it('have their components and data run by jobs of a workspace', async () => {
    const { blobs } = emulator.context;
    const account = 'stmlopsregistry';
    await blobs.createContainer(account, 'files');
    await blobs.write({ account, container: 'files', name: 'code/count.sh' }, 'cat "$1"/numbers.txt > "$2"/copy.txt\n');
    await blobs.write({ account, container: 'files', name: 'data/numbers.txt' }, '1\n2\n');
    await done('PUT', 'codes/c1/versions/1', { properties: { codeUri: blobs.url(account, 'files', 'code') } });
    await done('PUT', 'data/numbers/versions/1', {
      properties: { dataUri: blobs.url(account, 'files', 'data'), dataType: 'uri_folder' },
    });
    await done('PUT', 'components/copies/versions/1', {
      properties: {
        componentSpec: {
          type: 'command',
          command: 'sh count.sh ${{inputs.numbers}} ${{outputs.copy}}',
          code: 'azureml://registries/shared/codes/c1/versions/1',
          environment: 'azureml://registries/azureml/environments/sklearn-1.5/labels/latest',
          inputs: { numbers: { type: 'uri_folder' } },
          outputs: { copy: { type: 'uri_folder' } },
        },
      },
    });
    const job: Json = {
      properties: {
        jobType: 'Pipeline',
        inputs: { numbers: { jobInputType: 'uri_folder', uri: 'azureml://registries/shared/data/numbers/versions/1' } },
        jobs: {
          copy: {
            type: 'command',
            componentId: 'azureml://registries/shared/components/copies/versions/1',
            inputs: { numbers: { job_input_type: 'literal', value: '${{parent.inputs.numbers}}' } },
          },
        },
      },
    };
    const made = await ask('PUT', workspaceUrl('jobs/from-registry'), job);
    assert.ok(made.status <= 201, made.text);
    const status = await until(async () => {
      const found = textAt((await ask('GET', workspaceUrl('jobs/from-registry'))).body, 'properties', 'status');
      return found === 'Completed' || found === 'Failed' ? found : undefined;
    }, 'the job to end');
    assert.equal(status, 'Completed', JSON.stringify(at(made.body, 'properties')));
  });
});
