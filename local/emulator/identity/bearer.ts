/** Who sends a request: the bearer token checked as each plane does it, refused in that plane's words. */
import type { Cloud } from '../clouds.ts';
import type { Clock } from '../clock.ts';
import { blobError, dataPlaneError, gatewayError, type EmulatedError } from '../errors.ts';
import { TokenRefused, type Caller, type TokenIssuer } from './tokens.ts';
import { textAt } from '../json.ts';

export interface BearerCheck {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly tenantId: string;
  readonly tokens: TokenIssuer;
}

/** Audiences the Resource Manager takes: its own name and the one of the classic deployment model. */
export function armAudiences(cloud: Cloud): readonly string[] {
  return [
    `https://${cloud.arm}`,
    `https://management.${CLASSIC_DOMAINS[cloud.name] ?? cloud.arm.replace(/^management\./, 'core.')}`,
  ];
}

const CLASSIC_DOMAINS: Readonly<Record<string, string>> = {
  AzureCloud: 'core.windows.net',
  AzureUSGovernment: 'core.usgovcloudapi.net',
  AzureChinaCloud: 'core.chinacloudapi.cn',
};

/** Audiences of the regional data plane: the Resource Manager's are taken too. */
export function dataPlaneAudiences(cloud: Cloud): readonly string[] {
  return [cloud.mlAudience, ...armAudiences(cloud)];
}

export function storageAudiences(cloud: Cloud, account: string): readonly string[] {
  return ['https://storage.azure.com', `https://${account}.blob.${cloud.storageSuffix}`];
}

/** The token of an `Authorization: Bearer` header; undefined when it is missing or of another kind. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
}

/** The caller of a Resource Manager request. Throws its 401. */
export function checkArm(check: BearerCheck, authorization: string | undefined): Caller {
  try {
    return check.tokens.verify(bearerToken(authorization), armAudiences(check.cloud));
  } catch (error) {
    throw error instanceof TokenRefused ? armRefusal(check, error) : error;
  }
}

/** The caller of a request to a region's data plane. Throws its 401. */
export function checkDataPlane(check: BearerCheck, authorization: string | undefined): Caller {
  try {
    return check.tokens.verify(bearerToken(authorization), dataPlaneAudiences(check.cloud));
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    throw dataPlaneError('emulator', 401, 'UserError', `The access token is refused: ${error.problem}.`, {
      innerCodes: ['AuthorizationError'],
      headers: { 'WWW-Authenticate': challenge(check, REASONS[error.problem]) },
    });
  }
}

/** The caller of a blob request that carries a bearer token. Throws storage's 401. */
export function checkStorage(check: BearerCheck, authorization: string | undefined, account: string): Caller {
  try {
    return check.tokens.verify(bearerToken(authorization), storageAudiences(check.cloud, account));
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    throw blobError(
      401,
      'InvalidAuthenticationInfo',
      'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
      {
        'WWW-Authenticate': `Bearer authorization_uri=https://${check.cloud.login}/${check.tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
      },
    );
  }
}

const REASONS = {
  missing: "The authentication failed because of missing 'Authorization' header.",
  malformed: 'The access token is invalid.',
  signature: 'The access token is invalid.',
  expired: 'The access token has expired.',
  audience: 'The access token has been obtained from wrong audience or resource.',
} as const;

function armRefusal(check: BearerCheck, refused: TokenRefused): EmulatedError {
  const headers = { 'WWW-Authenticate': challenge(check, REASONS[refused.problem]) };
  const refuse = (code: string, message: string): EmulatedError => gatewayError(401, code, message, { headers });
  switch (refused.problem) {
    case 'missing':
      return refuse('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
    case 'malformed':
    case 'signature':
      return refuse('InvalidAuthenticationToken', 'The access token is invalid.');
    case 'expired':
      return refuse(
        'ExpiredAuthenticationToken',
        `The access token expiry UTC time '${clockText(Number(refused.claims.exp) * 1000)}' is earlier than current UTC time '${clockText(check.clock.now())}'.`,
      );
    case 'audience': {
      const allowed = armAudiences(check.cloud).flatMap((audience) => [`'${audience}/'`, `'${audience}'`]);
      return refuse(
        'InvalidAuthenticationTokenAudience',
        `The access token has been obtained for wrong audience or resource '${textAt(refused.claims, 'aud') ?? ''}'. It should exactly match with one of the allowed audiences ${allowed.join(',')}.`,
      );
    }
  }
}

function challenge(check: BearerCheck, description: string): string {
  return `Bearer authorization_uri="https://${check.cloud.login}/${check.tenantId}", error="invalid_token", error_description="${description}"`;
}

/** `9/5/2018 3:10:54 PM` */
function clockText(moment: number): string {
  return new Date(moment).toLocaleString('en-US', { timeZone: 'UTC' }).replace(',', '');
}
