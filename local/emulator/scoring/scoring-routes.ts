/** The scoring plane: `https://{endpoint}.{region}.inference…/score` and its description. */
import type { OnlineDeploymentRecord, OnlineEndpointRecord, OnlineStore } from '../arm/online-endpoint-records.ts';
import type { EmulatorContext } from '../context.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { createScoringFaults, isHeldDown, type ScoringFault } from './deployment-faults.ts';
import { TooManyPending } from './deployment-instance.ts';
import type { Deployments } from './deployments.ts';
import { ModelTimeout, ModelUnreachable, type ModelAnswer } from './model-server.ts';
import { refuseCaller } from './scoring-authorization.ts';
import type { ScoringCounters } from './scoring-counters.ts';
import type { ServingMinutes } from './serving-minutes.ts';
import { createTrafficRouter, type TrafficRouter } from './traffic.ts';

export interface ScoringParts {
  readonly context: EmulatorContext;
  readonly store: OnlineStore;
  readonly deployments: Deployments;
  readonly counters: ScoringCounters;
  readonly minutes: ServingMinutes;
}

/** The parts, and what a fault rule does to each request. */
interface AnsweringParts extends ScoringParts {
  readonly faultOf: (deployment: string) => ScoringFault;
}

/** Names the deployment that must answer, or the one that did. */
const DEPLOYMENT_HEADER = 'azureml-model-deployment';

/** Headers of the model server that reach the caller, and of the caller that reach the model server. */
const FROM_MODEL = [
  'Content-Type',
  'x-ms-run-fn-exec-ms',
  'x-ms-run-function-failed',
  'X-Request-ID',
  'x-ms-client-request-id',
];
const TO_MODEL = ['content-type', 'accept', 'x-request-id', 'x-ms-client-request-id', 'traceparent', 'user-agent'];

/** The routes of all online endpoints. */
export function scoringRoutes(given: ScoringParts): Route[] {
  const parts = { ...given, faultOf: createScoringFaults(given.context.faults) };
  const routers = new Map<string, TrafficRouter>();
  const routerOf = (endpoint: OnlineEndpointRecord): TrafficRouter => {
    const known = routers.get(endpoint.id) ?? createTrafficRouter();
    routers.set(endpoint.id, known);
    return known;
  };
  const handle = (request: Incoming): Promise<Reply> => answer(parts, routerOf, request);
  const routes = (base: string, score: Evidence, describe: Evidence): Route[] => [
    { plane: 'scoring', method: 'POST', path: `${base}/score`, evidence: score, handle },
    { plane: 'scoring', method: 'GET', path: `${base}/swagger.json`, evidence: describe, handle },
  ];
  return [
    ...routes('', RECORDED_SCORE, {
      mark: 'spec',
      source: 'swaggerUri of online_endpoint/create_lro; body of the public inference server',
    }),
    ...routes(CLUSTER_PATH, CLUSTER_EVIDENCE, CLUSTER_EVIDENCE),
  ];
}

const RECORDED_SCORE: Evidence = {
  mark: 'recorded',
  source:
    'online_endpoint/score_200; refusals: statuses from the troubleshooting guide, key texts and 424 and 429 headers from public reports, other bodies guessed',
};
/** The address the router of a Kubernetes cluster has for an endpoint. */
const CLUSTER_PATH = '/api/v1/endpoint/{endpoint}';
const CLUSTER_EVIDENCE: Evidence = {
  mark: 'guessed',
  source:
    'scoring address of Kubernetes endpoints in the documentation of the inference router; answers as of managed ones',
};

async function answer(
  parts: AnsweringParts,
  routerOf: (endpoint: OnlineEndpointRecord) => TrafficRouter,
  request: Incoming,
): Promise<Reply> {
  const endpoint = parts.store.endpointInRegion(
    request.params.endpoint ?? request.endpoint ?? '',
    request.region ?? '',
  );
  if (endpoint === undefined) return plainText(404, 'Endpoint does not exist');
  const refusal = refuseCaller(parts.context, endpoint, request.headers.authorization);
  if (refusal !== undefined) return refusal;

  const named = request.headers[DEPLOYMENT_HEADER];
  const router = routerOf(endpoint);
  const name = named ?? router.next(endpoint.traffic);
  const deployment = name === undefined ? undefined : parts.store.deployment(endpoint, name);
  if (deployment === undefined) {
    return plainText(404, named === undefined ? NO_TRAFFIC : 'Specified deployment could not be found');
  }
  const body = await request.body();
  if (named === undefined && request.method === 'POST') {
    for (const mirror of router.mirrors(endpoint.mirrorTraffic)) mirrorTo(parts, endpoint, mirror, request, body);
  }
  const reply = await serve(parts, deployment, request, body, false);
  return { ...reply, headers: { ...reply.headers, [DEPLOYMENT_HEADER]: deployment.name } };
}

