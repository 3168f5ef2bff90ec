/** The emulator answers as the service was recorded to answer: our own exchanges always, the large collection where it is. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createWorkspace } from '../../local/emulator/arm/create-workspace.ts';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';
import type { Json, JsonObject } from '../../local/emulator/json.ts';
import { playRecording, readRecording, type Exchange, type Exemption, type Recording } from './recorded-exchanges.ts';

const OWN = new URL('../fixtures/emulator-exchanges/', import.meta.url);
const COLLECTION = new URL('../../../shared/wire/', import.meta.url);
const AREAS = ['workspace', 'compute', 'datastore', 'data', 'code', 'environment', 'model', 'component', 'discovery'];

/** Operations long enough to be seen running, short enough to be waited for. */
const SHORT = {
  workspaceChange: 80,
  managedNetworkProvision: 80,
  computeCreate: 80,
  computeDelete: 80,
  computePower: 80,
  listLag: 0,
};

/** Recordings of things the emulator does not play. */
const NOT_PLAYED: Readonly<Record<string, string>> = {
  'workspace/create_via_arm_deployment': 'template deployments',
  'workspace/hub_patch_then_get': 'hubs',
  'component/validate_by_arm_deployment_200': 'template deployments',
  'component/update_existing_version_200': 'parts of the recorded request were left out',
};

/** Where an answer may differ. */
const EXEMPTIONS: Readonly<Record<string, readonly Exemption[]>> = {
  'workspace/get_with_managed_network_2023_04_preview': [
    [/^\.tags\./, 'tags of the recorded workspace'],
    [/\.azureOpenAI$/, 'seen in one recording only'],
    [/\.outboundRules\./, 'rules of the recorded workspace'],
  ],
  'workspace/managed_network_rules_patch_and_get': [
    [/\.outboundRules\.(__SYS_PE_|my-|pytorch)/, 'named after the recorded resources, or set by the user before'],
  ],
  'workspace/patch_lro': [[/\.managedNetwork\./, 'of another isolation mode']],
  'workspace/outbound_rule_delete_lro_and_list': [[/^\.__SYS_/, 'which required rules there were']],
  'compute/compute_instance_create_start_delete': [[/publicIpAddress$/, 'no public address in a private workspace']],
  'workspace/diagnose_lro': [[/Results$/, 'findings of the recorded workspace']],
  'model/create_autoincrement_container_404_then_201': [[/\.properties\.description$/, 'recorded of another request']],
  'model/create_201_service_replicated_uri': [
    [/\.properties\.(description|tags|flavors)/, 'the recorded request was cut short'],
  ],
  'model/get_latest_label_by_ordered_list': [[/\.properties\.description$/, 'recorded of another request']],
  'component/create_version_201_and_container': [
    [/\.systemData\.(createdBy|lastModifiedBy)/, 'containers are made by their first version here'],
    [/^\.properties\.description$/, 'empty text or null'],
  ],
};

const put = (url: string, body: Json): Exchange => ({
  request: {
    method: 'PUT',
    url: `https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/${url}`,
    body,
  },
  response: { status: 201, headers: {}, body: null },
});
const model = (name: string, version: string): Exchange =>
  put(`00000/models/${name}/versions/${version}?api-version=2022-05-01`, {
    properties: { modelUri: 'azureml://datastores/workspaceblobstore/paths/m', modelType: 'custom_model' },
  });

/** The operation of the exchange before this one, waited for. */
const settled = (): Exchange => ({
  request: { method: 'GET', url: 'https://management.azure.com/operationsStatus/', body: null },
  response: { status: 200, headers: {}, body: { status: 'Succeeded' } },
});
/** The body of an archiving PUT as it was before. */
const active = (exchange: Exchange | undefined): Json =>
  JSON.parse(JSON.stringify(exchange?.request.body ?? null).replace('"isArchived":true', '"isArchived":false')) as Json;
const CLUSTER: Json = {
  properties: {
    computeType: 'AmlCompute',
    properties: { scaleSettings: { maxNodeCount: 1 }, remoteLoginPortPublicAccess: 'Enabled' },
  },
};

