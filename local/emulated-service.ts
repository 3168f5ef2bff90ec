/** An emulator as the local agent sees it: how to reach it, and the service connection and tokens it knows. */
import { existsSync, readFileSync } from 'node:fs';
import { parseClock, type ClockSettings } from './agent/clock.ts';
import type { Endpoint } from './agent/endpoints.ts';
import { signInEnvironment } from './emulator/client-environment.ts';
import { findCloud, type Cloud } from './emulator/clouds.ts';
import type { Emulator } from './emulator/emulator.ts';
import { DEFAULT_IDENTIFIERS } from './emulator/settings.ts';
import type { AgentSettings } from './pipeline/run/pipeline-run.ts';
import { UsageError } from './usage-error.ts';

/** How the service connection signs in. */
export const SCHEMES = ['federation', 'secret', 'certificate', 'managed-identity'] as const;
export type Scheme = (typeof SCHEMES)[number];

export interface EmulatedService {
  /** `http://127.0.0.1:{port}`: the emulator's own control plane and metadata service. */
  readonly url: string;
  readonly proxy: { readonly url: string; readonly username?: string; readonly password?: string };
  readonly caFile: string;
  readonly clock: ClockSettings;
  readonly cloud: string;
  readonly resourceManagerUrl: string;
  readonly authorityUrl: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM with certificate and private key; undefined where the emulator does not tell. */
  readonly certificate: string | undefined;
  readonly resourceGroup: string;
  readonly workspace: string;
  readonly connection: { readonly id: string; readonly name: string };
  readonly organization: string;
  readonly project: string;
  readonly systemAccessToken: string;
}

/** What an emulator of this process offers. */
export function serviceOf({ environment, settings, cloud, url }: Emulator): EmulatedService {
  const variables = { ...environment, ...signInEnvironment(settings, cloud, url) };
  return serviceFrom(variables, cloud, settings.principal.certificatePem);
}

/** What a running emulator offers, by the file its --env-file option wrote. Throws UsageError. */
export function serviceFromFile(file: string): EmulatedService {
  if (!existsSync(file))
    throw new UsageError(`There is no environment file at ${file}; npm run emulator -- --env-file writes one.`);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('='));
  const variables = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const cloud = findCloud(variables.LOCAL_CLOUD ?? '');
  if (cloud === undefined) throw new UsageError(`${file} names no cloud this agent knows (LOCAL_CLOUD).`);
  return serviceFrom(variables, cloud, undefined);
}

/** What pipelines may call the service connection, known before an emulator of one's own has started. */
export function connectionNames(emulatorFile: string | undefined): readonly string[] {
  if (emulatorFile === undefined) return [DEFAULT_IDENTIFIERS.connectionName, DEFAULT_IDENTIFIERS.connectionId];
  const { name, id } = serviceFromFile(emulatorFile).connection;
  return [name, id];
}

function serviceFrom(
  variables: Readonly<Record<string, string>>,
  cloud: Cloud,
  certificate: string | undefined,
): EmulatedService {
  const read = (name: string): string => {
    const value = variables[name];
    if (value === undefined) throw new UsageError(`The emulator's environment has no ${name}.`);
    return value;
  };
  return {
    url: read('LOCAL_EMULATOR_URL'),
    proxy: readProxy(read('HTTPS_PROXY')),
    caFile: read('NODE_EXTRA_CA_CERTS'),
    clock: parseClock(read('LOCAL_CLOCK')),
    cloud: cloud.name,
    resourceManagerUrl: `https://${cloud.arm}/`,
    authorityUrl: `https://${cloud.login}/`,
    tenantId: read('AZURE_TENANT_ID'),
    subscriptionId: read('AZURE_SUBSCRIPTION_ID'),
    clientId: read('AZURE_CLIENT_ID'),
    clientSecret: read('AZURE_CLIENT_SECRET'),
    certificate,
    resourceGroup: read('LOCAL_RESOURCE_GROUP'),
    workspace: read('LOCAL_WORKSPACE'),
    connection: { id: read('LOCAL_CONNECTION_ID'), name: read('LOCAL_CONNECTION_NAME') },
    organization: read('LOCAL_ORGANIZATION'),
    project: read('LOCAL_PROJECT'),
    systemAccessToken: read('LOCAL_SYSTEM_ACCESS_TOKEN'),
  };
}

function readProxy(text: string): EmulatedService['proxy'] {
  const { origin, username, password } = new URL(text);
  if (username === '') return { url: origin };
  return { url: origin, username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** What an agent needs to run jobs against the service: its connection, its proxy and authority, its clock. */
export function agentSettingsFor(service: EmulatedService, scheme: Scheme): AgentSettings {
  return {
    endpoints: [serviceConnection(service, scheme)],
    service: {
      collectionUri: `https://dev.azure.com/${service.organization}/`,
      accessToken: service.systemAccessToken,
    },
    network: {
      proxyUrl: service.proxy.url,
      proxyUsername: service.proxy.username,
      proxyPassword: service.proxy.password,
      caFile: service.caFile,
    },
    clock: service.clock,
    // A managed identity belongs to the machine: its endpoint is the machine's environment, not the pipeline's.
    environment: scheme === 'managed-identity' ? { AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url } : {},
  };
}

function serviceConnection(service: EmulatedService, scheme: Scheme): Endpoint {
  return {
    ...service.connection,
    url: service.resourceManagerUrl,
    ...authorization(service, scheme),
    data: {
      subscriptionid: service.subscriptionId,
      subscriptionname: 'local',
      environment: service.cloud,
      scopeLevel: 'Subscription',
      environmentAuthorityUrl: service.authorityUrl,
      ...(scheme === 'managed-identity' && { msiclientId: service.clientId }),
    },
  };
}

function authorization(service: EmulatedService, scheme: Scheme): Pick<Endpoint, 'scheme' | 'parameters'> {
  const principal = { tenantid: service.tenantId, serviceprincipalid: service.clientId };
  switch (scheme) {
    case 'federation':
      return { scheme: 'WorkloadIdentityFederation', parameters: principal };
    case 'secret':
      return {
        scheme: 'ServicePrincipal',
        parameters: { ...principal, authenticationType: 'spnKey', serviceprincipalkey: service.clientSecret },
      };
    case 'certificate':
      if (service.certificate === undefined) {
        throw new UsageError(
          'A running emulator does not hand out its certificate; leave out --emulator or use another --auth.',
        );
      }
      return {
        scheme: 'ServicePrincipal',
        parameters: {
          ...principal,
          authenticationType: 'spnCertificate',
          servicePrincipalCertificate: service.certificate,
        },
      };
    case 'managed-identity':
      return { scheme: 'ManagedServiceIdentity', parameters: { tenantid: service.tenantId } };
  }
}
