import assert from 'node:assert/strict';
import { readEnvironment } from '../../../tasks/common/agent/environment.ts';
import { serviceConnection } from '../../../tasks/common/agent/service-connection.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import type { Connection } from '../../../tasks/common/ports.ts';

const ID = '00000000-0000-4000-8000-0000000000cc';

interface Endpoint {
  readonly url?: string;
  readonly scheme?: string;
  readonly parameters?: Record<string, string>;
  readonly data?: Record<string, string>;
  readonly variables?: Record<string, string>;
}

/** The variables the agent makes of an endpoint, and what the connection masked. */
function read(endpoint: Endpoint): { readonly connection: Connection; readonly masked: readonly string[] } {
  const masked: string[] = [];
  const environment = readEnvironment({
    [`ENDPOINT_URL_${ID}`]: endpoint.url ?? 'https://management.azure.com/',
    ...(endpoint.scheme === undefined ? {} : { [`ENDPOINT_AUTH_SCHEME_${ID}`]: endpoint.scheme }),
    ...keyed(`ENDPOINT_AUTH_PARAMETER_${ID}_`, endpoint.parameters),
    ...keyed(`ENDPOINT_DATA_${ID}_`, endpoint.data),
    ...endpoint.variables,
  });
  return { connection: serviceConnection(environment, { add: (value) => masked.push(value) }, ID), masked };
}

function keyed(prefix: string, values: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key.toUpperCase(), value]));
}

function refusal(endpoint: Endpoint): string {
  try {
    read(endpoint);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message;
  }
  return assert.fail('the connection was accepted');
}

const principal = { tenantid: 'tenant', serviceprincipalid: 'client' };
const certificate = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBcert',
  '-----END CERTIFICATE-----',
  '-----BEGIN PRIVATE KEY-----',
  'MIIBkey',
  '-----END PRIVATE KEY-----',
].join('\n');

describe('reading a service connection', () => {
  it('reads a service principal with a secret, and masks the secret', () => {
    const { connection, masked } = read({
      scheme: 'ServicePrincipal',
      parameters: { ...principal, authenticationType: 'spnKey', serviceprincipalkey: 's3cret' },
      data: { subscriptionid: 'sub', environment: 'AzureCloud' },
    });
    assert.deepEqual(connection, {
      id: ID,
      name: ID,
      auth: { scheme: 'servicePrincipalSecret', tenantId: 'tenant', clientId: 'client', secret: 's3cret' },
      subscriptionId: 'sub',
      environment: 'AzureCloud',
      resourceManagerUrl: 'https://management.azure.com',
      authorityUrl: undefined,
      oidc: undefined,
    });
    assert.deepEqual(masked, ['s3cret']);
  });

  it('takes a connection without a scheme for a service principal', () => {
    const { connection } = read({ parameters: { ...principal, serviceprincipalkey: 'k' } });
    assert.equal(connection.auth.scheme, 'servicePrincipalSecret');
  });

  it('reads a service principal with a certificate', () => {
    const { connection, masked } = read({
      scheme: 'serviceprincipal',
      parameters: { ...principal, authenticationType: 'spnCertificate', servicePrincipalCertificate: certificate },
    });
    assert.deepEqual(connection.auth, {
      scheme: 'servicePrincipalCertificate',
      tenantId: 'tenant',
      clientId: 'client',
      certificate,
    });
    assert.deepEqual(masked, [certificate]);
  });

  it('reads a managed identity, system-assigned or user-assigned', () => {
    assert.deepEqual(read({ scheme: 'ManagedServiceIdentity' }).connection.auth, {
      scheme: 'managedIdentity',
      clientId: undefined,
    });
    assert.deepEqual(read({ scheme: 'ManagedServiceIdentity', data: { msiclientId: 'mi' } }).connection.auth, {
      scheme: 'managedIdentity',
      clientId: 'mi',
    });
  });

  it('reads workload identity federation, with the way to the pipeline’s own token', () => {
    const { connection, masked } = read({
      scheme: 'WorkloadIdentityFederation',
      parameters: principal,
      variables: {
        SYSTEM_OIDCREQUESTURI: 'https://dev.azure.com/o/p/_apis/oidctoken',
        ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: 'job-token',
      },
    });
    assert.equal(connection.auth.scheme, 'workloadIdentityFederation');
    assert.deepEqual(connection.oidc, {
      requestUri: 'https://dev.azure.com/o/p/_apis/oidctoken',
      systemAccessToken: 'job-token',
    });
    assert.deepEqual(masked, ['job-token']);
  });

  it('keeps to the cloud of the connection', () => {
    const { connection } = read({
      url: 'https://management.usgovcloudapi.net//',
      scheme: 'ManagedServiceIdentity',
      data: { environment: 'AzureUSGovernment', activeDirectoryAuthority: 'https://login.microsoftonline.us/' },
    });
    assert.equal(connection.environment, 'AzureUSGovernment');
    assert.equal(connection.resourceManagerUrl, 'https://management.usgovcloudapi.net');
    assert.equal(connection.authorityUrl, 'https://login.microsoftonline.us');
  });

  it('replaces the authority’s former name', () => {
    const data = { environmentAuthorityUrl: 'https://login.windows.net/' };
    assert.equal(
      read({ scheme: 'ManagedServiceIdentity', data }).connection.authorityUrl,
      'https://login.microsoftonline.com',
    );
  });

  it('leaves the subscription open for a connection scoped to a management group', () => {
    const data = { ScopeLevel: 'ManagementGroup', ManagementGroupId: 'mg' };
    assert.equal(read({ scheme: 'ManagedServiceIdentity', data }).connection.subscriptionId, undefined);
  });

  it('says what to do when the input is empty or nothing is behind it', () => {
    const environment = readEnvironment({});
    const masks = { add: () => undefined };
    assert.throws(() => serviceConnection(environment, masks, undefined), /'azureSubscription' is required/);
    assert.throws(
      () => serviceConnection(environment, masks, 'nobody'),
      /no service connection for 'nobody'.*authorised/,
    );
  });

  it('refuses what cannot sign in, in one sentence', () => {
    assert.match(refusal({ scheme: 'PublishProfile' }), /scheme PublishProfile, which cannot sign in/);
    assert.match(refusal({ scheme: 'ServicePrincipal', parameters: principal }), /has no 'serviceprincipalkey'/);
    assert.match(refusal({ scheme: 'WorkloadIdentityFederation', parameters: {} }), /has no 'tenantid'/);
    assert.match(refusal({ scheme: 'WorkloadIdentityFederation', parameters: principal }), /System.OidcRequestUri/);
    assert.match(refusal({ scheme: 'ManagedServiceIdentity', url: 'http://plain' }), /needs an https URL/);
    const keyMissing = certificate.slice(0, certificate.indexOf('-----BEGIN PRIVATE'));
    const parameters = { ...principal, authenticationType: 'spnCertificate', servicePrincipalCertificate: keyMissing };
    assert.match(refusal({ scheme: 'ServicePrincipal', parameters }), /both the certificate and its private key/);
  });

  it('never puts a secret into a refusal', () => {
    const parameters = { ...principal, authenticationType: 'spnCertificate', servicePrincipalCertificate: 'MIIBkey' };
    assert.doesNotMatch(refusal({ scheme: 'ServicePrincipal', parameters }), /MIIBkey/);
  });
});
