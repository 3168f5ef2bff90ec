/** The Azure Resource Manager service connection behind an input, as the agent hands it over (ENDPOINT_* variables). */
import { UserError } from '../errors.ts';
import type { Connection, ConnectionAuth } from '../ports.ts';
import type { AgentEnvironment } from './environment.ts';
import type { Masking } from './masking.ts';
import { jobToken } from './pipeline-service.ts';

/**
 * Reads the connection with this id. Throws UserError when the input is empty, when the agent was given no such
 * connection, or when its scheme or content cannot be used.
 */
export function serviceConnection(
  environment: AgentEnvironment,
  masks: Pick<Masking, 'add'>,
  id: string | undefined,
): Connection {
  if (id === undefined) {
    throw new UserError("Input 'azureSubscription' is required: name an Azure Resource Manager service connection.");
  }
  const url = environment.endpointUrl(id);
  if (url === undefined && environment.endpointScheme(id) === undefined) {
    throw new UserError(
      `The agent was given no service connection for '${id}'. Check that 'azureSubscription' names an existing ` +
        'Azure Resource Manager connection and that this pipeline is authorised to use it.',
    );
  }
  const auth = connectionAuth(environment, masks, id);
  return {
    id,
    name: environment.endpointData(id, 'connectionName') ?? id,
    auth,
    subscriptionId: environment.endpointData(id, 'subscriptionid'),
    environment: environment.endpointData(id, 'environment') ?? 'AzureCloud',
    resourceManagerUrl: resourceManagerUrl(id, url),
    authorityUrl: authorityUrl(environment, id),
    oidc: auth.scheme === 'workloadIdentityFederation' ? oidc(environment, masks, id) : undefined,
  };
}

function connectionAuth(environment: AgentEnvironment, masks: Pick<Masking, 'add'>, id: string): ConnectionAuth {
  const parameter = (key: string): string => requiredParameter(environment, id, key);
  // Connections older than the scheme itself are service principals.
  const scheme = environment.endpointScheme(id) ?? 'ServicePrincipal';
  switch (scheme.toLowerCase()) {
    case 'serviceprincipal': {
      const kind = environment.endpointParameter(id, 'authenticationType') ?? 'spnKey';
      const principal = { tenantId: parameter('tenantid'), clientId: parameter('serviceprincipalid') };
      if (kind.toLowerCase() === 'spncertificate') {
        const certificate = pem(id, parameter('servicePrincipalCertificate'));
        masks.add(certificate);
        return { scheme: 'servicePrincipalCertificate', ...principal, certificate };
      }
      const secret = parameter('serviceprincipalkey');
      masks.add(secret);
      return { scheme: 'servicePrincipalSecret', ...principal, secret };
    }
    case 'managedserviceidentity':
      return { scheme: 'managedIdentity', clientId: environment.endpointData(id, 'msiclientId') };
    case 'workloadidentityfederation':
      return {
        scheme: 'workloadIdentityFederation',
        tenantId: parameter('tenantid'),
        clientId: parameter('serviceprincipalid'),
      };
    default:
      throw new UserError(
        `Service connection '${id}' uses the scheme ${scheme}, which cannot sign in to Azure Machine Learning. Use one ` +
          'with workload identity federation, a managed identity, or a service principal with a secret or certificate.',
      );
  }
}

function requiredParameter(environment: AgentEnvironment, id: string, key: string): string {
  const value = environment.endpointParameter(id, key);
  if (value !== undefined) return value;
  throw new UserError(`Service connection '${id}' has no '${key}'. Edit and save the connection again.`);
}

function pem(id: string, certificate: string): string {
  const hasBoth =
    certificate.includes('-----BEGIN CERTIFICATE-----') && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(certificate);
  if (hasBoth) return certificate;
  throw new UserError(
    `The certificate of service connection '${id}' must be PEM text with both the certificate and its private key.`,
  );
}

/** The agent passes the URL with a trailing slash, which would double in token scopes. */
function resourceManagerUrl(id: string, url: string | undefined): string {
  if (url !== undefined && URL.canParse(url) && new URL(url).protocol === 'https:') return url.replace(/\/+$/, '');
  throw new UserError(`Service connection '${id}' needs an https URL of the Resource Manager, not '${url ?? ''}'.`);
}

/** `login.windows.net` is the old name that connections made for ADAL still carry. */
function authorityUrl(environment: AgentEnvironment, id: string): string | undefined {
  const url =
    environment.endpointData(id, 'activeDirectoryAuthority') ?? environment.endpointData(id, 'environmentAuthorityUrl');
  return url?.replace(/\/+$/, '').replace(/^https:\/\/login\.windows\.net$/i, 'https://login.microsoftonline.com');
}

function oidc(environment: AgentEnvironment, masks: Pick<Masking, 'add'>, id: string): Connection['oidc'] {
  const requestUri = environment.variable('System.OidcRequestUri');
  const systemAccessToken = jobToken(environment);
  if (requestUri === undefined || systemAccessToken === undefined) {
    throw new UserError(
      `Service connection '${id}' uses workload identity federation, but this agent was given no way to ask for the ` +
        "pipeline's token (System.OidcRequestUri). Update the agent; on Azure DevOps Server use another scheme.",
    );
  }
  masks.add(systemAccessToken);
  return { requestUri, systemAccessToken };
}