const TAG_RULE: Json = {
  type: 'ServiceTag',
  destination: { serviceTag: 'DataFactory', protocol: 'TCP', portRanges: '80, 8080-8089' },
};
const network = (outboundRules: JsonObject): Exchange => {
  const url = '00000/managedNetwork?api-version=2022-12-01-preview';
  const exchange = put(url, { isolationMode: 'AllowOnlyApprovedOutbound', outboundRules });
  return { ...exchange, request: { ...exchange.request, method: 'PATCH' } };
};

/** What must be there before a recording begins. */
const BEFORE: Readonly<Record<string, (recording: Recording) => readonly Exchange[]>> = {
  'workspace/delete_202': () => [
    put('e2etest_test_586476513351?api-version=2023-04-01-preview', { location: 'westeurope', properties: {} }),
  ],
  'workspace/managed_network_rules_patch_and_get': () => [network({}), settled()],
  'workspace/outbound_rule_delete_lro_and_list': () => [
    network({
      pytorch: { type: 'FQDN', destination: '*.pytorch.org' },
      'added-servicetagrule': TAG_RULE,
      'added-fqdnrule': { type: 'FQDN', destination: 'test.com' },
    }),
    settled(),
  ],
  'workspace/patch_lro': () => [
    put('e2etest_test_586476513351?api-version=2023-04-01-preview', { location: 'westeurope', properties: {} }),
  ],
  'code/put_existing_200': ({ exchanges }) => exchanges,
  'model/put_existing_200': ({ exchanges }) => [...exchanges],
  'code/find_by_hash': ({ exchanges }) => {
    const hash = new URL(exchanges[0]?.request.url ?? '').searchParams.get('hash');
    const properties = { hash_sha256: hash, hash_version: '202208' };
    return [
      put('00000/codes/3f8da52e-b145-44b7-8fc2-399e3d40f070/versions/1?api-version=2023-04-01', {
        properties: { codeUri: 'https://stmlops.blob.core.windows.net/c/python', properties },
      }),
    ];
  },
  'model/get_latest_label_by_ordered_list': () => ['1', '2', '3'].map((version) => model('test_name', version)),
  'environment/archive_version_then_list_active': ({ exchanges }) =>
    ['1', '2'].map((version) =>
      put(`00000/environments/env-test-5076617/versions/${version}?api-version=2022-05-01`, active(exchanges[0])),
    ),
  'component/list_versions_and_archive': ({ exchanges }) =>
    ['1', '2'].map((version) =>
      put(`00000/components/test_994435549300/versions/${version}?api-version=2022-10-01`, active(exchanges[2])),
    ),
  'compute/get_amlcompute': () => [
    put('00000/computes/cpu-cluster?api-version=2022-10-01-preview', CLUSTER),
    settled(),
  ],
  'compute/delete_202': () => [put('00000/computes/test277906499132?api-version=2022-10-01-preview', CLUSTER)],
};

describe('the emulator and what was recorded of the service', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator({ timings: SHORT });
  });
  after(() => emulator.close());

  /** Each recording gets a workspace of its own. */
  const play = async (url: URL): Promise<void> => {
    const recording = readRecording(url);
    const { operation } = recording;
    const name = operation.replaceAll('/', '-');
    const { subscriptionId, resourceGroup, region } = emulator.settings;
    const place = { subscriptionId, resourceGroup, region, name, tags: {}, kind: 'Default' };
    const properties = { managedNetwork: { isolationMode: 'AllowInternetOutbound' } };
    await createWorkspace(emulator.context, { ...place, properties }, undefined);
    const preparation = { operation: `before ${operation}`, exchanges: BEFORE[operation]?.(recording) ?? [] };
    await playRecording(emulator, name, preparation);
    assert.deepEqual(await playRecording(emulator, name, recording, EXEMPTIONS[operation]), []);
  };

  for (const file of readdirSync(OWN)) it(`answers our own exchange ${file}`, () => play(new URL(file, OWN)));

  for (const area of AREAS) {
    const folder = new URL(`${area}/`, COLLECTION);
    if (!existsSync(folder)) {
      it(`answers the recordings of ${area}`, function () {
        this.skip();
      });
      continue;
    }
    for (const file of readdirSync(folder)) {
      const name = `${area}/${file.replace(/\.json$/, '')}`;
      if (NOT_PLAYED[name] === undefined) it(`answers as recorded in ${name}`, () => play(new URL(file, folder)));
    }
  }
});
