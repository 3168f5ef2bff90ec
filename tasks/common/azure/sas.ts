/** Shared access signatures: read apart, and made from an account key where that is allowed. */
import { createHmac } from 'node:crypto';

const version = '2021-12-02';
const lifetimeMs = 3_600_000;
/** Clocks differ: valid from a while ago. */
const earlierMs = 900_000;

/** Splits a URL with a signature into the address (which may be shown) and the signature's query (which may not). */
export function splitSasUrl(url: string): { readonly address: string; readonly query: string } {
  const question = url.indexOf('?');
  return question < 0
    ? { address: url, query: '' }
    : { address: url.slice(0, question), query: url.slice(question + 1) };
}

/** What has to be masked of a SAS: the signature itself, as it stands in the query and decoded. */
export function signaturesOf(query: string): readonly string[] {
  const raw = /(?:^|&)sig=([^&]+)/.exec(query)?.[1];
  return raw === undefined ? [] : [...new Set([raw, decodeURIComponent(raw)])];
}

/** When a SAS ends, in milliseconds since 1970; undefined when it does not say. */
export function sasExpiry(query: string): number | undefined {
  const time = Date.parse(new URLSearchParams(query).get('se') ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * A SAS of one hour for a container (read, add, create, write, list), signed with the account's key, for https only.
 * Order of the signed fields: "Create a service SAS", version 2020-12-06 and later.
 */
export function signContainerSas(account: string, container: string, key: string, now: number): string {
  const permissions = 'racwl';
  const start = isoSeconds(now - earlierMs);
  const end = isoSeconds(now + lifetimeMs);
  const signed = [
    permissions,
    start,
    end,
    `/blob/${account}/${container}`,
    ...['', ''], // stored policy, address range
    'https',
    version,
    'c',
    ...['', '', '', '', '', '', ''], // snapshot, encryption scope, and the five answer headers
  ].join('\n');
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(signed, 'utf8').digest('base64');
  return new URLSearchParams({
    sv: version,
    st: start,
    se: end,
    sr: 'c',
    sp: permissions,
    spr: 'https',
    sig: signature,
  }).toString();
}

function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
