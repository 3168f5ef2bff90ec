// How the stand-in listener talks: the system's certificate store, and the proxy it was configured with.
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

const ca = readFileSync('/etc/ssl/certs/ca-certificates.crt');

function bypassed(host) {
  const patterns = existsSync('.proxybypass') ? readFileSync('.proxybypass', 'utf8').split('\n').filter(Boolean) : [];
  return patterns.some((pattern) => new RegExp(pattern, 'i').test(host));
}

/** A TLS connection to the host through an HTTP proxy. */
function tunnel(host, proxy) {
  return new Promise((resolve, reject) => {
    const credentials = proxy.user ? Buffer.from(`${proxy.user}:${proxy.password}`).toString('base64') : undefined;
    const request = http.request({
      host: new URL(proxy.url).hostname,
      port: new URL(proxy.url).port,
      method: 'CONNECT',
      path: `${host}:443`,
      headers: credentials ? { 'proxy-authorization': `Basic ${credentials}` } : {},
    });
    request.on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) reject(new Error(`the proxy answered ${answer.statusCode}`));
      else resolve(tls.connect({ socket, servername: host, ca }));
    });
    request.on('error', reject).end();
  });
}

/** One request; resolves to the status and the parsed body, whatever the status is. */
export async function call(method, address, { authorization, body, proxy, form } = {}) {
  const url = new URL(address);
  const socket = proxy?.url && !bypassed(url.hostname) ? await tunnel(url.hostname, proxy) : undefined;
  const text = form ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = https.request(
      url,
      {
        method,
        ca,
        // Node asks for a connection of ours only where there is no pool of connections.
        ...(socket ? { createConnection: () => socket } : { agent: false }),
        headers: {
          host: url.hostname,
          ...(authorization ? { authorization } : {}),
          'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
        },
      },
      (answer) => {
        let data = '';
        answer.on('data', (chunk) => (data += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, body: data ? JSON.parse(data) : undefined }));
      },
    );
    request.on('error', reject).end(text);
  });
}
