/** Deletes deployments and endpoints that nobody is sent to: what `AmlRemoveDeployment` does. */
import { defaultDeployment } from '../domain/batch-endpoint.ts';
import { elapsedText } from '../domain/elapsed-time.ts';
import { textAt } from '../domain/json.ts';
import { escapeMarkdown } from '../domain/markdown.ts';
import { isLeased, keepUntil, rolloutOf } from '../domain/rollout-tags.ts';
import { endpointTraffic, mirrorTraffic } from '../domain/traffic.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { whenFree } from './endpoint-writes.ts';
import type { Context } from './task-context.ts';
import { withTimeLimit } from './time-limit.ts';

export interface RemoveRequest {
  readonly endpointType: 'online' | 'batch';
  readonly endpointName: string;
  readonly remove: 'deployment' | 'expired' | 'endpoint';
  readonly deploymentName: string | undefined;
  /** A whole endpoint may go although somebody is sent to it. */
  readonly allowTraffic: boolean;
  readonly ignoreKeepUntil: boolean;
  /** 0: no limit. */
  readonly timeoutMinutes: number;
}

/** Both as JSON. */
export interface RemoveOutputs {
  readonly removed: string;
  readonly kept: string;
}

/**
 * Deletes what the request names. What is gone already is success. Throws UserError, before anything is deleted, for what has
 * traffic, is the default, belongs to a rollout or is to be kept longer; TimedOutError after `timeoutMinutes`.
 */
export async function removeDeployment(context: Context, request: RemoveRequest): Promise<RemoveOutputs> {
  checkRequest(request);
  const { agent } = context;
  const { endpointName, timeoutMinutes } = request;
  const what = `The removal from ${endpointName}`;
  const removed = await withTimeLimit(context, timeoutMinutes, what, (limited) => remove(limited, request));
  const kept = (await readEndpoint(context, request)) === undefined ? [] : await deploymentsOf(context, request);
  const names = kept.map((deployment) => textAt(deployment, 'name') ?? '').sort();
  agent.addSummary(summaryOf(endpointName, removed, names));
  return { removed: JSON.stringify(removed), kept: JSON.stringify(names) };
}

function checkRequest({ remove, deploymentName, allowTraffic, timeoutMinutes }: RemoveRequest): void {
  const needsName = remove === 'deployment';
  const problems = [
    needsName && deploymentName === undefined ? "Input 'deploymentName' is needed to remove a deployment." : undefined,
    !needsName && deploymentName !== undefined
      ? `Input 'deploymentName' has no meaning with 'remove: ${remove}'.`
      : undefined,
    allowTraffic && remove !== 'endpoint' ? "Input 'allowTraffic' is for a whole endpoint only." : undefined,
    timeoutMinutes < 0 ? "Input 'timeoutMinutes' must be 0 (no limit) or more." : undefined,
  ].flatMap((message) => (message === undefined ? [] : [{ message }]));
  if (problems.length > 0) throw new UserError(problems);
}

/** The names of what was deleted. */
async function remove(context: Context, request: RemoveRequest): Promise<readonly string[]> {
  const { log } = context.agent;
  const endpoint = await readEndpoint(context, request);
  if (endpoint === undefined) {
    log.info(`There is no ${request.endpointType} endpoint ${request.endpointName}: nothing to remove.`);
    return [];
  }
  checkRollout(context, request, endpoint);
  switch (request.remove) {
    case 'deployment':
      return (await removeOne(context, request, request.deploymentName ?? '')) ? [request.deploymentName ?? ''] : [];
    case 'expired':
      return removeExpired(context, request, endpoint);
    case 'endpoint':
      return removeEndpoint(context, request);
  }
}

/** True when there was something to delete. Whether the deployment may go is asked anew each time the endpoint was busy. */
async function removeOne(context: Context, request: RemoveRequest, name: string): Promise<boolean> {
  const { workspace, agent } = context;
  const path = `${endpointPath(request)}/deployments/${name}`;
  const started = agent.clock.now();
  const deployment = await workspace.get(path, { signal: agent.signal });
  if (deployment === undefined) {
    agent.log.info(`The endpoint ${request.endpointName} has no deployment ${name}: nothing to remove.`);
    return false;
  }
  checkTime(context, request, name, deployment);
  const isDeleted = await whenFree(context, path, async () => {
    const endpoint = await readEndpoint(context, request);
    if (endpoint === undefined) return false;
    checkRollout(context, request, endpoint);
    const use = useOf(endpoint, name);
    if (use !== undefined) throw inUse(request, name, use);
    return workspace.delete(path, { signal: agent.signal });
  });
  if (isDeleted) agent.log.info(`Deleted the deployment ${name} in ${elapsedText(agent.clock.now() - started)}.`);
  return isDeleted;
}

