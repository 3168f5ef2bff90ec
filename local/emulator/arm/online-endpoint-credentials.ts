/** Keys and tokens of online endpoints. */
import { badBody, mfeError } from '../errors.ts';
import { armRoute, type Incoming, type Reply, type Route } from '../http.ts';
import { textAt } from '../json.ts';
import { ENDPOINT_TOKEN_AUTHORITY } from '../scoring/scoring-authorization.ts';
import { newEndpointKey, type AuthMode, type OnlineEndpointRecord } from './online-endpoint-records.ts';
import {
  ENDPOINT_PATH,
  endpointOf,
  RECORDED,
  SPEC,
  startEndpointOperation,
  type OnlineParts,
} from './online-endpoints.ts';
import { workspaceOf } from './workspace-scope.ts';

/** The routes that hand out and renew what a caller needs to score. */
export function onlineEndpointCredentialRoutes(parts: OnlineParts): Route[] {
  const route = (
    action: string,
    evidence: Route['evidence'],
    handle: (parts: OnlineParts, request: Incoming) => Reply | Promise<Reply>,
  ): Route => armRoute('POST', `${ENDPOINT_PATH}/${action}`, evidence, (request) => handle(parts, request));
  return [
    route('token', RECORDED('online_endpoint/token'), token),
    route('listKeys', SPEC('OnlineEndpoint/listKeys'), listKeys),
    route('regenerateKeys', SPEC('OnlineEndpoint/regenerateKeys'), regenerateKeys),
  ];
}

function token(parts: OnlineParts, request: Incoming): Reply {
  const { context } = parts;
  const endpoint = endpointOf(parts, request);
  requireMode(endpoint, 'AMLToken', 'token');
  const workspace = workspaceOf(context, request);
  const now = Math.floor(context.clock.now() / 1000);
  const lifetimeSeconds = 24 * 3600;
  const accessToken = context.tokens.issue({
    issuer: ENDPOINT_TOKEN_AUTHORITY,
    audience: ENDPOINT_TOKEN_AUTHORITY,
    lifetimeSeconds,
    claims: {
      canRefresh: 'False',
      workspaceId: workspace.workspaceId,
      tid: context.settings.tenantId,
      oid: request.caller?.objectId ?? '',
      actions: ['["Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action"]'],
      endpointName: endpoint.name,
      serviceId: endpoint.name,
    },
  });
  const times = { expiryTimeUtc: now + lifetimeSeconds, refreshAfterTimeUtc: now + lifetimeSeconds / 2 };
  return { status: 200, body: { accessToken, tokenType: 'Bearer', ...times } };
}

function listKeys(parts: OnlineParts, request: Incoming): Reply {
  const endpoint = endpointOf(parts, request);
  requireMode(endpoint, 'Key', 'listKeys');
  return { status: 200, body: { primaryKey: endpoint.keys.primary, secondaryKey: endpoint.keys.secondary } };
}

async function regenerateKeys(parts: OnlineParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const endpoint = endpointOf(parts, request);
  requireMode(endpoint, 'Key', 'regenerateKeys');
  const body = await request.json();
  const which = textAt(body, 'keyType')?.toLowerCase();
  if (which !== 'primary' && which !== 'secondary') throw badBody('The keyType is not one of Primary, Secondary.');
  const value = textAt(body, 'keyValue') ?? newEndpointKey();
  const started = startEndpointOperation(parts, request, endpoint, {
    verb: 'post',
    durationMs: context.timings.endpointUpdate,
    complete: () => {
      const keys = store.requireEndpoint(workspaceOf(context, request), endpoint.name).keys;
      store.changeEndpoint(endpoint.id, { keys: { ...keys, [which]: value } });
    },
    fail: () => undefined,
  });
  return { status: 202, headers: started.headers };
}

/** Keys exist in one mode and tokens in another. */
function requireMode(endpoint: OnlineEndpointRecord, mode: AuthMode, operation: string): void {
  if (endpoint.authMode === mode) return;
  const message = `The operation ${operation} is not supported for endpoint ${endpoint.name}, whose authentication mode is ${endpoint.authMode}.`;
  throw mfeError(400, 'UserError', message, { innerCodes: ['BadArgument'] });
}
