/** Creates what a rollout needs: the endpoint, and the new deployment without traffic. */
import type { Plan } from '../aml-yaml/plan.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { at, isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { egressText, isPublic, privateDeploymentBody, privateEndpointBody } from '../domain/network-mode.ts';
import { provisioningCause, provisioningSentence } from '../domain/provisioning-failure.ts';
import { differences } from '../domain/resource-difference.ts';
import { isRolloutTag, tagsWithRollout, type RolloutRecord } from '../domain/rollout-tags.ts';
import { endpointTraffic } from '../domain/traffic.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { keepTraffic, prepareBody } from './apply-plan.ts';
import { putSlowly, whenFree } from './endpoint-writes.ts';
import type { RolloutFiles, RolloutPlan } from './plan-rollout.ts';
import { reserve } from './rollout-lease.ts';
import type { Timeline } from './rollout-timeline.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

type Network = RolloutFiles['network'];

/**
 * The endpoint as its YAML wants it, with the traffic it has, reserved for the rollout where there is a record of one.
 * Throws ServiceError when it stays public against `private`.
 */
export async function createEndpoint(
  context: Context,
  rollout: RolloutPlan,
  network: Network,
  record: RolloutRecord | undefined,
  timeline: Timeline,
): Promise<Resource> {
  const { endpoint: plan, endpointName, endpointFound, found } = rollout;
  const held =
    endpointFound === undefined || record === undefined
      ? endpointFound
      : await reserve(context, endpointName, record, found, endpointFound);
  if (record !== undefined && held !== undefined)
    timeline.note(`Endpoint ${endpointName} is reserved for this rollout.`, endpointTraffic(held));
  if (plan === undefined) return held ?? {};
  const planned = withoutTraffic(await prepareBody(context, plan));
  const declared = network === 'private' ? privateEndpointBody(planned) : planned;
  const body = withTags(held === undefined ? declared : keepTraffic(plan.main, declared, held), held, record);
  const changes = held === undefined ? [] : differences(body, held, yamlData);
  for (const { path } of changes) context.agent.log.info(`  ${path} changes.`);
  const isReady = textAt(held, 'properties', 'provisioningState') === 'Succeeded';
  const isUnchanged = held !== undefined && isReady && changes.length === 0;
  const endpoint = isUnchanged ? held : await putSlowly(context, `onlineEndpoints/${endpointName}`, body);
  checkStillPrivate(endpointName, endpoint, network);
  const what = held === undefined ? 'created' : isUnchanged ? 'is as its YAML says' : 'updated';
  timeline.note(`Endpoint ${endpointName} ${what}.`, endpointTraffic(endpoint));
  return endpoint;
}

function checkStillPrivate(name: string, endpoint: Resource, network: Network): void {
  const isManaged = (at(endpoint, 'properties', 'compute') ?? null) === null;
  if (network !== 'private' || !isManaged || !isPublic(endpoint)) return;
  throw new ServiceError({
    status: 200,
    code: 'StillPublic',
    message: `The endpoint ${name} can still be reached from the internet, although that was turned off.`,
    hint: 'Nothing is deployed to it. Check for a policy or another pipeline that changes it.',
  });
}

/** The tags of the file, and those of the rollout that is or was there. */
function withTags(body: JsonObject, live: Resource | undefined, record: RolloutRecord | undefined): JsonObject {
  if (record !== undefined) return { ...body, tags: tagsWithRollout(body, record) };
  const tags = isJsonObject(live?.tags) ? live.tags : {};
  const kept = Object.entries(tags).filter(([name]) => isRolloutTag(name));
  return { ...body, tags: { ...(isJsonObject(body.tags) ? body.tags : {}), ...Object.fromEntries(kept) } };
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
  const { previous, found, endpointName } = rollout;
  if (previous === undefined || found.traffic[previous] !== 100) return undefined;
  return (await isDeployed(context, endpointName, previous, body)) ? previous : undefined;
}

/** True when a deployment is there, ready, and exactly what would be deployed. */
export async function isDeployed(context: Context, endpoint: string, name: string, body: JsonObject): Promise<boolean> {
  const live = await readDeployment(context, endpoint, name);
  if (live === undefined || textAt(live, 'properties', 'provisioningState') !== 'Succeeded') return false;
  return differences(body, live, yamlData).length === 0;
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
  const body = await prepareBody(context, withoutChecks(rollout.deployment));
  if (network !== 'private') return body;
  if (textAt(body, 'properties', 'endpointComputeType') !== 'Kubernetes')
    context.agent.log.info(egressText(rollout.mode));
  return privateDeploymentBody(body, rollout.mode);
}

/** All that must be there has been looked for; the endpoint itself may not be there yet. */
function withoutChecks(plan: Plan): Plan {
  return { ...plan, steps: plan.steps.filter((step) => step.do !== 'require') };
}

/** Lines of the container's log that are asked for and shown. */
const LOG_LINES = 50;

async function deploymentFailed(
  context: Context,
  path: string,
  name: string,
  error: ServiceError,
): Promise<ServiceError> {
  const log = await containerLog(context, path, name);
  const lines = log === '' ? '' : `\nLast lines of the container's log:\n${log.replace(/^/gm, '  ')}`;
  const sentence = provisioningSentence(provisioningCause(error.code, error.message, log));
  return new ServiceError({
    status: error.status,
    code: error.code,
    message:
      [`The deployment ${name} failed: ${error.message}`, sentence, 'It has no traffic; the next run replaces it.']
        .filter((part) => part !== '')
        .join(' ') + lines,
    requestId: error.requestId,
    hint: lines === '' ? error.hint : undefined,
    cause: error,
  });
}

/** The end of the scoring container's log, or, where it never started, of the one that fetches model and code. */
async function containerLog({ workspace, agent }: Context, path: string, name: string): Promise<string> {
  for (const container of [{}, { containerType: 'StorageInitializer' }]) {
    const answer = await tolerant(agent.log, `the log of ${name}`, () =>
      workspace.post(`${path}/getLogs`, { tail: LOG_LINES, ...container }, { signal: agent.signal }),
    );
    const log = logText(answer).trimEnd().split('\n').slice(-LOG_LINES).join('\n');
    if (log !== '') return log;
  }
  return '';
}

function logText(answer: Json | undefined): string {
  return typeof answer === 'string' ? answer : (textAt(answer, 'content') ?? '');
}
