/**
 * How sockets are opened: directly or through the agent's proxy, always trusting the agent's own certificate
 * authorities beside Node's. The SDK's proxy policy ignores custom authorities and cannot tell a proxy's refusal from
 * the server's answer, so tunnels are opened here.
 */
import http from 'node:http';
import https from 'node:https';
import type { RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { UserError } from '../errors.ts';
import type { NetworkSettings } from '../ports.ts';

/** Longest wait for a connection, a tunnel or a TLS handshake. */
export const connectTimeoutMs = 20_000;

export interface Connections {
  /** The agent that opens sockets for this URL. */
  agentFor(url: URL): http.Agent | https.Agent;
  /** Whether this URL is reached through the proxy. */
  isProxied(url: URL): boolean;
}

/** A proxy that answered CONNECT with anything but 200. `code` is what the retry rules know. */
export class ProxyRefusedError extends Error {
  override readonly name = 'ProxyRefusedError';
  readonly code: 'EPROXYREFUSED' | 'EPROXYAUTH';
  readonly status: number;
  readonly explanation: string;

  constructor(status: number, explanation: string) {
    super(`The proxy answered ${status}.`);
    this.code = status === 407 ? 'EPROXYAUTH' : 'EPROXYREFUSED';
    this.status = status;
    this.explanation = explanation;
  }
}

/**
 * Opens sockets by the agent's network settings; nothing is read from the environment.
 * Throws UserError when the proxy's address is not one.
 */
export function createConnections(network: NetworkSettings): Connections {
  const trust = trustOf(network.certificateAuthorities);
  const direct = new TrustingAgent(trust);
  const plain = new http.Agent({ keepAlive: true });
  const proxied = network.proxy && new TunnelAgent(network.proxy, trust);
  const bypass = bypassRules(network.proxy?.bypass ?? []);
  const isProxied = (url: URL): boolean => url.protocol === 'https:' && !bypass(url);
  return {
    isProxied: (url) => proxied !== undefined && isProxied(url),
    agentFor: (url) => {
      if (url.protocol !== 'https:') return plain;
      return proxied !== undefined && isProxied(url) ? proxied : direct;
    },
  };
}

/**
 * Tells whether a URL is reached directly. As in the agent, a rule is a regular expression without case over
 * scheme, host and a port that is not the usual one; this machine itself is never reached through a proxy.
 */
export function bypassRules(patterns: readonly string[]): (url: URL) => boolean {
  const rules = patterns.flatMap((pattern) => {
    try {
      return pattern.trim() === '' ? [] : [new RegExp(pattern.trim(), 'i')];
    } catch {
      return [];
    }
  });
  return (url) =>
    /^(?:localhost|127\.[\d.]+|\[::1\])$/i.test(url.hostname) || rules.some((rule) => rule.test(url.origin));
}

type Trust = () => { readonly secureContext?: tls.SecureContext };

/**
 * Node's own roots stay trusted; where no authority is added, Node's default store (with NODE_EXTRA_CA_CERTS) is left
 * alone. Reading some 140 certificates takes a while: once a process, and only when a socket is wanted.
 */
function trustOf(certificateAuthorities: string | undefined): Trust {
  if (certificateAuthorities === undefined) return () => ({});
  let context: tls.SecureContext | undefined;
  return () => {
    context ??= tls.createSecureContext({ ca: [...nodeRoots(), certificateAuthorities] });
    return { secureContext: context };
  };
}

function nodeRoots(): readonly string[] {
  // Newer than Node 20: the store in use, with the certificates of NODE_EXTRA_CA_CERTS.
  const newerTls: typeof tls & { getCACertificates?: (type: 'default') => string[] } = tls;
  return newerTls.getCACertificates?.('default') ?? tls.rootCertificates;
}

type ConnectCallback = (error: Error | null, stream: Duplex) => void;

/** Keeps TLS sockets that are opened directly. */
class TrustingAgent extends https.Agent {
  private readonly trust: Trust;

  constructor(trust: Trust) {
    // Node's 250 ms for each of a host's addresses are too few for a far or busy network.
    super({ keepAlive: true, autoSelectFamilyAttemptTimeout: 2500 });
    this.trust = trust;
  }

  override createConnection(options: RequestOptions, callback?: ConnectCallback) {
    return super.createConnection({ ...options, ...this.trust() }, callback);
  }
}

/** Keeps TLS sockets that run through CONNECT tunnels of an HTTP(S) proxy. */
class TunnelAgent extends https.Agent {
  private readonly proxy: URL;
  private readonly authorization: string | undefined;
  private readonly trust: Trust;

  constructor(proxy: NonNullable<NetworkSettings['proxy']>, trust: Trust) {
    super({ keepAlive: true });
    this.proxy = proxyAddress(proxy.url);
    this.trust = trust;
    const user = proxy.username ?? decodeURIComponent(this.proxy.username);
    const password = proxy.password ?? decodeURIComponent(this.proxy.password);
    if (user !== '') this.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  override createConnection(options: RequestOptions, callback?: ConnectCallback): Duplex | null | undefined {
    const host = options.host ?? '';
    // Node's types forget that a failure comes without a stream.
    const fail = callback as ((error: Error) => void) | undefined;
    this.openTunnel(host, Number(options.port ?? 443))
      .then((tunnel) => this.secure(tunnel, host))
      .then(
        (socket) => callback?.(null, socket),
        (error: unknown) => fail?.(error instanceof Error ? error : new Error(String(error))),
      );
    return undefined;
  }

  private openTunnel(host: string, port: number): Promise<Socket> {
    const target = `${host}:${String(port)}`;
    const headers = {
      host: target,
      ...(this.authorization === undefined ? {} : { 'proxy-authorization': this.authorization }),
    };
    const request = (this.proxy.protocol === 'https:' ? https : http).request({
      method: 'CONNECT',
      hostname: this.proxy.hostname,
      port: this.proxy.port === '' ? (this.proxy.protocol === 'https:' ? 443 : 80) : this.proxy.port,
      path: target,
      headers,
      agent: false,
      timeout: connectTimeoutMs,
      ...(this.proxy.protocol === 'https:' ? this.trust() : {}),
    });
    return new Promise((resolve, reject) => {
      request.once('connect', (response, socket: Socket, head: Buffer) => {
        socket.setTimeout(0);
        if (response.statusCode === 200) {
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(new ProxyRefusedError(response.statusCode ?? 0, head.toString('utf8', 0, 500).trim()));
      });
      request.once('timeout', () => request.destroy(timedOut('The proxy did not answer.')));
      request.once('error', (error) => {
        reject(Object.assign(error, { viaProxy: true }));
      });
      request.end();
    });
  }

  private secure(tunnel: Socket, host: string): Promise<tls.TLSSocket> {
    // A server's name is sent and checked; an address can only be checked.
    const identity = isIP(host) === 0 ? { servername: host } : { host };
    const socket = tls.connect({ ...this.trust(), ...identity, socket: tunnel, ALPNProtocols: ['http/1.1'] });
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        socket.destroy();
        reject(error);
      };
      const closed = () => {
        fail(Object.assign(new Error('The connection was closed during the TLS handshake.'), { code: 'ECONNRESET' }));
      };
      socket.setTimeout(connectTimeoutMs, () => {
        fail(timedOut('The TLS handshake took too long.'));
      });
      socket.once('error', fail);
      socket.once('close', closed);
      socket.once('secureConnect', () => {
        socket.setTimeout(0);
        socket.removeAllListeners('timeout');
        socket.off('error', fail);
        socket.off('close', closed);
        resolve(socket);
      });
    });
  }
}

function proxyAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address;
  throw new UserError(`The agent's proxy '${url}' is no http address. Configure the agent with --proxyurl http://….`);
}

function timedOut(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
