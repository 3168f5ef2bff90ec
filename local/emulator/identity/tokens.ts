/** The tokens of the emulated tenant: JWTs signed by the emulator, valid in virtual time. */
import { createPublicKey, createSign, createVerify, generateKeyPair, randomUUID, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../clock.ts';
import { isJsonObject, textAt, type JsonObject } from '../json.ts';

/** Who a request comes from, by its token. */
export interface Caller {
  readonly objectId: string;
  readonly clientId: string;
  readonly tenantId: string;
  /** Audience of the token, without a trailing slash. */
  readonly audience: string;
  readonly kind: 'Application' | 'User';
  /** All claims, for whoever needs another. */
  readonly claims: JsonObject;
}

export interface TokenRequest {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeSeconds: number;
  /** Claims beside iss, aud, iat, nbf and exp: `oid`, `appid`, `tid`, `sub` … */
  readonly claims: JsonObject;
}

export type TokenProblem = 'missing' | 'malformed' | 'signature' | 'expired' | 'audience';

/** Why a token is refused; the plane that asked puts it into its own words. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly problem: TokenProblem;
  readonly claims: JsonObject;

  constructor(problem: TokenProblem, claims: JsonObject = {}) {
    super(`The token is refused: ${problem}.`);
    this.problem = problem;
    this.claims = claims;
  }
}

export interface TokenIssuer {
  issue(request: TokenRequest): string;
  /** Checks signature, time and audience (a trailing slash does not count). Throws TokenRefused. */
  verify(token: string | undefined, audiences: readonly string[]): Caller;
  /** From now on every token issued before is expired. */
  expireAll(): void;
  /** The signing key as a JSON Web Key, with the thumbprint that tokens name it by. */
  readonly publicJwk: JsonObject;
}

/** An issuer with a key of its own. */
export async function createTokenIssuer(clock: Clock): Promise<TokenIssuer> {
  // Not the synchronous form: it takes a noticeable part of the emulator's start, and other parts can start meanwhile.
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const kid = randomUUID().replaceAll('-', '');
  let expiredUntil = 0;
  let serial = 0;

  return {
    publicJwk: { ...publicKey.export({ format: 'jwk' }), use: 'sig', kid, x5t: kid },
    issue: ({ issuer, audience, lifetimeSeconds, claims }) => {
      const now = Math.floor(clock.now() / 1000);
      serial += 1;
      const times = { iat: now, nbf: now, exp: now + lifetimeSeconds };
      return signJwt(
        { typ: 'JWT', alg: 'RS256', kid, x5t: kid },
        { aud: audience, iss: issuer, ...times, ...claims, uti: String(serial) },
        privateKey,
      );
    },
    verify: (token, audiences) => {
      if (token === undefined) throw new TokenRefused('missing');
      const claims = readJwt(token);
      if (claims === undefined) throw new TokenRefused('malformed');
      if (!isSignedBy(token, publicKey)) throw new TokenRefused('signature', claims);
      const expiry = Number(claims.exp);
      if (!(expiry * 1000 > clock.now()) || Number(claims.uti) <= expiredUntil) {
        throw new TokenRefused('expired', claims);
      }
      const audience = withoutSlash(textAt(claims, 'aud') ?? '');
      if (!audiences.map(withoutSlash).includes(audience)) throw new TokenRefused('audience', claims);
      return {
        objectId: textAt(claims, 'oid') ?? '',
        clientId: textAt(claims, 'appid') ?? '',
        tenantId: textAt(claims, 'tid') ?? '',
        audience,
        kind: textAt(claims, 'idtyp') === 'user' ? 'User' : 'Application',
        claims,
      };
    },
    expireAll: () => {
      expiredUntil = serial;
    },
  };
}

/** The claims of a JWT without checking it; undefined when it is none. */
export function readJwt(token: string): JsonObject | undefined {
  return readPart(token, 1);
}

/** The header of a JWT without checking it; undefined when it is none. */
export function readJwtHeader(token: string): JsonObject | undefined {
  return readPart(token, 0);
}

/** True when the JWT carries a signature of this key: RS256, or PS256 as newer clients sign their assertions. */
export function isSignedBy(token: string, key: KeyObject | string): boolean {
  const [header, payload, signature] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined) return false;
  const algorithm = textAt(readJwtHeader(token), 'alg');
  if (algorithm !== 'RS256' && algorithm !== 'PS256') return false;
  const publicKey = typeof key === 'string' ? createPublicKey(key) : key;
  const verifier = createVerify('RSA-SHA256').update(`${header}.${payload}`);
  const padding = algorithm === 'PS256' ? { padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  return verifier.verify({ key: publicKey, ...padding }, Buffer.from(signature, 'base64url'));
}

/** `crypto.constants.RSA_PKCS1_PSS_PADDING` */
const RSA_PKCS1_PSS_PADDING = 6;

function signJwt(header: JsonObject, claims: JsonObject, key: KeyObject): string {
  const encode = (part: JsonObject): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${createSign('RSA-SHA256').update(content).sign(key).toString('base64url')}`;
}

function readPart(token: string, index: number): JsonObject | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[index] ?? '', 'base64url').toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
