/** The Entra authority: sign-in of applications, and the documents by which clients find and check it. */
import { entraError, missingParameter, type EmulatedError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { authenticateClient } from './client-authentication.ts';
import type { EntraParts } from './entra-parts.ts';

/** What Entra gives an application's token: one hour, told as one second less. */
export const TOKEN_LIFETIME_SECONDS = 3599;

const PROTOCOL: Evidence = { mark: 'spec', source: 'Microsoft identity platform, OAuth 2.0 client credentials flow' };
const DISCOVERY: Evidence = { mark: 'spec', source: 'OpenID Connect discovery of the Microsoft identity platform' };

export function entraRoutes(parts: EntraParts): Route[] {
  const route = (method: string, path: string, evidence: Evidence, handle: Route['handle']): Route => ({
    plane: 'login',
    method,
    path,
    evidence,
    open: true,
    handle,
  });
  const document = (request: Incoming, version: 'v1' | 'v2'): Reply => ({
    status: 200,
    body: openIdConfiguration(parts, knownTenant(parts, request), version),
  });
  return [
    route('POST', '/{tenant}/oauth2/v2.0/token', PROTOCOL, (request) => issueToken(parts, request, 'v2')),
    route('POST', '/{tenant}/oauth2/token', PROTOCOL, (request) => issueToken(parts, request, 'v1')),
    route('GET', '/{tenant}/v2.0/.well-known/openid-configuration', DISCOVERY, (request) => document(request, 'v2')),
    route('GET', '/{tenant}/.well-known/openid-configuration', DISCOVERY, (request) => document(request, 'v1')),
    route('GET', '/{tenant}/discovery/v2.0/keys', DISCOVERY, () => ({
      status: 200,
      body: { keys: [parts.tokens.publicJwk] },
    })),
    route('GET', '/common/discovery/keys', DISCOVERY, () => ({
      status: 200,
      body: { keys: [parts.tokens.publicJwk] },
    })),
    route('GET', '/{tenant}/discovery/instance', DISCOVERY, (request) => instanceDiscovery(parts, request)),
  ];
}

async function issueToken(parts: EntraParts, request: Incoming, version: 'v1' | 'v2'): Promise<Reply> {
  const tenant = knownTenant(parts, request);
  const form = new URLSearchParams((await request.body()).toString('utf8'));
  const grant = form.get('grant_type') ?? '';
  if (grant === '') throw missingParameter('grant_type');
  if (grant !== 'client_credentials') {
    const message = `AADSTS70003: The app requested an unsupported grant type '${grant}'.`;
    throw entraError(400, 'unsupported_grant_type', message);
  }
  authenticateClient(parts, tenant, form);
  const audience =
    version === 'v2' ? audienceOfScope(parts, form.get('scope')) : audienceOfResource(form.get('resource'));
  const accessToken = applicationToken(parts, audience);
  const lifetimes = { expires_in: TOKEN_LIFETIME_SECONDS, ext_expires_in: TOKEN_LIFETIME_SECONDS };
  return { status: 200, body: { token_type: 'Bearer', ...lifetimes, access_token: accessToken } };
}

/** A token of the application for an audience; also what a managed identity gets. */
export function applicationToken(parts: Pick<EntraParts, 'settings' | 'tokens'>, audience: string): string {
  const { principal, tenantId } = parts.settings;
  return parts.tokens.issue({
    issuer: `https://sts.windows.net/${tenantId}/`,
    audience,
    lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
    claims: {
      appid: principal.clientId,
      appidacr: '1',
      idp: `https://sts.windows.net/${tenantId}/`,
      idtyp: 'app',
      oid: principal.objectId,
      sub: principal.objectId,
      tid: tenantId,
      ver: '1.0',
    },
  });
}

/** The v2 endpoint takes one scope, `{resource}/.default`; a resource that ends in a slash keeps it. */
function audienceOfScope(parts: EntraParts, scope: string | null): string {
  if (scope === null || scope === '') throw missingParameter('scope');
  const wanted = scope.split(' ').filter((part) => !['openid', 'profile', 'offline_access'].includes(part));
  const [single] = wanted;
  if (wanted.length !== 1 || !single?.endsWith('/.default')) {
    const message = `AADSTS1002012: The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
    throw entraError(400, 'invalid_scope', message);
  }
  const audience = single.slice(0, -'/.default'.length);
  if (parts.faults.isSet('unknownResource', audience)) throw unknownResource(audience);
  return audience;
}

function audienceOfResource(resource: string | null): string {
  if (resource === null || resource === '') throw missingParameter('resource');
  return resource;
}

function unknownResource(audience: string): EmulatedError {
  const message = `AADSTS500011: The resource principal named ${audience} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`;
  return entraError(400, 'invalid_resource', message);
}

/** The tenant's id; its aliases stand for the one tenant there is. */
function knownTenant(parts: EntraParts, request: Incoming): string {
  const { tenant = '' } = request.params;
  const { tenantId } = parts.settings;
  if ([tenantId, 'common', 'organizations'].includes(tenant.toLowerCase())) return tenantId;
  const message = `AADSTS90002: Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`;
  throw entraError(400, 'invalid_request', message);
}

function openIdConfiguration(parts: EntraParts, tenant: string, version: 'v1' | 'v2'): object {
  const base = `https://${parts.cloud.login}/${tenant}`;
  const oauth = version === 'v2' ? `${base}/oauth2/v2.0` : `${base}/oauth2`;
  return {
    token_endpoint: `${oauth}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: version === 'v2' ? `${base}/discovery/v2.0/keys` : `https://${parts.cloud.login}/common/discovery/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: version === 'v2' ? `${base}/v2.0` : `https://sts.windows.net/${tenant}/`,
    authorization_endpoint: `${oauth}/authorize`,
    end_session_endpoint: `${oauth}/logout`,
    tenant_region_scope: 'EU',
    cloud_instance_name: parts.cloud.login.replace(/^login\./, ''),
  };
}

/** Tells MSAL that an authority it does not know by heart is one, and under which names. */
function instanceDiscovery(parts: EntraParts, request: Incoming): Reply {
  const { login } = parts.cloud;
  const endpoint = request.query.get('authorization_endpoint') ?? '';
  const asked = URL.canParse(endpoint) ? new URL(endpoint).hostname : login;
  if (asked !== login) {
    const message = `AADSTS50049: Unknown or invalid instance. Host '${asked}' is none of this authority's.`;
    throw entraError(400, 'invalid_instance', message);
  }
  return {
    status: 200,
    body: {
      tenant_discovery_endpoint: `https://${login}/${parts.settings.tenantId}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: login, preferred_cache: login, aliases: [login] }],
    },
  };
}
