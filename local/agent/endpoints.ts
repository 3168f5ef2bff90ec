/** Service connections as the agent hands them to a task (agent source: Handler.cs, MaskingUtil.cs). */
import { environmentName } from './environment-names.ts';

export interface Endpoint {
  /** GUID in lower case, or SYSTEMVSSCONNECTION. */
  readonly id: string;
  /** What a pipeline calls it. */
  readonly name: string;
  readonly url: string;
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

export const SYSTEM_CONNECTION = 'SYSTEMVSSCONNECTION';

/** Parameters that are no secrets; every other one is masked, the client id too. */
const PUBLIC_PARAMETERS = new Set(
  [
    'Role',
    'Scope',
    'TenantId',
    'IssuedAt',
    'ExpiresAt',
    'Audience',
    'AuthenticationType',
    'AuthorizationType',
    'AccessTokenType',
    'AccessTokenFetchingMethod',
    'UseWindowsSecurity',
    'Unsecured',
    'OAuthAccessTokenIsSupplied',
    'CompleteCallbackPayload',
    'AcceptUntrustedCertificates',
  ].map((name) => name.toLowerCase()),
);

/** Values of the connection that must be masked. */
export function endpointSecrets(endpoint: Endpoint): string[] {
  return Object.entries(endpoint.parameters)
    .filter(([name, value]) => value !== '' && !PUBLIC_PARAMETERS.has(name.toLowerCase()))
    .map(([, value]) => value);
}

/** The ENDPOINT_* variables of a connection. The system's own has no data. */
export function endpointEnvironment(endpoint: Endpoint): Record<string, string> {
  const { id, scheme, parameters, data } = endpoint;
  const environment: Record<string, string> = {
    [`ENDPOINT_URL_${id}`]: new URL(endpoint.url).href,
    [`ENDPOINT_AUTH_${id}`]: JSON.stringify({ parameters, scheme }),
    [`ENDPOINT_AUTH_SCHEME_${id}`]: scheme,
  };
  for (const [key, value] of Object.entries(parameters)) {
    environment[`ENDPOINT_AUTH_PARAMETER_${id}_${environmentName(key)}`] = value;
  }
  if (id === SYSTEM_CONNECTION) return environment;
  environment[`ENDPOINT_DATA_${id}`] = JSON.stringify(data);
  for (const [key, value] of Object.entries(data)) environment[`ENDPOINT_DATA_${id}_${environmentName(key)}`] = value;
  return environment;
}