const NO_TRAFFIC =
  'No valid deployments to route to. Please check that the endpoint has at least one deployment with positive weight values';

/** Sends a copy; nobody waits for its answer. */
function mirrorTo(
  parts: AnsweringParts,
  endpoint: OnlineEndpointRecord,
  name: string,
  request: Incoming,
  body: Buffer,
): void {
  const deployment = parts.store.deployment(endpoint, name);
  if (deployment === undefined) return;
  void serve(parts, deployment, request, body, true);
}

/** Has a deployment answer, as fault rules let it, and counts the answer. */
async function serve(
  parts: AnsweringParts,
  deployment: OnlineDeploymentRecord,
  request: Incoming,
  body: Buffer,
  mirrored: boolean,
): Promise<Reply> {
  const { context, counters, minutes, faultOf } = parts;
  if (request.method !== 'POST') return ask(parts, deployment, request, body);
  const arrived = performance.now();
  const fault = faultOf(deployment.id);
  const reply = fault.status === undefined ? await ask(parts, deployment, request, body) : failed(fault);
  const latencyMs = performance.now() - arrived + fault.delayMs;
  if (fault.delayMs > 0) await context.clock.sleep(fault.delayMs);
  const { status } = reply;
  counters.count(deployment.id, { status, latencyMs, mirrored });
  minutes.add(deployment.id, { status, modelStatus: modelStatusOf(reply), latencyMs });
  return reply;
}

function failed({ status = 500, message }: ScoringFault): Reply {
  if (status !== 424) return plainText(status, message);
  return { ...plainText(424, message), headers: { 'Content-Type': 'text/plain', ...modelError(500) } };
}

/** What the model answered; undefined where it was not reached. */
function modelStatusOf({ status, headers }: Reply): number | undefined {
  if (status === 200) return 200;
  const told = headers?.[MODEL_STATUS_HEADER];
  return told === undefined ? undefined : Number(told);
}

async function ask(
  { context, deployments }: ScoringParts,
  deployment: OnlineDeploymentRecord,
  request: Incoming,
  body: Buffer,
): Promise<Reply> {
  const instance = isHeldDown(context.faults, deployment.id) ? undefined : await deployments.serving(deployment.id);
  if (instance === undefined) return plainText(503, 'no healthy upstream');
  const method = request.method === 'GET' ? 'GET' : 'POST';
  const query = request.query.toString();
  const own = request.path.replace(/^\/api\/v1\/endpoint\/[^/]+/i, '');
  const path = query === '' ? own : `${own}?${query}`;
  const headers = pick(TO_MODEL, (name) => request.headers[name]);
  try {
    return fromModel(await instance.ask({ method, path, headers, body }, deployment.capacity));
  } catch (error) {
    if (error instanceof TooManyPending) {
      const reason = { 'ms-azureml-model-error-reason': 'too_many_pending_request', 'Content-Type': 'text/plain' };
      return { status: 429, headers: reason };
    }
    if (error instanceof ModelTimeout) return plainText(408, 'upstream request timeout');
    if (error instanceof ModelUnreachable) return plainText(503, 'no healthy upstream');
    throw error;
  }
}

/** A model that answers anything but 200 becomes 424, with its own status in a header. */
function fromModel(answer: ModelAnswer): Reply {
  const headers = pick(FROM_MODEL, (name) => {
    const value = answer.headers[name.toLowerCase()];
    return typeof value === 'string' ? value : undefined;
  });
  if (answer.status === 200) return { status: 200, headers, body: answer.body };
  return { status: 424, headers: { ...headers, ...modelError(answer.status) }, body: answer.body };
}

const MODEL_STATUS_HEADER = 'ms-azureml-model-error-statuscode';

function modelError(status: number): Record<string, string> {
  return { 'ms-azureml-model-error-reason': 'model_error', [MODEL_STATUS_HEADER]: String(status) };
}

function pick(names: readonly string[], value: (name: string) => string | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = value(name);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function plainText(status: number, body: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain' }, body };
}
