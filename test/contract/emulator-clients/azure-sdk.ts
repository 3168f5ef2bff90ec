/**
 * Microsoft's own clients, unmodified and configured by the environment alone, against the emulator named there. Runs
 * as a process of its own, because Node reads NODE_EXTRA_CA_CERTS only at its start. Prints one JSON object: what each
 * scenario found, or the error it met.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { AzureMachineLearningWorkspaces } from '@azure/arm-machinelearning';
import {
  AzurePipelinesCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import {
  BlobServiceClient,
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { getBasicHandler, WebApi } from 'azure-devops-node-api/WebApi';

const env = (name: string): string => process.env[name] ?? '';
const [tenant, client, secret] = [env('AZURE_TENANT_ID'), env('AZURE_CLIENT_ID'), env('AZURE_CLIENT_SECRET')];
const scope = [env('LOCAL_RESOURCE_GROUP'), env('LOCAL_WORKSPACE')] as const;
const arm = 'https://management.azure.com/.default';
const credential = new ClientSecretCredential(tenant, client, secret);
const workspace = new AzureMachineLearningWorkspaces(credential, env('AZURE_SUBSCRIPTION_ID'));
const fast = { updateIntervalInMs: 20 };

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  workspace: async () => {
    const found = await workspace.workspaces.get(...scope);
    return { name: found.name, discoveryUrl: found.discoveryUrl, location: found.location };
  },
  missingWorkspace: () => workspace.workspaces.get(scope[0], 'nobody'),
  childOfMissingWorkspace: () => workspace.modelContainers.get(scope[0], 'nobody', 'm'),
  patchWorkspace: async () => {
    const changed = await workspace.workspaces.beginUpdateAndWait(...scope, { description: 'patched' }, fast);
    return changed.description;
  },
  diagnose: async () => {
    const { value } = await workspace.workspaces.beginDiagnoseAndWait(...scope, { ...fast, parameters: {} });
    return value;
  },
  datastores: async () => {
    const names: (string | undefined)[] = [];
    for await (const datastore of workspace.datastores.list(...scope)) names.push(datastore.name);
    const found = await workspace.datastores.get(...scope, 'workspaceblobstore');
    const { secretsType } = await workspace.datastores.listSecrets(...scope, 'workspaceblobstore');
    return { names, type: found.properties.datastoreType, isDefault: found.properties.isDefault, secretsType };
  },
  compute: async () => {
    const properties = {
      computeType: 'AmlCompute' as const,
      properties: { vmSize: 'Standard_DS2_v2', scaleSettings: { maxNodeCount: 2 } },
    };
    const body = { location: env('LOCAL_REGION'), properties };
    const made = await workspace.computeOperations.beginCreateOrUpdateAndWait(...scope, 'gpu', body, fast);
    const listed: (string | undefined)[] = [];
    for await (const one of workspace.computeOperations.list(...scope)) listed.push(one.name);
    await workspace.computeOperations.beginDeleteAndWait(...scope, 'gpu', 'Delete', fast);
    const after = await failure(() => workspace.computeOperations.get(...scope, 'gpu'));
    return { state: made.properties?.provisioningState, listed, after };
  },
  assets: async () => {
    const codeUri = `https://stmlops.blob.core.windows.net/azureml/code`;
    const code = await workspace.codeVersions.createOrUpdate(...scope, 'c', '1', { properties: { codeUri } });
    const environment = await workspace.environmentVersions.createOrUpdate(...scope, 'e', '1', {
      properties: { image: 'python:3', condaFile: 'name: x\ndependencies: [python=3.11]\n' },
    });
    const data = await workspace.dataVersions.createOrUpdate(...scope, 'd', '1', {
      properties: { dataType: 'uri_folder', dataUri: 'azureml://datastores/workspaceblobstore/paths/d' },
    });
    const changed = await failure(() =>
      workspace.dataVersions.createOrUpdate(...scope, 'd', '1', {
        properties: { dataType: 'uri_folder', dataUri: 'azureml://datastores/workspaceblobstore/paths/other' },
      }),
    );
    const component = await workspace.componentVersions.createOrUpdate(...scope, 'k', '1', {
      properties: { componentSpec: { type: 'command', command: 'ls', is_deterministic: false } },
    });
    return {
      code: code.properties.isAnonymous,
      environment: environment.properties.condaFile,
      data: data.properties.dataUri,
      changed,
      component: component.properties.componentSpec as unknown,
    };
  },
  models: async () => {
    for (const version of ['1', '2', '10']) {
      const modelUri = `azureml://datastores/workspaceblobstore/paths/m${version}`;
      await workspace.modelVersions.createOrUpdate(...scope, 'm', version, { properties: { modelUri } });
    }
    const { properties } = await workspace.modelContainers.get(...scope, 'm');
    const pages: number[] = [];
    const versions = workspace.modelVersions.list(...scope, 'm', { top: 2, orderBy: 'createdtime desc' });
    const listed: (string | undefined)[] = [];
    for await (const page of versions.byPage()) {
      pages.push(page.length);
      listed.push(...page.map(({ name }) => name));
    }
    const missing = await failure(() => workspace.modelVersions.get(...scope, 'm', '99'));
    return { latest: properties.latestVersion, next: properties.nextVersion, pages, listed, missing };
  },
  blobs: async () => {
    const token = new BlobServiceClient('https://stmlops.blob.core.windows.net', credential);
    const key = new StorageSharedKeyCredential('stmlops', env('TEST_STORAGE_KEY'));
    const shared = new BlobServiceClient('https://stmlops.blob.core.windows.net', key);
    await token.getContainerClient('byclients').createIfNotExists();
    await token.getContainerClient('byclients').getBlockBlobClient('a b/ü.txt').upload('by token', 8);
    await shared.getContainerClient('byclients').getBlockBlobClient('key.txt').upload('by key', 6);
    const until = new Date(Date.now() + 3_600_000);
    const permissions = ContainerSASPermissions.parse('rl');
    const values = { containerName: 'byclients', permissions, expiresOn: until };
    const read = async (sas: string): Promise<string[]> => {
      const container = new ContainerClient(`https://stmlops.blob.core.windows.net/byclients?${sas}`);
      const texts: string[] = [];
      for await (const { name } of container.listBlobsFlat()) {
        texts.push((await container.getBlobClient(name).downloadToBuffer()).toString());
      }
      return texts;
    };
    const delegation = await token.getUserDelegationKey(new Date(Date.now() - 60_000), until);
    return {
      byKey: await read(generateBlobSASQueryParameters(values, key).toString()),
      // The newest form of this signature that Azurite knows; it knows the newest of account-key signatures.
      byUser: await read(
        generateBlobSASQueryParameters({ ...values, version: '2025-11-05' }, delegation, 'stmlops').toString(),
      ),
      expired: await failure(() =>
        read(generateBlobSASQueryParameters({ ...values, expiresOn: new Date(0) }, key).toString()),
      ),
      missing: await failure(() => token.getContainerClient('byclients').getBlobClient('no').getProperties()),
    };
  },
  bigBlob: async () => {
    const bytes = Buffer.alloc(20 * 1024 * 1024, 'emulator');
    const blob = new BlobServiceClient('https://stmlops.blob.core.windows.net', credential)
      .getContainerClient('azureml')
      .getBlockBlobClient('big');
    await blob.uploadData(bytes, { blockSize: 4 * 1024 * 1024, maxSingleShotSize: 1024 });
    const back = await blob.downloadToBuffer();
    return createHash('sha256').update(back).digest('hex') === createHash('sha256').update(bytes).digest('hex');
  },
  certificate: () => {
    writeFileSync(env('TEST_CERTIFICATE_FILE'), env('TEST_CERTIFICATE'), { mode: 0o600 });
    return signIn(new ClientCertificateCredential(tenant, client, env('TEST_CERTIFICATE_FILE')));
  },
  managedIdentity: () => signIn(new ManagedIdentityCredential()),
  pipelinesCredential: () => signIn(pipelines(env('LOCAL_CONNECTION_ID'))),
  pipelinesCredentialOfAnother: () => signIn(pipelines('00000000-0000-4000-8000-00000000dead')),
  taskApi: async () => {
    const token = await oidcToken(env('LOCAL_SYSTEM_ACCESS_TOKEN'));
    return signIn(new ClientAssertionCredential(tenant, client, () => Promise.resolve(token)));
  },
  taskApiRefused: () => oidcToken('wrong'),
  wrongSecret: () => signIn(new ClientSecretCredential(tenant, client, 'wrong')),
  unknownTenant: () => signIn(new ClientSecretCredential('00000000-0000-4000-8000-0000000000ff', client, secret)),
};

function pipelines(connection: string): TokenCredential {
  return new AzurePipelinesCredential(tenant, client, connection, env('LOCAL_SYSTEM_ACCESS_TOKEN'));
}

async function signIn(own: TokenCredential): Promise<unknown> {
  await own.getToken(arm);
  const found = await new AzureMachineLearningWorkspaces(own, env('AZURE_SUBSCRIPTION_ID')).workspaces.get(...scope);
  return found.name;
}

async function oidcToken(systemAccessToken: string): Promise<string> {
  const api = new WebApi(`https://dev.azure.com/${env('LOCAL_ORGANIZATION')}`, getBasicHandler('', systemAccessToken));
  const tasks = await api.getTaskApi();
  const ids = ['p', 'build', 'plan', 'job'] as const;
  const { oidcToken: token } = await tasks.createOidcToken(
    {},
    ids[0],
    ids[1],
    ids[2],
    ids[3],
    env('LOCAL_CONNECTION_ID'),
  );
  return token ?? '';
}

/** What an error tells: enough to say which it was. */
async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    const { name, code, statusCode, message } = error as Record<string, unknown>;
    return { name, code, statusCode, message: String(message).slice(0, 400) };
  }
}

const results: Record<string, unknown> = {};
for (const [name, scenario] of Object.entries(scenarios)) {
  const outcome: { value?: unknown } = {};
  const error = await failure(async () => {
    outcome.value = await scenario();
  });
  results[name] = error === 'no error' ? { value: outcome.value } : { error };
}
process.stdout.write(JSON.stringify(results));
