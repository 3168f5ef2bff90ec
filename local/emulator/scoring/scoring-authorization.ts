/** Who may score: the endpoint's keys, its own tokens, or Entra tokens, by its authentication mode. */
import { timingSafeEqual } from 'node:crypto';
import type { OnlineEndpointRecord } from '../arm/online-endpoint-records.ts';
import type { EmulatorContext } from '../context.ts';
import type { Reply } from '../http.ts';
import { bearerToken } from '../identity/bearer.ts';
import { TokenRefused } from '../identity/tokens.ts';
import { textAt } from '../json.ts';

/** Audience and issuer of an endpoint's own tokens. */
export const ENDPOINT_TOKEN_AUTHORITY = 'azureml';

/** An endpoint as far as it matters here; only those with keys have some. */
type CalledEndpoint = Pick<OnlineEndpointRecord, 'name' | 'authMode'> & Partial<Pick<OnlineEndpointRecord, 'keys'>>;

/** The 401 for this request, undefined when it may pass. Key texts are those users report; the token texts Envoy's own. */
export function refuseCaller(
  { tokens, cloud }: Pick<EmulatorContext, 'tokens' | 'cloud'>,
  endpoint: CalledEndpoint,
  authorization: string | undefined,
): Reply | undefined {
  const credential = bearerToken(authorization);
  switch (endpoint.authMode) {
    case 'Key':
      if (credential === undefined) return unauthorized('key_auth_bad_header_forbidden');
      if (Object.values(endpoint.keys ?? {}).some((key) => sameSecret(key, credential))) return undefined;
      return unauthorized('key_auth_access_denied');
    case 'AMLToken':
      return refuseToken(() => {
        const { claims } = tokens.verify(credential, [ENDPOINT_TOKEN_AUTHORITY]);
        // A token of another endpoint is signed as well, but does not count here.
        if (textAt(claims, 'endpointName') !== endpoint.name) throw new TokenRefused('audience', claims);
      });
    case 'AADToken':
      return refuseToken(() => tokens.verify(credential, [cloud.mlAudience]));
  }
}

function refuseToken(verify: () => unknown): Reply | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    return unauthorized(TOKEN_PROBLEMS[error.problem]);
  }
}

const TOKEN_PROBLEMS = {
  missing: 'Jwt is missing',
  malformed: 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  signature: 'Jwt verification fails',
  expired: 'Jwt is expired',
  audience: 'Audiences in Jwt are not allowed',
} as const;

function unauthorized(body: string): Reply {
  return { status: 401, headers: { 'Content-Type': 'text/plain', 'WWW-Authenticate': 'Bearer' }, body };
}

function sameSecret(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}
