/** One cache of tokens, by audience: fresh enough for each request, asked for once however many requests wait. */
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { Clock } from '../ports.ts';
import { ServiceError } from '../errors.ts';
import type { Audience, Cloud } from './clouds.ts';
import { mayReceiveToken } from './clouds.ts';
import type { AcquiredToken, AcquireToken } from './credential.ts';

export interface TokenCache {
  /** A token with at least some minutes to live. */
  token(audience: Audience, signal?: AbortSignal): Promise<string>;
  /** A new token in place of one that a service refused. Requests that were refused together share one. */
  renew(audience: Audience, refused: string, claims?: string, signal?: AbortSignal): Promise<string>;
}

/** Renewed before this long to its end; while the authority cannot be reached, used until its last minute. */
const renewBeforeEndMs = 5 * 60_000;
const usableUntilEndMs = 60_000;

interface Entry {
  current: AcquiredToken | undefined;
  pending: Promise<AcquiredToken> | undefined;
}

export function createTokenCache(acquire: AcquireToken, cloud: Cloud, clock: Clock): TokenCache {
  const entries = new Map<Audience, Entry>();
  const entryOf = (audience: Audience): Entry => {
    const entry = entries.get(audience) ?? { current: undefined, pending: undefined };
    entries.set(audience, entry);
    return entry;
  };
  const acquireOnce = (audience: Audience, claims?: string): Promise<AcquiredToken> => {
    const entry = entryOf(audience);
    entry.pending ??= acquire(cloud.scopes[audience], claims)
      .then((token) => (entry.current = token))
      .finally(() => (entry.pending = undefined));
    return entry.pending;
  };
  return {
    async token(audience, signal) {
      const { current } = entryOf(audience);
      if (current !== undefined && !isDue(current, clock.now())) return current.token;
      try {
        return (await abortable(acquireOnce(audience), signal)).token;
      } catch (error) {
        const isUsable = current !== undefined && current.expiresAt - clock.now() > usableUntilEndMs;
        if (isUsable && signal?.aborted !== true) return current.token;
        throw error;
      }
    },
    async renew(audience, refused, claims, signal) {
      const { current } = entryOf(audience);
      if (current !== undefined && current.token !== refused) return current.token;
      return (await abortable(acquireOnce(audience, claims), signal)).token;
    },
  };
}

function isDue(token: AcquiredToken, now: number): boolean {
  return token.expiresAt - now < renewBeforeEndMs || (token.refreshAt !== undefined && token.refreshAt <= now);
}

/** A shared request goes on for the others when one of its waiters is cancelled. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

/**
 * Adds a bearer token of the audience to each attempt, to hosts of the cloud only, and answers one 401 with a new token
 * (and the claims the service asks for).
 */
export function bearerTokenPolicy(tokens: TokenCache, cloud: Cloud, audience: Audience): PipelinePolicy {
  return {
    name: `bearerToken(${audience})`,
    async sendRequest(request, next) {
      if (!mayReceiveToken(cloud, audience, request.url)) throw foreignHostError(cloud, request.url);
      const signal = request.abortSignal as AbortSignal | undefined;
      const token = await tokens.token(audience, signal);
      request.headers.set('Authorization', `Bearer ${token}`);
      const response = await next(request);
      if (response.status !== 401) return response;
      response.readableStreamBody?.resume();
      const claims = claimsOf(response.headers.get('WWW-Authenticate'));
      request.headers.set('Authorization', `Bearer ${await tokens.renew(audience, token, claims, signal)}`);
      return next(request);
    },
  };
}

/** The claims of a continuous-access challenge, decoded. */
function claimsOf(challenge: string | undefined): string | undefined {
  const encoded = /claims="([^"]+)"/.exec(challenge ?? '')?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

export function foreignHostError(cloud: Cloud, url: string): ServiceError {
  const { host } = new URL(url);
  return new ServiceError({
    status: 0,
    code: 'ForeignHost',
    message: `${host} does not belong to ${cloud.name}; no token is sent there.`,
    hint: 'Check the cloud (environment) of the service connection, and whether the address is the right one.',
  });
}
