/** The ways into a blob container, in the order of least trust: the caller's own token, a short-lived SAS, the account's key. */
import type { Json } from '../domain/json.ts';
import { textAt } from '../domain/json.ts';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { Arm } from './arm.ts';
import { sasExpiry, signaturesOf, signContainerSas } from './sas.ts';

export type Grant =
  { readonly kind: 'entra' } | { readonly kind: 'sas'; readonly query: string; readonly expiresAt: number | undefined };

export interface BlobAccess {
  current(signal?: AbortSignal): Promise<Grant>;
  /** What to try after this grant was refused. Throws the refusal, with a cure, when nothing is left. */
  next(refused: Grant, refusal: ServiceError, signal?: AbortSignal): Promise<Grant>;
}

/** A SAS the service handed out with the URL: there is no other way in. */
export function sasAccess(query: string): BlobAccess {
  const grant: Grant = { kind: 'sas', query, expiresAt: sasExpiry(query) };
  return {
    current: () => Promise.resolve(grant),
    next: (_, refusal) => Promise.reject(refusal),
  };
}

/** A container that only its URL is known of: the caller's own identity, or nothing. */
export const entraAccess: BlobAccess = {
  current: () => Promise.resolve({ kind: 'entra' }),
  next: (_, refusal) => Promise.reject(refusal),
};

export interface DatastoreAccessSettings {
  readonly datastore: string;
  readonly account: string;
  readonly container: string;
  /** The datastore keeps no secret: its users' own identity is all there is. */
  readonly isIdentityBased: boolean;
  readonly allowStorageKey: boolean;
  readonly arm: Pick<Arm, 'post'>;
  readonly clock: Clock;
  readonly maskSecret: (value: string) => void;
}

const renewBeforeEndMs = 5 * 60_000;

/** Entra first; after a refusal a SAS of one hour, renewed while it is used. */
export function datastoreAccess(settings: DatastoreAccessSettings): BlobAccess {
  let grant: Grant = { kind: 'entra' };
  let pending: Promise<Grant> | undefined;
  const requestSas = (refusal: ServiceError, signal?: AbortSignal): Promise<Grant> => {
    pending ??= readSas(settings, refusal, signal)
      .then((sas) => (grant = sas))
      .finally(() => (pending = undefined));
    return pending;
  };
  return {
    async current(signal) {
      if (grant.kind === 'entra' || !isDue(grant, settings.clock.now())) return grant;
      return requestSas(expired(settings), signal);
    },
    async next(refused, refusal, signal) {
      if (settings.isIdentityBased) throw refusal;
      // Another request has already moved on.
      if (grant !== refused) return grant;
      // A SAS that is refused while it is fresh will be refused again.
      if (refused.kind === 'sas' && refusal.code !== 'AuthenticationFailed') throw refusal;
      const renewed = await requestSas(refusal, signal);
      if (refused.kind === 'sas' && renewed.kind === 'sas' && renewed.query === refused.query) throw refusal;
      return renewed;
    },
  };
}

function isDue(grant: Extract<Grant, { kind: 'sas' }>, now: number): boolean {
  return grant.expiresAt !== undefined && grant.expiresAt - now < renewBeforeEndMs;
}

function expired({ datastore }: DatastoreAccessSettings): ServiceError {
  return new ServiceError({ status: 403, code: 'SasExpired', message: `The SAS of datastore ${datastore} has ended.` });
}

async function readSas(
  settings: DatastoreAccessSettings,
  refusal: ServiceError,
  signal: AbortSignal | undefined,
): Promise<Grant> {
  const { datastore, account, container, clock, maskSecret } = settings;
  const secrets = await listSecrets(settings, refusal, signal);
  const sasToken = textAt(secrets, 'sasToken')?.replace(/^\?/, '');
  const key = textAt(secrets, 'key');
  if (key !== undefined) maskSecret(key);
  if (sasToken === undefined && (key === undefined || !settings.allowStorageKey)) {
    throw new ServiceError({
      status: refusal.status,
      code: refusal.code,
      message: refusal.message,
      requestId: refusal.requestId,
      hint:
        key === undefined
          ? refusal.hint
          : `Give the service connection the role "Storage Blob Data Contributor" on the storage account ${account}. The datastore ${datastore} offers only the account's key, which is used with allowStorageKey: true alone.`,
    });
  }
  const query = sasToken ?? signContainerSas(account, container, key ?? '', clock.now());
  signaturesOf(query).forEach(maskSecret);
  return { kind: 'sas', query, expiresAt: sasExpiry(query) };
}

/** When even this is refused, the first refusal is the one to cure: it needs the smaller right. */
async function listSecrets(
  { arm, datastore }: DatastoreAccessSettings,
  refusal: ServiceError,
  signal: AbortSignal | undefined,
): Promise<Json> {
  try {
    return await arm.post(
      `datastores/${datastore}/listSecrets`,
      { expirableSecret: true, expireAfterHours: 1 },
      { signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ServiceError && error.status >= 400 && error.status < 500) throw refusal;
    throw error;
  }
}
