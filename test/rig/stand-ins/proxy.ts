// An HTTP proxy that tunnels, for one user with a password.
// node --import tsx proxy.ts CONTROL_SOCKET
import http from 'node:http';
import net from 'node:net';
import { announce, serveControl } from './control-socket.ts';
import { secrets } from './secrets.ts';

const expected = `Basic ${Buffer.from(`agents:${secrets.proxyPassword}`).toString('base64')}`;
const tunnels: { host: string; allowed: boolean }[] = [];

const server = http.createServer();
server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
  const [host = '', port = ''] = (request.url ?? '').split(':');
  const allowed = request.headers['proxy-authorization'] === expected;
  tunnels.push({ host, allowed });
  if (!allowed) {
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n');
    return;
  }
  // Every public name of the rig is served beside the proxy.
  const upstream = net.connect(Number(port), '13.107.6.183', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(client).pipe(upstream);
  });
  for (const each of [upstream, client]) each.on('error', () => (upstream.destroy(), client.destroy()));
});

serveControl(process.argv[2] ?? '', { tunnels: () => tunnels });
server.listen(3128, '10.20.0.1', () => {
  announce(server.address());
});
