/** How an application proves who it is: by secret, by certificate, or by another issuer's token (federation). */
import { createHash, X509Certificate } from 'node:crypto';
import { entraError, missingParameter } from '../errors.ts';
import { textAt, type JsonObject } from '../json.ts';
import type { EntraParts } from './entra-parts.ts';
import { federatedSubject, PIPELINE_AUDIENCE, pipelineIssuer } from './pipeline-oidc.ts';
import { isSignedBy, readJwt, readJwtHeader, TokenRefused } from './tokens.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Checks the client of a token request. Throws Entra's refusal with its AADSTS code. */
export function authenticateClient(parts: EntraParts, tenantId: string, form: URLSearchParams): void {
  const { principal } = parts.settings;
  const clientId = form.get('client_id');
  if (clientId === null) throw missingParameter('client_id');
  if (clientId.toLowerCase() !== principal.clientId.toLowerCase()) {
    const message = `AADSTS700016: Application with identifier '${clientId}' was not found in the directory '${tenantId}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`;
    throw entraError(400, 'unauthorized_client', message);
  }
  const assertion = form.get('client_assertion');
  const secret = form.get('client_secret');
  if (assertion !== null) {
    checkAssertion(parts, assertion, form.get('client_assertion_type'));
    return;
  }
  if (secret === null) {
    const message =
      "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    throw entraError(401, 'invalid_client', message);
  }
  checkSecret(parts, secret);
}

function checkSecret(parts: EntraParts, secret: string): void {
  const { principal } = parts.settings;
  if (secret !== principal.clientSecret) {
    const message = `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${principal.clientId}'.`;
    throw entraError(401, 'invalid_client', message);
  }
  if (parts.faults.take('expiredSecret', principal.clientId) !== undefined) {
    const message = `AADSTS7000222: The provided client secret keys for app '${principal.clientId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`;
    throw entraError(401, 'invalid_client', message);
  }
}

function checkAssertion(parts: EntraParts, assertion: string, type: string | null): void {
  const claims = readJwt(assertion);
  if (type !== ASSERTION_TYPE || claims === undefined) {
    const message = 'AADSTS50027: JWT token is invalid or malformed.';
    throw entraError(401, 'invalid_client', message);
  }
  const ownAssertion = claims.iss === parts.settings.principal.clientId;
  if (ownAssertion) checkCertificate(parts, assertion, claims);
  else checkFederated(parts, assertion, claims);
}

/** An assertion the application signed with its certificate's key; the header names the certificate. */
function checkCertificate(parts: EntraParts, assertion: string, claims: JsonObject): void {
  const certificate = new X509Certificate(parts.settings.principal.certificatePem);
  const header = readJwtHeader(assertion);
  const thumbprints = ['sha1', 'sha256'].map((algorithm) =>
    createHash(algorithm).update(certificate.raw).digest('base64url'),
  );
  const named = [textAt(header, 'x5t'), textAt(header, 'x5t#S256')].map((text) => text?.replace(/=+$/, ''));
  const known = named.some((thumbprint) => thumbprint !== undefined && thumbprints.includes(thumbprint));
  if (!known || !isSignedBy(assertion, certificate.publicKey)) {
    const reason = known ? 'The key was found, but the signature is wrong.' : 'The key was not found.';
    const message = `AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ${reason}]`;
    throw entraError(401, 'invalid_client', message);
  }
  checkTimes(parts, claims);
  const audiences = ['/oauth2/v2.0/token', '/oauth2/token', '/v2.0'].map(
    (path) => `https://${parts.cloud.login}/${parts.settings.tenantId}${path}`,
  );
  if (!audiences.includes(textAt(claims, 'aud') ?? '')) {
    throw entraError(
      401,
      'invalid_client',
      `AADSTS50013: Assertion failed signature validation. [Reason - The audience is wrong.]`,
    );
  }
}

/** A token of the pipeline service: issuer, audience and subject must be those of the federated credential. */
function checkFederated(parts: EntraParts, assertion: string, claims: JsonObject): void {
  const { settings } = parts;
  if (claims.iss !== pipelineIssuer(settings)) {
    const message = `AADSTS700211: No matching federated identity record found for presented assertion issuer '${textAt(claims, 'iss') ?? ''}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`;
    throw entraError(401, 'invalid_client', message);
  }
  try {
    parts.tokens.verify(assertion, [PIPELINE_AUDIENCE]);
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    if (error.problem === 'expired') throw outOfTime(parts, claims);
    if (error.problem === 'audience') {
      const message = `AADSTS700212: No matching federated identity record found for presented assertion audience '${textAt(claims, 'aud') ?? ''}'.`;
      throw entraError(401, 'invalid_client', message);
    }
    throw entraError(401, 'invalid_client', 'AADSTS50013: Assertion failed signature validation.');
  }
  if (claims.sub !== federatedSubject(settings)) {
    const message = `AADSTS700213: No matching federated identity record found for presented assertion subject '${textAt(claims, 'sub') ?? ''}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`;
    throw entraError(401, 'invalid_client', message);
  }
}

function checkTimes(parts: EntraParts, claims: JsonObject): void {
  const now = parts.clock.now() / 1000;
  // Entra forgives five minutes between clocks.
  const skew = 300;
  const from = Number(claims.nbf ?? claims.iat ?? 0);
  if (Number(claims.exp) + skew < now || from - skew > now) throw outOfTime(parts, claims);
}

function outOfTime(parts: EntraParts, claims: JsonObject): Error {
  const text = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}.0000000Z`;
  const now = text(parts.clock.now() / 1000);
  const from = text(Number(claims.nbf ?? claims.iat ?? 0));
  const to = text(Number(claims.exp));
  const message = `AADSTS700024: Client assertion is not within its valid time range. Current time: ${now}, assertion valid from ${from}, expiry time of assertion ${to}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials.`;
  return entraError(401, 'invalid_client', message);
}
