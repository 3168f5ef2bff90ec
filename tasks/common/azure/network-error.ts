/** Says in one sentence why a host could not be reached, and what to do about it. */
import { isIP } from 'node:net';
import { lookup } from 'node:dns/promises';
import { ServiceError } from '../errors.ts';
import type { Cloud } from './clouds.ts';
import { privateZoneOf } from './clouds.ts';
import { ProxyRefusedError } from './connections.ts';

export interface Reached {
  readonly host: string;
  readonly isProxied: boolean;
  readonly proxy: string | undefined;
  /** Unknown while the cloud itself is being looked up. */
  readonly cloud: Cloud | undefined;
}

/** Codes of OpenSSL and Node for a certificate chain that ends at nobody we trust. */
const untrusted = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** A network failure as a ServiceError with status 0. Looks the host's address up where that tells the cause apart. */
export async function networkErrorOf(error: unknown, reached: Reached): Promise<ServiceError> {
  const code = codeOf(error);
  const { message, hint } = await explain(error, code, reached);
  return new ServiceError({ status: 0, code, message, hint, cause: error });
}

/** The code of a failure, also of Node's bundle of several connection attempts. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UnknownNetworkError';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return 'UnknownNetworkError';
}

interface Explanation {
  readonly message: string;
  readonly hint: string | undefined;
}

async function explain(error: unknown, code: string, reached: Reached): Promise<Explanation> {
  const { host } = reached;
  if (error instanceof ProxyRefusedError) return explainProxy(error, reached);
  if (error instanceof Error && 'viaProxy' in error) {
    return {
      message: `The agent's proxy ${reached.proxy ?? ''} could not be reached (${code}).`,
      hint: "Check the proxy in the agent's configuration (its file .proxy) and that it is running.",
    };
  }
  if (untrusted.has(code)) {
    return {
      message: `${host} presents a certificate of an authority this agent does not trust (${code}).`,
      hint: "A proxy or firewall opens the connection, or it is the wrong host: add its authority to the agent's configuration (--sslcacert).",
    };
  }
  if (code.startsWith('ERR_TLS') || code.startsWith('CERT_') || code.startsWith('ERR_SSL')) {
    return {
      message: `The TLS connection to ${host} failed: ${error instanceof Error ? error.message : code}.`,
      hint: 'Check that nothing answers in place of the service, and the clock of the agent.',
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { message: `The name ${host} does not resolve on this agent.`, hint: zoneHint(reached) };
  }
  return explainAddress(code, reached);
}

function explainProxy(error: ProxyRefusedError, { host, proxy }: Reached): Explanation {
  if (error.status === 407) {
    return {
      message: `The agent's proxy ${proxy ?? ''} asks for credentials (407).`,
      hint: "Configure the agent with the proxy's user and password (--proxyusername, --proxypassword).",
    };
  }
  const explanation = error.explanation === '' ? '' : `: ${error.explanation}`;
  return {
    message: `The agent's proxy refused the connection to ${host} (${error.status})${explanation}`,
    hint: `Allow ${host}:443 in the proxy, or, where a private endpoint serves the host, add it to the agent's proxy bypass list (.proxybypass).`,
  };
}

async function explainAddress(code: string, reached: Reached): Promise<Explanation> {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'refused the connection',
    ETIMEDOUT: 'did not answer in time',
    ERESPONSETIMEOUT: 'accepted the request and then fell silent',
    ECONNRESET: 'closed the connection',
    ETRUNCATED: 'broke its answer off',
    EHOSTUNREACH: 'cannot be routed to',
    ENETUNREACH: 'cannot be routed to',
  };
  const what = words[code] ?? `could not be reached (${code})`;
  if (reached.isProxied) {
    return { message: `${reached.host} ${what}, through the proxy ${reached.proxy ?? ''}.`, hint: undefined };
  }
  const address = await addressOf(reached.host);
  const message = `${reached.host}${address === undefined ? '' : ` (${address})`} ${what}.`;
  if (address !== undefined && !isPrivateAddress(address)) {
    return { message, hint: `That is a public address. ${zoneHint(reached) ?? 'Check the firewall for port 443.'}` };
  }
  return {
    message,
    hint: 'Check that the private endpoint exists and is approved, that the networks are peered, and that security groups and firewalls let port 443 through.',
  };
}

/**
 * What to say when a service refuses a request that reached it from outside its private network;
 * undefined when the host resolves privately or not at all here (then a role is missing, not a route).
 */
export async function publicRouteHint(reached: Reached): Promise<string | undefined> {
  if (reached.isProxied) return undefined;
  const address = await addressOf(reached.host);
  if (address === undefined || isPrivateAddress(address)) return undefined;
  return `${reached.host} resolves to the public address ${address}. ${zoneHint(reached) ?? ''}`.trim();
}

/** Why a host is not reached privately from here: it has no name or a public address. Undefined behind a proxy, whose view counts. */
export async function publicRouteOf(reached: Reached): Promise<string | undefined> {
  if (reached.isProxied) return undefined;
  if ((await addressOf(reached.host)) !== undefined) return publicRouteHint(reached);
  return `${reached.host} does not resolve on this agent. ${zoneHint(reached) ?? ''}`.trim();
}

function zoneHint({ cloud, host }: Reached): string | undefined {
  const zone = cloud && privateZoneOf(cloud, host);
  return zone === undefined
    ? "Check the name and the agent's DNS servers."
    : `Where the resource has a private endpoint, link the private DNS zone ${zone} to the agent's virtual network and check that its record exists.`;
}

async function addressOf(host: string): Promise<string | undefined> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch {
    return undefined;
  }
}

/** RFC 1918, RFC 6598, loopback, link-local and unique-local addresses. */
export function isPrivateAddress(address: string): boolean {
  return (
    /^(?:10|127)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^169\.254\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
      address,
    ) || /^(?:::1$|f[cd]|fe80)/i.test(address)
  );
}
