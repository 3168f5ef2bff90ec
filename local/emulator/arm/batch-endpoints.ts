/** Batch endpoints on ARM: create, change, delete. */
import type { EmulatorContext } from '../context.ts';
import { mfeError } from '../errors.ts';
import { armRoute, type Evidence, type Incoming, type Reply, type Route } from '../http.ts';
import { asObject } from '../json.ts';
import { batchEndpointBody } from './batch-bodies.ts';
import type { BatchEndpointRecord, BatchState, BatchStore } from './batch-records.ts';
import { endpointId } from './endpoint-store.ts';
import { readBatchEndpointRequest, type BatchEndpointRequest } from './batch-requests.ts';
import { requireFreeName } from './endpoint-names.ts';
import { startNotedOperation, type NotedOperation } from './endpoint-operations.ts';
import { requireSettled } from './online-endpoint-records.ts';
import { page } from './paging.ts';
import { created, modified } from './resource.ts';
import { apiVersionOf, WORKSPACE_PATH, workspaceOf, type WorkspaceRecord } from './workspace-scope.ts';

export interface BatchParts {
  readonly context: EmulatorContext;
  readonly store: BatchStore;
}

const COLLECTION_PATH = `${WORKSPACE_PATH}/batchEndpoints`;
export const BATCH_ENDPOINT_PATH = `${COLLECTION_PATH}/{endpoint}`;
const PAGE_SIZE = 30;

export const BATCH_RECORDED = (source: string): Evidence => ({ mark: 'recorded', source });
export const BATCH_SPEC = (example: string): Evidence => ({
  mark: 'spec',
  source: `specification 2025-06-01, example Workspace/${example}`,
});

/** The routes of batch endpoints. */
export function batchEndpointRoutes(parts: BatchParts): Route[] {
  const route = (method: string, path: string, evidence: Evidence, handle: Handler): Route =>
    armRoute(method, path, evidence, (request) => handle(parts, request));
  return [
    route('GET', COLLECTION_PATH, BATCH_SPEC('BatchEndpoint/list'), list),
    route(
      'PUT',
      BATCH_ENDPOINT_PATH,
      BATCH_RECORDED('batch_endpoint/create_lro; refusal of a default that is not there: guessed'),
      put,
    ),
    route('GET', BATCH_ENDPOINT_PATH, BATCH_RECORDED('batch_endpoint/create_poll_2023_and_get'), get),
    route('PATCH', BATCH_ENDPOINT_PATH, BATCH_SPEC('BatchEndpoint/update'), patch),
    route('DELETE', BATCH_ENDPOINT_PATH, BATCH_RECORDED('batch_endpoint/delete_lro_then_404'), remove),
  ];
}

type Handler = (parts: BatchParts, request: Incoming) => Reply | Promise<Reply>;

/** The endpoint a request is about. Throws the service's 404. */
export function batchEndpointOf({ context, store }: BatchParts, request: Incoming): BatchEndpointRecord {
  return store.requireEndpoint(workspaceOf(context, request), request.params.endpoint ?? '');
}

function list({ context, store }: BatchParts, request: Incoming): Reply {
  const found = store.endpoints(workspaceOf(context, request)).map((one) => batchEndpointBody(context, one));
  return { status: 200, body: page(request, found, PAGE_SIZE) };
}

function get(parts: BatchParts, request: Incoming): Reply {
  return { status: 200, body: batchEndpointBody(parts.context, batchEndpointOf(parts, request)) };
}

