// Stand-in for the Azure instance metadata service, on its real address.
// node --import tsx metadata-service.ts CONTROL_SOCKET
import http from 'node:http';
import { announce, readBody, serveControl } from './control-socket.ts';
import { secrets } from './secrets.ts';

interface ScheduledEvent {
  EventId: string;
  EventType: string;
  Resources: string[];
}

const state = { tokenExpired: false, hasIdentity: true, events: [] as ScheduledEvent[], acknowledged: [] as string[] };

function token(resource: string | null): string | undefined {
  switch (resource) {
    case '499b84ac-1321-427f-aa17-267ca6975798':
      return state.tokenExpired ? secrets.expiredToken : secrets.organizationToken;
    case 'https://vault.azure.net':
      return secrets.vaultToken;
    case 'https://storage.azure.com/':
      return secrets.storageToken;
    default:
      return undefined;
  }
}

function acknowledge(body: string): object {
  const { StartRequests } = JSON.parse(body) as { StartRequests: { EventId: string }[] };
  state.acknowledged.push(...StartRequests.map((each) => each.EventId));
  return {};
}

function answer(method: string, url: URL, body: string): [number, object] {
  switch (url.pathname) {
    case '/metadata/identity/oauth2/token': {
      const access_token = token(url.searchParams.get('resource'));
      if (!state.hasIdentity) return [400, { error: 'invalid_request', error_description: 'Identity not found' }];
      return access_token ? [200, { access_token, token_type: 'Bearer' }] : [400, { error: 'invalid_resource' }];
    }
    case '/metadata/instance/compute':
      return [200, { name: 'agent-vm-0', resourceGroupName: 'rg-mlops' }];
    case '/metadata/scheduledevents':
      return method === 'POST' ? [200, acknowledge(body)] : [200, { DocumentIncarnation: 1, Events: state.events }];
    default:
      return [404, {}];
  }
}

const server = http.createServer((request, response) => {
  void readBody(request).then((body) => {
    const url = new URL(request.url ?? '/', 'http://169.254.169.254');
    const [status, result] = request.headers.metadata === 'true' ? answer(request.method ?? '', url, body) : [400, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  });
});

serveControl(process.argv[2] ?? '', { set: (changes) => Object.assign(state, changes), state: () => state });
server.listen(80, '169.254.169.254', () => {
  announce(server.address());
});
