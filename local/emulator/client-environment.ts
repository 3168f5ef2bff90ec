/** Environment variables by which processes reach an emulator, sign in to it and share its time. */
import { formatClock, type ClockSettings } from './clock.ts';
import type { Cloud } from './clouds.ts';
import type { Settings } from './settings.ts';

export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

export interface Reach {
  /** `http://127.0.0.1:{port}` */
  readonly url: string;
  readonly caFile: string;
  readonly clock: ClockSettings;
  readonly proxyCredentials?: ProxyCredentials | undefined;
}

/** The variables by which unmodified clients (Node, Python, curl) go through the proxy and trust its certificates. */
export function clientEnvironment({ url, caFile, clock, proxyCredentials }: Reach): Record<string, string> {
  const proxy = proxyUrl(url, proxyCredentials);
  return {
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    NODE_EXTRA_CA_CERTS: caFile,
    REQUESTS_CA_BUNDLE: caFile,
    SSL_CERT_FILE: caFile,
    CURL_CA_BUNDLE: caFile,
    AZURE_POD_IDENTITY_AUTHORITY_HOST: url,
    LOCAL_CLOCK: formatClock(clock),
  };
}

/** What to sign in with and where to work: Azure's own names where it has some. Holds secrets. */
export function signInEnvironment(settings: Settings, cloud: Cloud, url: string): Record<string, string> {
  return {
    AZURE_TENANT_ID: settings.tenantId,
    AZURE_CLIENT_ID: settings.principal.clientId,
    AZURE_CLIENT_SECRET: settings.principal.clientSecret,
    AZURE_AUTHORITY_HOST: `https://${cloud.login}`,
    AZURE_SUBSCRIPTION_ID: settings.subscriptionId,
    LOCAL_EMULATOR_URL: url,
    LOCAL_CLOUD: cloud.name,
    LOCAL_RESOURCE_GROUP: settings.resourceGroup,
    LOCAL_WORKSPACE: settings.workspace,
    LOCAL_REGION: settings.region,
    LOCAL_CONNECTION_ID: settings.connection.id,
    LOCAL_CONNECTION_NAME: settings.connection.name,
    LOCAL_ORGANIZATION: settings.connection.organization,
    LOCAL_PROJECT: settings.connection.project,
    LOCAL_SYSTEM_ACCESS_TOKEN: settings.systemAccessToken,
  };
}

/** What a process needs to run at all; nothing else of the emulator's own environment reaches jobs and model servers. */
export function cleanEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function proxyUrl(url: string, credentials: ProxyCredentials | undefined): string {
  if (credentials === undefined) return url;
  const { username, password } = credentials;
  return url.replace('http://', `http://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}