async function removeExpired(context: Context, request: RemoveRequest, endpoint: Resource): Promise<readonly string[]> {
  const { log, clock } = context.agent;
  const removed: string[] = [];
  for (const deployment of await deploymentsOf(context, request)) {
    const name = textAt(deployment, 'name') ?? '';
    const until = keepUntil(deployment);
    const use = useOf(endpoint, name);
    if (until === undefined) log.info(`${name}: no rollout has set a time for it; it stays.`);
    else if (until > clock.now()) log.info(`${name}: to be kept until ${timeText(until)}; it stays.`);
    else if (use !== undefined) log.warning(`${name}: its time is over, but it ${use}; it stays.`);
    else if (await removeOne(context, request, name)) removed.push(name);
  }
  return removed;
}

async function removeEndpoint(context: Context, request: RemoveRequest): Promise<readonly string[]> {
  const { workspace, agent } = context;
  const { endpointName } = request;
  const started = agent.clock.now();
  const path = endpointPath(request);
  const isDeleted = await whenFree(context, path, async () => {
    const endpoint = await readEndpoint(context, request);
    if (endpoint === undefined) return false;
    checkRollout(context, request, endpoint);
    if (!request.allowTraffic) checkUnused(request, endpoint);
    return workspace.delete(path, { signal: agent.signal });
  });
  if (isDeleted) agent.log.info(`Deleted the endpoint ${endpointName} in ${elapsedText(agent.clock.now() - started)}.`);
  return isDeleted ? [endpointName] : [];
}

function checkUnused(request: RemoveRequest, endpoint: Resource): void {
  const names = [...Object.keys(endpointTraffic(endpoint)), ...Object.keys(mirrorTraffic(endpoint))];
  const used = [...names, defaultDeployment(endpoint)].find((name) => name !== undefined);
  if (used === undefined) return;
  throw new UserError(
    `The endpoint ${request.endpointName} is in use: its deployment ${used} ${useOf(endpoint, used) ?? 'is used'}. ` +
      "Set 'allowTraffic: true' if it is to go all the same.",
  );
}

function checkRollout({ agent }: Context, { endpointName }: RemoveRequest, endpoint: Resource): void {
  const rollout = rolloutOf(endpoint);
  if (rollout === undefined || !isLeased(rollout, agent.clock.now())) return;
  throw new UserError(
    `A rollout is under way on the endpoint ${endpointName} (${rollout.run}, until ${timeText(rollout.leaseUntil)} at the latest); ` +
      'nothing is removed before it is done.',
  );
}

function checkTime({ agent }: Context, { ignoreKeepUntil }: RemoveRequest, name: string, deployment: Resource): void {
  const until = keepUntil(deployment);
  if (ignoreKeepUntil || until === undefined || until <= agent.clock.now()) return;
  throw new UserError(
    `The deployment ${name} is to be kept until ${timeText(until)}, for going back to; set 'ignoreKeepUntil: true' if it is to go now.`,
  );
}

function inUse({ endpointName }: RemoveRequest, name: string, use: string): UserError {
  return new UserError(
    `The deployment ${name} of ${endpointName} cannot be removed: it ${use}. Send its users elsewhere first.`,
  );
}

/** What a deployment is needed for, as the end of a sentence; undefined when it is needed for nothing. */
function useOf(endpoint: Resource, name: string): string | undefined {
  const share = endpointTraffic(endpoint)[name] ?? 0;
  if (share > 0) return `gets ${share} % of the traffic`;
  const mirrored = mirrorTraffic(endpoint)[name] ?? 0;
  if (mirrored > 0) return `gets a copy of ${mirrored} % of the traffic`;
  return defaultDeployment(endpoint) === name ? 'is the default deployment' : undefined;
}

function endpointPath({ endpointType, endpointName }: RemoveRequest): string {
  return `${endpointType}Endpoints/${endpointName}`;
}

function readEndpoint({ workspace, agent }: Context, request: RemoveRequest): Promise<Resource | undefined> {
  return workspace.get(endpointPath(request), { signal: agent.signal });
}

async function deploymentsOf({ workspace, agent }: Context, request: RemoveRequest): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  for await (const deployment of workspace.list(`${endpointPath(request)}/deployments`, { signal: agent.signal })) {
    found.push(deployment);
  }
  return found;
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace(/:\d\d\.\d+Z$/, ' UTC')
    .replace('T', ' ');
}

function summaryOf(endpoint: string, removed: readonly string[], kept: readonly string[]): string {
  const list = (names: readonly string[]): string =>
    names.length === 0 ? 'nothing' : names.map(escapeMarkdown).join(', ');
  return `### Removal from ${escapeMarkdown(endpoint)}\n\nDeleted: ${list(removed)}. Left: ${list(kept)}.`;
}
