import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Parses a request's body; an empty one is `undefined`. */
export async function readBody(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/**
 * Lets the rig steer a stand-in that lives in another network namespace: sockets in the file system cross it.
 * Each command is a function of the posted JSON; its result is the answer.
 */
export function serveControl(path: string, commands: Record<string, (argument: unknown) => unknown>): void {
  const server = http.createServer((request, response) => {
    void readBody(request).then((body) => {
      const command = commands[request.url?.slice(1) ?? ''];
      const result = command?.(body === '' ? undefined : JSON.parse(body));
      response.end(JSON.stringify(result ?? null));
    });
  });
  server.listen(path);
}

/** Sends a command to a stand-in. */
export function control(path: string, command: string, argument?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: path, path: `/${command}`, method: 'POST' }, (response) => {
      readBody(response).then((body) => {
        resolve(JSON.parse(body));
      }, reject);
    });
    request.on('error', reject);
    request.end(argument === undefined ? '' : JSON.stringify(argument));
  });
}

/** Says on stdout that a stand-in listens, which is what its parent waits for. */
export function announce(address: AddressInfo | string | null): void {
  console.log(`listening ${JSON.stringify(address)}`);
}