async function put(parts: BatchParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const workspace = workspaceOf(context, request);
  const name = request.params.endpoint ?? '';
  const asked = readBatchEndpointRequest(name, await request.json());
  const existing = store.endpoint(workspace, name);
  if (existing !== undefined) requireSettled('update', 'endpoint', existing);
  else requireFreeName(context.state, workspace, name);
  requireDefault(store, existing, asked.defaultDeployment);

  const begun = store.putEndpoint(
    existing === undefined
      ? newEndpoint(context, workspace, name, asked, request)
      : { ...existing, state: 'Updating', systemData: modified(existing.systemData, context.clock, request.caller) },
  );
  const started = startEndpointOperation(parts, request, begun, {
    verb: 'put',
    durationMs: context.timings.batchEndpointCreate,
    // An update shows what it sets only once it has ended.
    complete: () => {
      settle(parts, begun.id, { ...asked, isCreated: true, state: 'Succeeded' });
    },
    fail: () => {
      settle(parts, begun.id, { state: 'Failed' });
    },
  });
  return { status: 201, headers: started.headers, body: batchEndpointBody(context, started.record) };
}

function requireDefault(store: BatchStore, endpoint: BatchEndpointRecord | undefined, name: string | null): void {
  if (name === null || name === '') return;
  const found = endpoint === undefined ? undefined : store.deployment(endpoint, name);
  if (found !== undefined) return;
  throw mfeError(400, 'UserError', `The default deployment ${name} does not exist in this endpoint.`, {
    innerCodes: ['BadArgument'],
  });
}

function newEndpoint(
  { clock }: EmulatorContext,
  workspace: WorkspaceRecord,
  name: string,
  asked: BatchEndpointRequest,
  request: Incoming,
): BatchEndpointRecord {
  return {
    ...asked,
    id: endpointId('batch', workspace, name),
    name,
    workspace: workspace.id,
    location: workspace.region,
    state: 'Creating',
    isCreated: false,
    madeWith: apiVersionOf(request),
    operationUri: '',
    systemData: created(clock, request.caller),
  };
}

async function patch(parts: BatchParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const endpoint = batchEndpointOf(parts, request);
  requireSettled('update', 'endpoint', endpoint);
  const body = asObject(await request.json());
  const tags = body.tags === undefined ? endpoint.tags : asObject(body.tags);
  const systemData = modified(endpoint.systemData, context.clock, request.caller);
  store.changeEndpoint(endpoint.id, { state: 'Updating', systemData });
  const started = startEndpointOperation(parts, request, endpoint, {
    verb: 'post',
    durationMs: context.timings.batchEndpointCreate,
    complete: () => {
      settle(parts, endpoint.id, { tags, state: 'Succeeded' });
    },
    fail: () => {
      settle(parts, endpoint.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers };
}

function remove(parts: BatchParts, request: Incoming): Reply {
  const { context, store } = parts;
  const endpoint = store.endpoint(workspaceOf(context, request), request.params.endpoint ?? '');
  if (endpoint === undefined) return { status: 204 };
  requireSettled('delete', 'endpoint', endpoint);
  for (const deployment of store.deployments(endpoint)) requireSettled('delete', 'deployment', deployment);
  store.changeEndpoint(endpoint.id, { state: 'Deleting' });
  const started = startEndpointOperation(parts, request, endpoint, {
    verb: 'delete',
    durationMs: context.timings.endpointDelete,
    complete: () => {
      for (const deployment of store.deployments(endpoint)) store.deleteDeployment(deployment);
      store.deleteEndpoint(endpoint);
    },
    fail: () => {
      settle(parts, endpoint.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers, body: null };
}

function startEndpointOperation(
  { context, store }: BatchParts,
  request: Incoming,
  endpoint: BatchEndpointRecord,
  operation: NotedOperation,
): ReturnType<typeof startNotedOperation<BatchEndpointRecord>> {
  const note = store.changeEndpoint.bind(store);
  return startNotedOperation(context, request, 'batchEndpoint', endpoint, note, operation);
}

function settle(
  { context, store }: BatchParts,
  id: string,
  change: Partial<BatchEndpointRecord> & { state: BatchState },
): void {
  const before = store.changeEndpoint(id, change);
  if (before === undefined) return;
  store.changeEndpoint(id, { systemData: { ...before.systemData, lastModifiedAt: context.clock.iso() } });
}
