/** Batch deployments on ARM: create, change, delete. They have no process: each invocation brings its own. */
import { mfeError } from '../errors.ts';
import { armRoute, type Evidence, type Incoming, type Reply, type Route } from '../http.ts';
import { asObject, textAt } from '../json.ts';
import { takeQuotaFailure } from '../scoring/deployment-faults.ts';
import { batchDeploymentBody } from './batch-bodies.ts';
import {
  BATCH_ENDPOINT_PATH,
  BATCH_RECORDED,
  BATCH_SPEC,
  batchEndpointOf,
  type BatchParts,
} from './batch-endpoints.ts';
import type { BatchDeploymentRecord, BatchEndpointRecord } from './batch-records.ts';
import { deploymentId } from './endpoint-store.ts';
import { readBatchDeploymentRequest, requireBatchAssets, type BatchDeploymentRequest } from './batch-requests.ts';
import { startNotedOperation, type NotedOperation } from './endpoint-operations.ts';
import { requireSettled } from './online-endpoint-records.ts';
import { inferencingRefused } from './online-endpoint-requests.ts';
import { page } from './paging.ts';
import { created, modified } from './resource.ts';
import { apiVersionOf, workspaceOf } from './workspace-scope.ts';

const COLLECTION_PATH = `${BATCH_ENDPOINT_PATH}/deployments`;
const DEPLOYMENT_PATH = `${COLLECTION_PATH}/{deployment}`;
const PAGE_SIZE = 30;

/** The routes of batch deployments. */
export function batchDeploymentRoutes(parts: BatchParts): Route[] {
  const route = (method: string, path: string, evidence: Evidence, handle: Handler): Route =>
    armRoute(method, path, evidence, (request) => handle(parts, request));
  const recorded = BATCH_RECORDED('batch_deployment/create_lro, batch_deployment/create_minimal_defaults_lro');
  return [
    route('GET', COLLECTION_PATH, BATCH_RECORDED('batch_deployment/create_lro'), list),
    route('PUT', DEPLOYMENT_PATH, recorded, put),
    route('GET', DEPLOYMENT_PATH, recorded, get),
    route('PATCH', DEPLOYMENT_PATH, BATCH_SPEC('BatchDeployment/update'), patch),
    route('DELETE', DEPLOYMENT_PATH, BATCH_SPEC('BatchDeployment/delete; refusal of the default: guessed'), remove),
  ];
}

type Handler = (parts: BatchParts, request: Incoming) => Reply | Promise<Reply>;

function deploymentOf(parts: BatchParts, request: Incoming): BatchDeploymentRecord {
  return parts.store.requireDeployment(batchEndpointOf(parts, request), request.params.deployment ?? '');
}

function list(parts: BatchParts, request: Incoming): Reply {
  const found = parts.store.deployments(batchEndpointOf(parts, request));
  const bodies = found.map((one) => batchDeploymentBody(one, apiVersionOf(request)));
  return { status: 200, body: page(request, bodies, PAGE_SIZE) };
}

function get(parts: BatchParts, request: Incoming): Reply {
  return { status: 200, body: batchDeploymentBody(deploymentOf(parts, request), apiVersionOf(request)) };
}

async function put(parts: BatchParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const workspace = workspaceOf(context, request);
  const endpoint = batchEndpointOf(parts, request);
  const name = request.params.deployment ?? '';
  const asked = readBatchDeploymentRequest(name, await request.json());
  requireSettled('create a deployment in', 'endpoint', endpoint);
  const existing = store.deployment(endpoint, name);
  if (existing !== undefined) requireSettled('update', 'deployment', existing);
  requireBatchAssets(context, workspace, asked.settings);
  requireQuota(parts, endpoint, name, asked);

  const begun = store.putDeployment(
    existing === undefined
      ? newDeployment(parts, endpoint, name, asked, request)
      : { ...existing, state: 'Updating', systemData: modified(existing.systemData, context.clock, request.caller) },
  );
  const started = startOperation(parts, request, begun, {
    verb: 'put',
    durationMs: context.timings.batchDeploymentCreate,
    complete: () => {
      store.changeDeployment(begun.id, { ...asked, isCreated: true, state: 'Succeeded' });
    },
    fail: () => {
      store.changeDeployment(begun.id, { state: 'Failed' });
    },
  });
  return {
    status: 201,
    headers: { ...started.headers, 'x-ms-ratelimit-remaining-subscription-resource-requests': '24' },
    body: batchDeploymentBody(started.record, apiVersionOf(request)),
  };
}

