/** The instance metadata service's token endpoint: the agent machine's own identity. */
import type { Clock } from '../clock.ts';
import { EmulatedError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { applicationToken, TOKEN_LIFETIME_SECONDS } from './entra.ts';
import type { TokenIssuer } from './tokens.ts';

export interface MetadataRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/**
 * Answers `GET /metadata/identity/oauth2/token`. Throws the service's 400: without `Metadata: true` (which is also how
 * clients probe whether there is such a service), without a resource, or for an identity the machine does not have.
 */
export function managedIdentityToken(
  parts: { readonly settings: Settings; readonly tokens: TokenIssuer; readonly clock: Clock },
  { headers, query }: MetadataRequest,
): object {
  const resource = query.get('resource');
  if (headers.metadata?.toLowerCase() !== 'true') throw refusal('Required metadata header not specified');
  if (query.get('api-version') === null) throw refusal("Required query variable 'api-version' is missing");
  if (resource === null) throw refusal("Required query variable 'resource' is missing");
  const { clientId } = parts.settings.principal;
  const wanted = query.get('client_id') ?? clientId;
  if (wanted.toLowerCase() !== clientId.toLowerCase()) throw refusal('Identity not found');
  const expiry = Math.floor(parts.clock.now() / 1000) + TOKEN_LIFETIME_SECONDS;
  return {
    access_token: applicationToken(parts, resource),
    client_id: clientId,
    expires_in: String(TOKEN_LIFETIME_SECONDS),
    expires_on: String(expiry),
    ext_expires_in: String(TOKEN_LIFETIME_SECONDS),
    not_before: String(expiry - TOKEN_LIFETIME_SECONDS),
    resource,
    token_type: 'Bearer',
  };
}

function refusal(message: string): EmulatedError {
  return new EmulatedError({ answerer: 'imds', status: 400, code: 'invalid_request', message });
}
