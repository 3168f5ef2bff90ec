/** Microsoft's own clients work against the emulator, configured by environment variables alone. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';
import { INSTANT_TIMINGS } from '../../local/emulator/timings.ts';
import { runClient } from './emulator.ts';

interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly message: string;
}

describe('the emulator with the official clients', function () {
  this.timeout(90_000);
  let emulator: Emulator;
  let folder: string;
  let results: Record<string, unknown>;

  before(async () => {
    emulator = await startEmulator({ timings: INSTANT_TIMINGS });
    folder = mkdtempSync(join(tmpdir(), 'emulator-sdk-'));
    results = await runClient(emulator, 'emulator-clients/azure-sdk.ts', {
      TEST_STORAGE_KEY: emulator.settings.storageKey,
      TEST_CERTIFICATE: emulator.settings.principal.certificatePem,
      TEST_CERTIFICATE_FILE: join(folder, 'client.pem'),
      SYSTEM_OIDCREQUESTURI: `https://dev.azure.com/${emulator.settings.connection.organization}/p/_apis/distributedtask/hubs/build/plans/plan/jobs/job/oidctoken`,
    });
  });

  after(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true });
  });

  const value = (scenario: string): unknown => {
    const result = results[scenario] as { value?: unknown; error?: Failure };
    assert.equal(result.error, undefined, `${scenario}: ${JSON.stringify(result.error)}`);
    return result.value;
  };
  const failure = (scenario: string): Failure => {
    const result = results[scenario] as { value?: unknown; error?: Failure };
    assert.ok(result.error, `${scenario} should fail, and gave ${JSON.stringify(result.value)}`);
    return result.error;
  };

  it('reads the workspace', () => {
    assert.deepEqual(value('workspace'), {
      name: 'mlw-mlops',
      discoveryUrl: 'https://westeurope.api.azureml.ms/discovery',
      location: 'westeurope',
    });
  });

  it('answers for a missing workspace as the gateway does, and otherwise for its children', () => {
    assert.equal(failure('missingWorkspace').code, 'ResourceNotFound');
    assert.equal(failure('childOfMissingWorkspace').code, 'ParentResourceNotFound');
  });

  it('patches the workspace and diagnoses it to the end of both operations', () => {
    assert.equal(value('patchWorkspace'), 'patched');
    assert.deepEqual(Object.keys(value('diagnose') as object).includes('storageAccountResults'), true);
  });

  it('lists the default datastores and their secrets', () => {
    assert.deepEqual(value('datastores'), {
      names: ['workspaceblobstore', 'workspaceartifactstore', 'workspacefilestore', 'workspaceworkingdirectory'],
      type: 'AzureBlob',
      isDefault: true,
      secretsType: 'AccountKey',
    });
  });

  it('makes a cluster, lists it, deletes it, and then has none without saying so', () => {
    const { state, listed, after } = value('compute') as { state: string; listed: string[]; after: Failure };
    assert.equal(state, 'Succeeded');
    assert.deepEqual(listed, ['cpu-cluster', 'gpu']);
    assert.equal(after.statusCode, 404);
  });

  it('rewrites assets as the service does', () => {
    const { changed, ...rest } = value('assets') as { changed: Failure };
    assert.deepEqual(rest, {
      code: false,
      environment: '{\n  "name": "x",\n  "dependencies": [\n    "python=3.11"\n  ]\n}',
      data: 'azureml://subscriptions/00000000-0000-4000-8000-000000000001/resourcegroups/rg-mlops/workspaces/mlw-mlops/datastores/workspaceblobstore/paths/d/',
      component: {
        $schema: 'https://componentsdk.azureedge.net/jsonschema/CommandComponent.json',
        name: 'k',
        version: '1',
        is_deterministic: 'False',
        type: 'command',
        resources: { instance_count: '1' },
        command: 'ls',
      },
    });
    assert.match(changed.message, /already exists/);
  });

  it('counts versions by number, and calls the newest the latest', () => {
    const { missing, ...rest } = value('models') as { missing: Failure };
    assert.deepEqual(rest, { latest: '10', next: '11', pages: [2, 1], listed: ['10', '2', '1'] });
    assert.equal(missing.statusCode, 404);
  });

  it('opens blobs by token, by key, by SAS of either, and not by an expired one', () => {
    const { byKey, byUser, expired, missing } = value('blobs') as Record<string, Failure>;
    assert.deepEqual(byKey, ['by token', 'by key']);
    assert.deepEqual(byUser, ['by token', 'by key']);
    assert.equal(expired?.statusCode, 403);
    assert.equal(missing?.statusCode, 404);
  });

  it('keeps a blob of many blocks whole', () => {
    assert.equal(value('bigBlob'), true);
  });

  for (const scenario of ['certificate', 'managedIdentity', 'pipelinesCredential', 'taskApi']) {
    it(`signs in by ${scenario}`, () => {
      assert.equal(value(scenario), 'mlw-mlops');
    });
  }

  it('refuses a wrong secret and an unknown tenant with the numbers Entra gives them', () => {
    assert.match(failure('wrongSecret').message, /AADSTS7000215/);
    assert.match(failure('unknownTenant').message, /AADSTS90002|not found/);
  });

  it('gives the pipeline no token for a wrong access token or another connection', () => {
    assert.equal(failure('taskApiRefused').statusCode, 401);
    assert.match(failure('pipelinesCredentialOfAnother').message, /404|not authorized|does not exist/);
  });
});