function requireQuota(
  { context }: BatchParts,
  endpoint: BatchEndpointRecord,
  name: string,
  { settings }: BatchDeploymentRequest,
): void {
  const compute = (textAt(settings, 'compute') ?? '').split('/').at(-1) ?? '';
  const message = takeQuotaFailure(context, deploymentId(endpoint, name), compute);
  if (message !== undefined) throw inferencingRefused('InferencingClientCreateDeploymentFailed', { VmSize: [message] });
}

function newDeployment(
  { context }: BatchParts,
  endpoint: BatchEndpointRecord,
  name: string,
  asked: BatchDeploymentRequest,
  request: Incoming,
): BatchDeploymentRecord {
  return {
    ...asked,
    id: deploymentId(endpoint, name),
    name,
    endpoint: endpoint.id,
    workspace: endpoint.workspace,
    location: endpoint.location,
    state: 'Updating',
    isCreated: false,
    operationUri: '',
    systemData: created(context.clock, request.caller),
  };
}

async function patch(parts: BatchParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const deployment = deploymentOf(parts, request);
  requireSettled('update', 'deployment', deployment);
  const body = asObject(await request.json());
  const tags = body.tags === undefined ? deployment.tags : asObject(body.tags);
  const description = textAt(body, 'properties', 'description') ?? deployment.description;
  const systemData = modified(deployment.systemData, context.clock, request.caller);
  store.changeDeployment(deployment.id, { state: 'Updating', systemData });
  const started = startOperation(parts, request, deployment, {
    verb: 'post',
    durationMs: context.timings.batchDeploymentCreate,
    complete: () => {
      store.changeDeployment(deployment.id, { tags, description, state: 'Succeeded' });
    },
    fail: () => {
      store.changeDeployment(deployment.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers };
}

function remove(parts: BatchParts, request: Incoming): Reply {
  const { context, store } = parts;
  const endpoint = batchEndpointOf(parts, request);
  const deployment = store.deployment(endpoint, request.params.deployment ?? '');
  if (deployment === undefined) return { status: 204 };
  requireSettled('delete a deployment in', 'endpoint', endpoint);
  requireSettled('delete', 'deployment', deployment);
  if (endpoint.defaultDeployment?.toLowerCase() === deployment.name.toLowerCase()) {
    const message = `Cannot delete deployment ${deployment.name}: it is the default deployment of the endpoint ${endpoint.name}.`;
    throw mfeError(400, 'UserError', message, { innerCodes: ['BadArgument'] });
  }
  store.changeDeployment(deployment.id, { state: 'Deleting' });
  const started = startOperation(parts, request, deployment, {
    verb: 'delete',
    durationMs: context.timings.deploymentDelete,
    complete: () => {
      store.deleteDeployment(deployment);
    },
    fail: () => {
      store.changeDeployment(deployment.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers, body: null };
}

function startOperation(
  { context, store }: BatchParts,
  request: Incoming,
  deployment: BatchDeploymentRecord,
  operation: NotedOperation,
): ReturnType<typeof startNotedOperation<BatchDeploymentRecord>> {
  const note = store.changeDeployment.bind(store);
  return startNotedOperation(context, request, 'batchDeployment', deployment, note, operation);
}
