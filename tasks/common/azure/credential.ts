/** Tokens for a service connection, of every scheme, through the task's own HTTP pipeline. */
import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { ConnectionAuth } from '../ports.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Cloud } from './clouds.ts';
import { entraErrorOf } from './entra-error.ts';
import { requestPipelineToken } from './pipeline-token.ts';
import type { PipelineTokenSettings } from './pipeline-token.ts';

export interface AcquiredToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** When the authority advises to ask again, if it does. */
  readonly refreshAt: number | undefined;
}

/** Asks the authority for a token: nothing is cached here. Throws ServiceError with a hint when it is refused. */
export type AcquireToken = (scope: string, claims?: string) => Promise<AcquiredToken>;

export interface CredentialSettings extends PipelineTokenSettings {
  readonly cloud: Cloud;
}

/**
 * How tokens for a connection are had. The identity library is loaded with the first token and each request is made
 * by a credential of its own, so that no cache of the library's stands between us and a token that was refused.
 */
export function createAcquireToken(settings: CredentialSettings): AcquireToken {
  return async (scope, claims) => {
    try {
      return await acquire(settings, scope, claims);
    } catch (error) {
      // The pipeline's token was too old when it arrived, over a slow network for example: a new one is to be had.
      const isStale = error instanceof ServiceError && error.code === STALE_ASSERTION;
      if (isStale && settings.connection.auth.scheme === 'workloadIdentityFederation')
        return acquire(settings, scope, claims);
      throw error;
    }
  };
}

/** Entra's code for an assertion outside of its time ("Microsoft Entra authentication and authorization error codes"). */
const STALE_ASSERTION = 'AADSTS700024';

async function acquire(
  settings: CredentialSettings,
  scope: string,
  claims: string | undefined,
): Promise<AcquiredToken> {
  const recorder = createRecorder(settings.http.identityClient);
  const credential = await createCredential(settings, recorder);
  try {
    const found = await credential.getToken(scope, claims === undefined ? {} : { claims });
    if (found === null) throw new Error('The authority answered without a token.');
    settings.maskSecret(found.token);
    return { token: found.token, expiresAt: found.expiresOnTimestamp, refreshAt: found.refreshAfterTimestamp };
  } catch (error) {
    // The library wraps what happened in words of its own; the exchange itself says more.
    const cause = recorder.failure() ?? error;
    if (cause instanceof ServiceError || cause instanceof UserError) throw cause;
    throw entraErrorOf(recorder.refusal(), cause, settings.connection);
  }
}

async function createCredential(settings: CredentialSettings, recorder: Recorder): Promise<TokenCredential> {
  const { connection, cloud } = settings;
  const auth: ConnectionAuth = connection.auth;
  // A token of the pipeline lives ten minutes: each request to Entra gets a new one, asked for while the library loads.
  const assertion =
    auth.scheme === 'workloadIdentityFederation' ? recorder.watch(requestPipelineToken(settings)) : undefined;
  assertion?.catch(() => undefined);
  const identity = await import('./identity.ts');
  const transport = {
    httpClient: recorder.client,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
  };
  const options = {
    authorityHost: cloud.authorityUrl,
    // The authority is the connection's own: nobody else needs to be asked whether it is one.
    disableInstanceDiscovery: true,
    ...transport,
  };
  switch (auth.scheme) {
    case 'servicePrincipalSecret':
      settings.maskSecret(auth.secret);
      return new identity.ClientSecretCredential(auth.tenantId, auth.clientId, auth.secret, options);
    case 'servicePrincipalCertificate':
      return new identity.ClientCertificateCredential(
        auth.tenantId,
        auth.clientId,
        { certificate: auth.certificate },
        options,
      );
    case 'managedIdentity':
      return new identity.ManagedIdentityCredential({
        ...(auth.clientId === undefined ? {} : { clientId: auth.clientId }),
        ...transport,
      });
    case 'workloadIdentityFederation': {
      const getAssertion = () => assertion ?? requestPipelineToken(settings);
      return new identity.ClientAssertionCredential(auth.tenantId, auth.clientId, getAssertion, options);
    }
  }
}

/** Remembers what really happened below the identity library. */
interface Recorder {
  readonly client: HttpClient;
  /** Passes the work's result on, and remembers its failure. */
  watch<T>(work: Promise<T>): Promise<T>;
  /** What was thrown, if anything was. */
  failure(): unknown;
  /** The last answer that was no success. */
  refusal(): { readonly status: number; readonly text: string } | undefined;
}

function createRecorder(inner: HttpClient): Recorder {
  let thrown: unknown;
  let refused: { status: number; text: string } | undefined;
  const watch = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      thrown = error;
      throw error;
    });
  return {
    client: {
      async sendRequest(request) {
        const response = await watch(inner.sendRequest(request));
        refused = response.status < 300 ? undefined : { status: response.status, text: response.bodyAsText ?? '' };
        return response;
      },
    },
    watch,
    failure: () => thrown,
    refusal: () => refused,
  };
}
