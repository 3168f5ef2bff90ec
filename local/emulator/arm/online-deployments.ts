/** Online deployments on ARM: create, change, scale, delete and their container logs. */
import type { EmulatorContext } from '../context.ts';
import { badBody, mfeError } from '../errors.ts';
import { armRoute, type Incoming, type Reply, type Route } from '../http.ts';
import { asObject, at, textAt } from '../json.ts';
import type { StartedOperation } from '../operations.ts';
import { takeQuotaFailure } from '../scoring/deployment-faults.ts';
import type { Rollout } from '../scoring/deployments.ts';
import { readDeploymentRequest, requireAssets, type DeploymentRequest } from './online-deployment-requests.ts';
import { deploymentBody } from './online-endpoint-bodies.ts';
import { deploymentId } from './endpoint-store.ts';
import { requireSettled, type OnlineDeploymentRecord, type OnlineEndpointRecord } from './online-endpoint-records.ts';
import { inferencingRefused } from './online-endpoint-requests.ts';
import { ENDPOINT_PATH, endpointOf, RECORDED, SPEC, type OnlineParts } from './online-endpoints.ts';
import { quotaProblem } from './quota.ts';
import { startNotedOperation, type NotedOperation } from './endpoint-operations.ts';
import { created, modified } from './resource.ts';
import { apiVersionOf, workspaceOf } from './workspace-scope.ts';

const COLLECTION_PATH = `${ENDPOINT_PATH}/deployments`;
const DEPLOYMENT_PATH = `${COLLECTION_PATH}/{deployment}`;

/** The routes of online deployments. */
export function onlineDeploymentRoutes(parts: OnlineParts): Route[] {
  const route = (method: string, path: string, evidence: Route['evidence'], handle: Handler): Route =>
    armRoute(method, path, evidence, (request) => handle(parts, request));
  return [
    route('GET', COLLECTION_PATH, RECORDED('online_deployment/create_lro'), list),
    route('PUT', DEPLOYMENT_PATH, RECORDED('online_deployment/create_lro; refusals: errors/public_reports'), put),
    route('GET', DEPLOYMENT_PATH, RECORDED('online_deployment/create_lro'), get),
    route('PATCH', DEPLOYMENT_PATH, SPEC('OnlineDeployment/ManagedOnlineDeployment/update'), patch),
    route('DELETE', DEPLOYMENT_PATH, SPEC('OnlineDeployment/delete; refusal of one with traffic: guessed'), remove),
    route('POST', `${DEPLOYMENT_PATH}/getLogs`, SPEC('OnlineDeployment/getLogs'), getLogs),
  ];
}

type Handler = (parts: OnlineParts, request: Incoming) => Reply | Promise<Reply>;

function deploymentOf(parts: OnlineParts, request: Incoming): OnlineDeploymentRecord {
  return parts.store.requireDeployment(endpointOf(parts, request), request.params.deployment ?? '');
}

function list(parts: OnlineParts, request: Incoming): Reply {
  const found = parts.store.deployments(endpointOf(parts, request));
  return { status: 200, body: { value: found.map((one) => deploymentBody(one, apiVersionOf(request))) } };
}

function get(parts: OnlineParts, request: Incoming): Reply {
  return { status: 200, body: deploymentBody(deploymentOf(parts, request), apiVersionOf(request)) };
}

async function put(parts: OnlineParts, request: Incoming): Promise<Reply> {
  const { context, store, deployments } = parts;
  const workspace = workspaceOf(context, request);
  const endpoint = endpointOf(parts, request);
  const name = request.params.deployment ?? '';
  const asked = readDeploymentRequest(name, await request.json());
  requireReadyEndpoint(endpoint);
  if (asked.kind !== endpoint.kind) {
    throw badBody(
      `A deployment of kind ${asked.kind} cannot be in the endpoint ${endpoint.name}, which is ${endpoint.kind}.`,
    );
  }
  const existing = store.deployment(endpoint, name);
  if (existing !== undefined) requireUpdatable(existing);
  requireAssets(context, workspace, asked.settings);
  requireQuota(context, endpoint, name, asked);

  const begun = store.putDeployment(
    existing === undefined
      ? newDeployment(context, endpoint, name, asked, request)
      : { ...existing, state: 'Updating', systemData: modified(existing.systemData, context.clock, request.caller) },
  );
  const rollout = deployments.begin({ id: begun.id, workspace, properties: asked.settings });
  const started = startRollout(parts, request, begun, asked, rollout);
  return {
    status: 201,
    headers: { ...started.headers, ...RESOURCE_REQUESTS },
    body: deploymentBody(started.record, apiVersionOf(request)),
  };
}

/** A deployment's PUT counts against a limit of its own. */
const RESOURCE_REQUESTS = { 'x-ms-ratelimit-remaining-subscription-resource-requests': '24' };

function requireReadyEndpoint(endpoint: OnlineEndpointRecord): void {
  if (endpoint.state === 'Failed' && !endpoint.isCreated) {
    const message = `Specified endpoint [${endpoint.name}] has not been created successfully. Please recreate the endpoint.`;
    throw inferencingRefused('InferencingClientCallFailed', { '': [message] });
  }
  if (endpoint.state === 'Succeeded' || endpoint.state === 'Failed') return;
  const message = `Cannot create a deployment in endpoint ${endpoint.name} because it is in ${endpoint.state} provisioning state.`;
  throw mfeError(409, 'Conflict', message);
}

function requireUpdatable(existing: OnlineDeploymentRecord): void {
  requireSettled('update', 'deployment', existing);
  if (existing.state !== 'Failed' || existing.hasServed) return;
  const message = `Specified deployment [${existing.name}] failed during initial provisioning and is in an unrecoverable state. Delete and re-create.`;
  throw inferencingRefused('InferencingClientCallFailed', { '': [message] });
}

