/** Writes a step's resource, with the version its rule gives. */
import { anonymousComponentVersion, clientComponentHash } from '../aml-yaml/anonymous-versions.ts';
import type { PutStep } from '../aml-yaml/plan.ts';
import { at, isJsonObject, textAt, type JsonObject } from '../domain/json.ts';
import { childArmId, resourceGroupChildArmId, type WorkspaceId } from '../domain/workspace-id.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { resolveMembers, type StepResult } from './plan-results.ts';
import type { Context } from './task-context.ts';

/** How often a version that another run took meanwhile is asked for again. */
const VERSION_ATTEMPTS = 5;

export interface WrittenResource {
  readonly result: StepResult;
  readonly resource: Resource;
}

/** The path of a step's resource from what the step's scope says. */
export function resourcePath(step: PutStep, version: string | undefined): string {
  return `${step.collection}/${step.name}${version === undefined ? '' : `/versions/${version}`}`;
}

/** The ARM id of a step's resource. */
export function resourceArmId(workspace: WorkspaceId, step: PutStep, version: string | undefined): string {
  const child = step.scope === 'resourceGroup' ? resourceGroupChildArmId : childArmId;
  return child(workspace, ...resourcePath(step, version).split('/'));
}

/** Writes the resource: once for a version that is given, again with the next one where another run was faster. */
export async function putResource(
  context: Context,
  step: PutStep,
  resolved: JsonObject,
  results: ReadonlyMap<string, StepResult>,
): Promise<WrittenResource> {
  const body = step.clientComponentHash === true ? withComponentHash(step, resolved, results) : resolved;
  const rule = step.version;
  switch (rule?.rule) {
    case undefined:
      return put(context, step, body, undefined);
    case 'given':
      return put(context, step, body, rule.version);
    case 'anonymousComponent':
      return put(context, step, body, anonymousVersion(step, body, results));
    case 'next':
      return putNext(context, step, body, ['nextVersion']);
    case 'latestThenNext':
      return putNext(context, step, body, ['latestVersion', 'nextVersion']);
  }
}

/** The version a step without a given one would get: for a plan that is only shown. */
export async function predictedVersion(
  context: Context,
  step: PutStep,
  body: JsonObject,
  results: ReadonlyMap<string, StepResult>,
): Promise<string | undefined> {
  switch (step.version?.rule) {
    case undefined:
      return undefined;
    case 'given':
      return step.version.version;
    case 'anonymousComponent':
      return anonymousVersion(step, body, results);
    case 'next':
    case 'latestThenNext':
      return containerVersion(await container(context, step), 'nextVersion');
  }
}

function anonymousVersion(step: PutStep, body: JsonObject, results: ReadonlyMap<string, StepResult>): string {
  return anonymousComponentVersion(hashedSpec(step, body, results));
}

function hashedSpec(step: PutStep, body: JsonObject, results: ReadonlyMap<string, StepResult>): JsonObject {
  const sent = at(body, 'properties', 'componentSpec');
  const hashed = step.hashedSpec === undefined ? sent : resolveMembers(step.hashedSpec, results);
  return isJsonObject(hashed) ? hashed : {};
}

/** A named component says by which content it was made: the service's client compares it. */
export function withComponentHash(
  step: PutStep,
  body: JsonObject,
  results: ReadonlyMap<string, StepResult>,
): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const own = isJsonObject(properties.properties) ? properties.properties : {};
  const hash = clientComponentHash(hashedSpec(step, body, results));
  return { ...body, properties: { ...properties, properties: { ...own, client_component_hash: hash } } };
}

type VersionField = 'latestVersion' | 'nextVersion';

async function putNext(
  context: Context,
  step: PutStep,
  body: JsonObject,
  fields: readonly VersionField[],
): Promise<WrittenResource> {
  let conflict: unknown;
  for (let attempt = 0; attempt < VERSION_ATTEMPTS; attempt += 1) {
    const current = await container(context, step);
    for (const field of fields) {
      try {
        return await put(context, step, body, containerVersion(current, field));
      } catch (error) {
        if (!isConflict(error)) throw error;
        conflict = error;
      }
    }
  }
  throw conflict;
}

async function container(context: Context, step: PutStep): Promise<Resource | undefined> {
  return context.workspace.get(`${step.collection}/${step.name}`, { signal: context.agent.signal });
}

/** The first version of a new container is 1. */
export function containerVersion(resource: Resource | undefined, field: VersionField): string {
  return textAt(resource, 'properties', field) ?? textAt(resource, 'properties', 'nextVersion') ?? '1';
}

/** Assets say 409; some kinds answer 400 and say it in words. */
function isConflict(error: unknown): boolean {
  return (
    error instanceof ServiceError &&
    (error.status === 409 || (error.status === 400 && /already exists/i.test(error.message)))
  );
}

async function put(
  { workspace, agent }: Context,
  step: PutStep,
  body: JsonObject,
  version: string | undefined,
): Promise<WrittenResource> {
  const path = resourcePath(step, version);
  const resource = await workspace.put(path, body, {
    signal: agent.signal,
    ...(step.scope === undefined ? {} : { scope: step.scope }),
    ...(step.query === undefined ? {} : { query: step.query }),
    ...(step.withUserToken === undefined ? {} : { withUserToken: step.withUserToken }),
    onProgress: (status, elapsedMs) => {
      agent.log.debug(`${path}: ${status} after ${Math.round(elapsedMs / 1000)} s`);
    },
  });
  const id = textAt(resource, 'id') ?? resourceArmId(workspace.id, step, version);
  return { resource, result: resultOf(id, step, version) };
}

/** An anonymous component may be answered under another name and version: the service knows equal ones. */
export function resultOf(id: string, step: PutStep, version: string | undefined): StepResult {
  const [, name, answered] = /\/([^/]+)\/versions\/([^/]+)$/.exec(id) ?? [];
  if (version === undefined) return { id, name: step.name };
  return { id, name: name ?? step.name, version: answered ?? version };
}
