import assert from 'node:assert/strict';
import { customCloud, findCloud } from '../../../local/emulator/clouds.ts';
import type { Cloud } from '../../../local/emulator/clouds.ts';
import { startEmulator } from '../../../local/emulator/emulator.ts';
import type { Emulator } from '../../../local/emulator/emulator.ts';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import type { Connection, ConnectionAuth } from '../../../tasks/common/ports.ts';
import { emulatedConnection, openEmulated } from './emulated-workspace.ts';

async function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ServiceError, String(error));
  return error;
}

describe('credentials against the emulator', () => {
  let emulator: Emulator;

  before(async () => {
    emulator = await startEmulator();
    process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = emulator.url;
  });
  after(async () => {
    delete process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST;
    await emulator.close();
  });
  beforeEach(() => {
    emulator.clearFaults();
    emulator.clearRequests();
  });

  const schemes = (): Record<string, ConnectionAuth> => {
    const { tenantId, principal } = emulator.settings;
    const { clientId } = principal;
    return {
      secret: { scheme: 'servicePrincipalSecret', tenantId, clientId, secret: principal.clientSecret },
      certificate: {
        scheme: 'servicePrincipalCertificate',
        tenantId,
        clientId,
        certificate: principal.certificatePem,
      },
      'managed identity': { scheme: 'managedIdentity', clientId: undefined },
      'user-assigned managed identity': { scheme: 'managedIdentity', clientId },
      'workload identity federation': { scheme: 'workloadIdentityFederation', tenantId, clientId },
    };
  };
  const oidc = (): Connection['oidc'] => ({
    requestUri: `https://dev.azure.com/${emulator.settings.connection.organization}/${emulator.settings.connection.project}/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken`,
    systemAccessToken: emulator.settings.systemAccessToken,
  });

  for (const name of [
    'secret',
    'certificate',
    'managed identity',
    'user-assigned managed identity',
    'workload identity federation',
  ]) {
    it(`open a workspace by ${name}`, async () => {
      const auth = schemes()[name];
      assert.ok(auth);
      const { workspace, secrets } = await openEmulated(emulator, {
        connection: emulatedConnection(emulator, { auth, oidc: oidc() }),
      });
      assert.equal(await workspace.location(), 'westeurope');
      assert.ok(
        secrets.some((secret) => secret.startsWith('eyJ')),
        'the token is masked',
      );
    });
  }

  it('ask the pipeline for a new token at each request to Entra', async () => {
    const auth = schemes()['workload identity federation'];
    assert.ok(auth);
    const { workspace } = await openEmulated(emulator, {
      connection: emulatedConnection(emulator, { auth, oidc: oidc() }),
    });
    for (let renewal = 0; renewal < 3; renewal++) {
      await workspace.get('computes/cpu-cluster');
      emulator.addFaults([{ action: { kind: 'expireTokens' }, match: { plane: 'arm' }, count: 1 }]);
    }
    const signIns = emulator.requests({ method: 'POST', path: '/oauth2/v2.0/token' });
    assert.equal(signIns.length, 3);
    assert.equal(emulator.requests({ method: 'POST', path: 'oidctoken' }).length, 3);
  });

  it('ask the pipeline once more when its token was too old on arrival, and then give up', async () => {
    const auth = schemes()['workload identity federation'];
    assert.ok(auth);
    const open = () =>
      openEmulated(emulator, { connection: emulatedConnection(emulator, { auth, oidc: oidc() }) }).then(
        ({ workspace }) => workspace.get('computes/cpu-cluster'),
      );
    const body = {
      error: 'invalid_client',
      error_description: 'AADSTS700024: Client assertion is not within its time.',
    };
    const stale = { kind: 'respond', status: 401, body } as const;
    emulator.addFaults([{ action: stale, match: { path: '/oauth2/v2.0/token' }, count: 1 }]);
    assert.ok(await open());
    assert.equal(emulator.requests({ method: 'POST', path: 'oidctoken' }).length, 2);
    emulator.addFaults([{ action: stale, match: { path: '/oauth2/v2.0/token' }, count: 2 }]);
    assert.match((await failureOf(open())).message, /AADSTS700024/);
  });

  it('survive tokens that are refused before their time, with one renewal for all requests', async () => {
    const { workspace } = await openEmulated(emulator);
    await workspace.location();
    emulator.clearRequests();
    emulator.addFaults([{ action: { kind: 'expireTokens' }, match: { plane: 'arm' }, count: 1 }]);
    const found = await Promise.all(Array.from({ length: 8 }, () => workspace.get('computes/cpu-cluster')));
    assert.ok(found.every((compute) => compute?.name === 'cpu-cluster'));
    assert.equal(emulator.requests({ method: 'POST', path: '/oauth2/v2.0/token' }).length, 1);
  });

  it('say what is wrong with a secret, without showing it', async () => {
    const { tenantId, principal } = emulator.settings;
    const auth = { ...{ scheme: 'servicePrincipalSecret' as const, tenantId }, clientId: principal.clientId };
    const { workspace } = await openEmulated(emulator, {
      connection: emulatedConnection(emulator, { auth: { ...auth, secret: 'mistyped-secret' } }),
    });
    const error = await failureOf(workspace.location());
    assert.equal(error.code, 'AADSTS7000215');
    assert.match(error.hint ?? '', /client secret/);
    assert.doesNotMatch(`${error.message} ${error.hint ?? ''}`, /mistyped-secret/);
  });

  it('say that a connection is not authorized for the pipeline', async () => {
    const auth = schemes()['workload identity federation'];
    assert.ok(auth);
    const { workspace } = await openEmulated(emulator, {
      connection: emulatedConnection(emulator, { auth, oidc: oidc(), id: '00000000-0000-4000-8000-00000000dead' }),
    });
    const error = await failureOf(workspace.location());
    assert.match(error.message, /did not issue a token for the service connection 'azureml-connection'/);
    assert.match(error.hint ?? '', /Authorize the connection/);
    const without = await openEmulated(emulator, { connection: emulatedConnection(emulator, { auth }) });
    await assert.rejects(without.workspace.location(), UserError);
  });
});

describe('clouds against the emulator', () => {
  const clouds = [
    findCloud('AzureUSGovernment'),
    findCloud('AzureChinaCloud'),
    customCloud('AzureStack', 'azure.lab.example'),
  ].filter((cloud): cloud is Cloud => cloud !== undefined);

  for (const cloud of clouds) {
    it(`${cloud.name}: signs in, reads, uploads and asks the region with this cloud's names alone`, async () => {
      const emulator = await startEmulator({ cloud });
      try {
        const { workspace } = await openEmulated(emulator);
        assert.equal(await workspace.location(), 'westeurope');
        assert.equal(await workspace.tracking.run('no-such-run'), undefined);
        const target = { kind: 'datastore', datastore: 'workspaceblobstore', prefix: 'x' } as const;
        assert.equal(await workspace.storage.readText(target, 'none'), undefined);
        const hosts = new Set(emulator.requests().map(({ host }) => host));
        assert.ok(hosts.has(cloud.arm) && hosts.has(cloud.login), [...hosts].join());
        assert.ok([...hosts].some((host) => host.endsWith(cloud.regionalSuffix)));
        assert.ok([...hosts].some((host) => host.endsWith(`blob.${cloud.storageSuffix}`)));
      } finally {
        await emulator.close();
      }
    });
  }
});
