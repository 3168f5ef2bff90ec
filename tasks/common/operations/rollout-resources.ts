/** Creates what a rollout needs: the endpoint, and the new deployment without traffic. */
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { failureKind } from '../domain/failure-classification.ts';
import { isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { isPublic, privateDeploymentBody, privateEndpointBody } from '../domain/network-mode.ts';
import { differences } from '../domain/resource-difference.ts';
import { endpointTraffic } from '../domain/traffic.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { keepTraffic, prepareBody } from './apply-plan.ts';
import { putSlowly, whenFree } from './endpoint-writes.ts';
import type { RolloutFiles, RolloutPlan } from './plan-rollout.ts';
import type { Timeline } from './rollout-timeline.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

type Network = RolloutFiles['network'];

/** The endpoint as its YAML wants it, with the traffic it has. Throws ServiceError when it stays public against `private`. */
export async function createEndpoint(
  context: Context,
  rollout: RolloutPlan,
  network: Network,
  timeline: Timeline,
): Promise<Resource> {
  const { endpoint: plan, endpointName, found } = rollout;
  if (plan === undefined) return found ?? {};
  const planned = await prepareBody(context, plan);
  const declared = network === 'private' ? privateEndpointBody(planned) : planned;
  const body = found === undefined ? withoutTraffic(declared) : keepTraffic(plan.main, withoutTraffic(declared), found);
  const changes = found === undefined ? [] : differences(body, found, yamlData);
  for (const { path } of changes) context.agent.log.info(`  ${path} changes.`);
  const isReady = textAt(found, 'properties', 'provisioningState') === 'Succeeded';
  const isUnchanged = found !== undefined && isReady && changes.length === 0;
  const endpoint = isUnchanged ? found : await putSlowly(context, `onlineEndpoints/${endpointName}`, body);
  if (network === 'private' && textAt(body, 'properties', 'compute') === undefined && isPublic(endpoint)) {
    throw new ServiceError({
      status: 200,
      code: 'StillPublic',
      message: `The endpoint ${endpointName} can still be reached from the internet, although that was turned off.`,
      hint: 'Nothing is deployed to it. Check for a policy or another pipeline that changes it.',
    });
  }
  const what = found === undefined ? 'created' : isUnchanged ? 'is as its YAML says' : 'updated';
  timeline.note(`Endpoint ${endpointName} ${what}.`, endpointTraffic(endpoint));
  return endpoint;
}

/** Deployments get traffic from the rollout, not from the endpoint's YAML: it names deployments that do not exist yet. */
function withoutTraffic(body: JsonObject): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  return { ...body, properties: { ...properties, traffic: {} } };
}

/** The name of the deployment that has all traffic and is exactly what would be deployed; a re-run then has nothing to do. */
export async function isAlreadyLive(
  context: Context,
  rollout: RolloutPlan,
  body: JsonObject,
): Promise<string | undefined> {
  const { previous, foundTraffic, endpointName } = rollout;
  if (previous === undefined || foundTraffic[previous] !== 100) return undefined;
  const live = await readDeployment(context, endpointName, previous);
  if (live === undefined || textAt(live, 'properties', 'provisioningState') !== 'Succeeded') return undefined;
  return differences(body, live, yamlData).length === 0 ? previous : undefined;
}

/** Creates the new deployment, or updates the one that had its name and no traffic. Throws ServiceError with the container's log. */
export async function createDeployment(
  context: Context,
  rollout: RolloutPlan,
  body: JsonObject,
  timeline: Timeline,
): Promise<Resource> {
  const { workspace, agent } = context;
  const { endpointName, next } = rollout;
  const path = `onlineEndpoints/${endpointName}/deployments/${next}`;
  const existing = await readDeployment(context, endpointName, next);
  if (textAt(existing, 'properties', 'provisioningState') === 'Failed') {
    // The service refuses to update a failed deployment.
    await whenFree(context, path, () => workspace.delete(path, { signal: agent.signal }));
    timeline.note(`The failed deployment ${next} of an earlier run is deleted.`);
  }
  try {
    const deployment = await putSlowly(context, path, body);
    timeline.note(`Deployment ${next} ${existing === undefined ? 'created' : 'updated'}, without traffic.`);
    return deployment;
  } catch (error) {
    if (!(error instanceof ServiceError) || agent.signal.aborted) throw error;
    const failed = await deploymentFailed(context, path, next, error);
    timeline.note(`Deployment ${next} failed.`);
    throw failed;
  }
}

function readDeployment({ workspace, agent }: Context, endpoint: string, name: string): Promise<Resource | undefined> {
  return workspace.get(`onlineEndpoints/${endpoint}/deployments/${name}`, { signal: agent.signal });
}

/** The body of the new deployment, with everything it needs uploaded, and private where that is asked for. */
export async function deploymentBody(context: Context, rollout: RolloutPlan, network: Network): Promise<JsonObject> {
  const body = await prepareBody(context, rollout.deployment);
  if (network !== 'private') return body;
  if (rollout.mode === 'managed') {
    context.agent.log.info(
      "Egress: the workspace's managed virtual network decides; the deployment's own flag is not sent.",
    );
  }
  return privateDeploymentBody(body, rollout.mode);
}

/** Lines of the container's log that are asked for and shown. */
const LOG_LINES = 50;

async function deploymentFailed(
  context: Context,
  path: string,
  name: string,
  error: ServiceError,
): Promise<ServiceError> {
  const { workspace, agent } = context;
  const answer = await tolerant(agent.log, `the log of ${name}`, () =>
    workspace.post(`${path}/getLogs`, { tail: LOG_LINES }, { signal: agent.signal }),
  );
  const log = logText(answer).trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  const lines = log === '' ? '' : `\nLast lines of the container's log:\n${log.replace(/^/gm, '  ')}`;
  return new ServiceError({
    status: error.status,
    code: error.code,
    message:
      `The deployment ${name} failed: ${error.message} ${causeHint(error, log)}` +
      `It has no traffic; the next run replaces it.${lines}`,
    requestId: error.requestId,
    hint: lines === '' ? error.hint : undefined,
    cause: error,
  });
}

function logText(answer: Json | undefined): string {
  return typeof answer === 'string' ? answer : (textAt(answer, 'content') ?? '');
}

function causeHint(error: ServiceError, log: string): string {
  if (/probe|liveness|readiness|timed? ?out waiting/i.test(error.message)) {
    return 'The container did not become healthy: its scoring script may load too slowly or fail in init(). ';
  }
  if (/acr|registry|pull/i.test(error.message) && /unauthor|denied|forbidden|pull/i.test(error.message)) {
    return "The image could not be pulled: the endpoint's identity needs AcrPull on the registry, and a route to it. ";
  }
  const kind = failureKind(error.code, error.message);
  if (kind === 'quota') return 'There is not enough quota for the instance type: blue and green run side by side. ';
  return /Traceback|Error:/.test(log) ? 'The scoring script failed: see the lines below. ' : '';
}