function requireQuota(
  context: EmulatorContext,
  endpoint: OnlineEndpointRecord,
  name: string,
  { settings, kind, capacity }: Pick<OnlineDeploymentRecord, 'settings' | 'kind' | 'capacity'>,
): void {
  const deployment = deploymentId(endpoint, name);
  const instanceType = textAt(settings, 'instanceType') ?? '';
  const message =
    takeQuotaFailure(context, deployment, instanceType) ??
    (kind === 'Managed' ? quotaProblem(context, { deployment, instanceType, instances: capacity }) : undefined);
  if (message === undefined) return;
  throw inferencingRefused(
    'InferencingClientCreateDeploymentFailed',
    { VmSize: [message] },
    'InferencingClient HttpRequest error, error detail: ',
  );
}

function newDeployment(
  context: EmulatorContext,
  endpoint: OnlineEndpointRecord,
  name: string,
  asked: DeploymentRequest,
  request: Incoming,
): OnlineDeploymentRecord {
  return {
    ...asked,
    id: deploymentId(endpoint, name),
    name,
    endpoint: endpoint.id,
    workspace: endpoint.workspace,
    location: endpoint.location,
    state: 'Updating',
    hasServed: false,
    operationUri: '',
    systemData: created(context.clock, request.caller),
  };
}

/** The operation of a PUT: succeeds when the new generation serves; the one before serves until then. */
function startRollout(
  parts: OnlineParts,
  request: Incoming,
  begun: OnlineDeploymentRecord,
  asked: DeploymentRequest,
  rollout: Rollout,
): ReturnType<typeof startOperation> {
  const { context, store } = parts;
  // Whether it came up is asked for when the operation is due; until then a failure must not count as unhandled.
  rollout.ready.catch(() => undefined);
  return startOperation(parts, request, begun, {
    verb: 'put',
    durationMs: begun.hasServed ? context.timings.deploymentUpdate : context.timings.deploymentCreate,
    complete: async () => {
      await rollout.ready;
      await rollout.activate();
      store.changeDeployment(begun.id, { ...asked, state: 'Succeeded', hasServed: true });
    },
    fail: () => {
      store.changeDeployment(begun.id, { state: 'Failed' });
      void rollout.abandon();
    },
  });
}

async function patch(parts: OnlineParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const deployment = deploymentOf(parts, request);
  requireUpdatable(deployment);
  const body = asObject(await request.json());
  const wanted = at(body, 'sku', 'capacity');
  const capacity = typeof wanted === 'number' ? wanted : deployment.capacity;
  if (!Number.isInteger(capacity) || capacity < 1) throw badBody('The capacity of the sku must be at least 1.');
  requireQuota(context, endpointOf(parts, request), deployment.name, { ...deployment, capacity });
  const tags = body.tags === undefined ? deployment.tags : asObject(body.tags);
  const systemData = modified(deployment.systemData, context.clock, request.caller);
  store.changeDeployment(deployment.id, {
    state: capacity === deployment.capacity ? 'Updating' : 'Scaling',
    systemData,
  });
  const started = startOperation(parts, request, deployment, {
    verb: 'post',
    durationMs: context.timings.deploymentUpdate,
    complete: () => {
      store.changeDeployment(deployment.id, { tags, capacity, state: 'Succeeded' });
    },
    fail: () => {
      store.changeDeployment(deployment.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers };
}

function remove(parts: OnlineParts, request: Incoming): Reply {
  const { context, store, deployments } = parts;
  const endpoint = endpointOf(parts, request);
  const deployment = store.deployment(endpoint, request.params.deployment ?? '');
  if (deployment === undefined) return { status: 204 };
  requireSettled('delete a deployment in', 'endpoint', endpoint);
  requireSettled('delete', 'deployment', deployment);
  const share = Object.entries(endpoint.traffic).find(([name]) => name.toLowerCase() === deployment.name.toLowerCase());
  if ((share?.[1] ?? 0) > 0) {
    const message = `Cannot delete deployment [${deployment.name}]: it receives ${share?.[1] ?? 0} percent of the traffic. Set its traffic to 0 first.`;
    throw inferencingRefused('InferencingClientCallFailed', { '': [message] });
  }
  store.changeDeployment(deployment.id, { state: 'Deleting' });
  const started = startOperation(parts, request, deployment, {
    verb: 'delete',
    durationMs: context.timings.deploymentDelete,
    complete: async () => {
      await deployments.remove(deployment.id);
      store.deleteDeployment(deployment);
    },
    fail: () => {
      store.changeDeployment(deployment.id, { state: 'Failed' });
    },
  });
  return { status: 202, headers: started.headers, body: null };
}

function startOperation(
  { context, store }: OnlineParts,
  request: Incoming,
  deployment: OnlineDeploymentRecord,
  operation: NotedOperation,
): StartedOperation & { readonly record: OnlineDeploymentRecord } {
  const note = store.changeDeployment.bind(store);
  return startNotedOperation(context, request, 'onlineDeployment', deployment, note, operation);
}

async function getLogs(parts: OnlineParts, request: Incoming): Promise<Reply> {
  const deployment = deploymentOf(parts, request);
  const body = asObject(await request.json());
  const { containerType = null, tail } = body;
  if (containerType !== null && containerType !== 'StorageInitializer' && containerType !== 'InferenceServer') {
    throw badBody('The containerType is not one of StorageInitializer, InferenceServer.');
  }
  const lines = typeof tail === 'number' ? tail : 0;
  const log = parts.deployments.log(deployment.id);
  return { status: 200, body: { content: log?.render(containerType ?? 'InferenceServer', lines) ?? '' } };
}
