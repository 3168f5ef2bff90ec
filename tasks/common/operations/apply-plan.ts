/** Carries a plan out: look-ups, uploads and PUTs in order. Every step can be run twice. */
import type { Plan, PutStep, RequireStep, ResolveLatestStep, Step } from '../aml-yaml/plan.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { childArmId } from '../domain/workspace-id.ts';
import { differences, type FieldDifference } from '../domain/resource-difference.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { resolveCollectedData } from './collected-data.ts';
import { resolveMembers, type PlanResults, type StepResult } from './plan-results.ts';
import { putResource, resourcePath, resultOf } from './put-resource.ts';
import type { Context } from './task-context.ts';
import { uploadCode, uploadData } from './upload-source.ts';

export type Change = 'create' | 'change' | 'unchanged';

export interface AppliedResource {
  readonly change: Change;
  readonly name: string;
  readonly version: string | undefined;
  readonly id: string;
  /** What differed before; empty for what is new. */
  readonly fields: readonly FieldDifference[];
  /** The resource as it now stands. */
  readonly resource: Resource;
}

/** Runs everything before the plan's main step; yields the main step's body with nothing open. */
export async function prepareBody(context: Context, plan: Plan): Promise<JsonObject> {
  return mainBody(plan, await runSteps(context, plan));
}

/**
 * Creates or updates what a plan describes. What already is as the plan wants it is left alone.
 * Throws UserError for something that must exist and does not, before anything is uploaded.
 */
export async function applyPlan(context: Context, plan: Plan): Promise<AppliedResource> {
  const results = await runSteps(context, plan);
  const body = mainBody(plan, results);
  const live = await liveResource(context, plan.main);
  const wanted = live === undefined ? body : keepTraffic(plan.main, body, live);
  const fields = live === undefined ? [] : differences(wanted, live, yamlData);
  if (live !== undefined && fields.length === 0 && isReady(live)) return unchanged(plan.main, live);
  const { result, resource } = await putResource(context, plan.main, wanted, results);
  return {
    change: live === undefined ? 'create' : 'change',
    name: result.name ?? plan.main.name,
    version: result.version,
    id: result.id ?? '',
    fields,
    resource,
  };
}

/** The live resource of a step whose name and version are known beforehand. */
export async function liveResource(context: Context, step: PutStep): Promise<Resource | undefined> {
  if (step.version !== undefined && step.version.rule !== 'given') return undefined;
  return context.workspace.get(resourcePath(step, step.version?.version), {
    signal: context.agent.signal,
    ...(step.scope === undefined ? {} : { scope: step.scope }),
  });
}

/** An endpoint whose YAML says nothing about traffic keeps what it has: a PUT without would take it away. */
export function keepTraffic(step: PutStep, body: JsonObject, live: Resource): JsonObject {
  if (!/^(online|batch)Endpoints$/.test(step.collection) || !isJsonObject(body.properties)) return body;
  const [wanted, current] = [body.properties, isJsonObject(live.properties) ? live.properties : {}];
  const kept = ['traffic', 'mirrorTraffic', 'defaults'].flatMap((key) => {
    const [own, found] = [wanted[key], current[key]];
    const silent = own === undefined || own === null || (isJsonObject(own) && Object.keys(own).length === 0);
    return silent && found !== undefined && found !== null ? [[key, found] as const] : [];
  });
  return { ...body, properties: { ...wanted, ...Object.fromEntries(kept) } };
}

/** What failed before is written again, also when nothing else is to change. */
function isReady(live: Resource): boolean {
  const state = textAt(live, 'properties', 'provisioningState');
  return state === undefined || state === 'Succeeded';
}

function unchanged(step: PutStep, live: Resource): AppliedResource {
  const version = step.version?.rule === 'given' ? step.version.version : undefined;
  const { id, name } = resultOf(textAt(live, 'id') ?? '', step, version);
  return { change: 'unchanged', name: name ?? step.name, version, id: id ?? '', fields: [], resource: live };
}

function mainBody(plan: Plan, results: PlanResults): JsonObject {
  return resolveMembers(plan.main.body, results);
}

async function runSteps(context: Context, plan: Plan): Promise<PlanResults> {
  const results: PlanResults = new Map([['workspace', { location: await context.workspace.location() }]]);
  for (const warning of plan.warnings) context.agent.log.warning(`${plan.file}: ${warning}`);
  await checkRequired(context, plan);
  for (const step of plan.steps) {
    if (step === plan.main || step.do === 'require') continue;
    results.set(step.key, await runStep(context, plan, step, results));
  }
  return results;
}

async function runStep(
  context: Context,
  plan: Plan,
  step: Exclude<Step, RequireStep>,
  results: PlanResults,
): Promise<StepResult> {
  switch (step.do) {
    case 'uploadCode':
      return uploadCode(context, step);
    case 'uploadData':
      return uploadData(context, step);
    case 'resolveLatest':
      return resolveLatest(context, plan, step);
    case 'resolveCollectedData':
      return resolveCollectedData(context, plan, step);
    case 'put':
      return (await putResource(context, step, resolveMembers(step.body, results), results)).result;
  }
}

/**
 * Looks for everything that must exist. Throws one UserError that names all that is missing.
 *
 * @param known paths that need not be looked for
 */
export async function checkRequired(
  { workspace, agent }: Context,
  plan: Plan,
  known: Pick<ReadonlyMap<string, unknown>, 'has'> = new Map(),
): Promise<void> {
  const missing: { readonly message: string; readonly file: string }[] = [];
  for (const step of plan.steps) {
    if (step.do !== 'require' || known.has(step.path)) continue;
    const found = await workspace.get(step.path, { signal: agent.signal });
    if (found === undefined) missing.push({ message: step.missing, file: plan.file });
  }
  if (missing.length > 0) throw new UserError(missing);
}

/**
 * The newest version of an asset, as the service's client reads `@latest`: of data what its container says, of everything else what
 * was created last.
 */
export async function resolveLatest(
  { workspace, agent }: Context,
  plan: Plan,
  { collection, name }: ResolveLatestStep,
): Promise<StepResult> {
  if (collection === 'data') {
    const container = await workspace.get(`data/${name}`, { signal: agent.signal });
    const version = textAt(container, 'properties', 'latestVersion');
    if (version === undefined) throw namesNothing(plan, collection, name);
    return { id: childArmId(workspace.id, 'data', name, 'versions', version), name, version };
  }
  const query = { $orderBy: 'createdtime desc', $top: 1 };
  for await (const version of workspace.list(`${collection}/${name}/versions`, { query, signal: agent.signal })) {
    return { id: stringOf(version.id), name, version: stringOf(version.name) };
  }
  throw namesNothing(plan, collection, name);
}

function namesNothing({ file }: Plan, collection: string, name: string): UserError {
  const message = `'azureml:${name}@latest' names nothing: the workspace has no ${collection} called '${name}'.`;
  return new UserError({ file, message });
}

function stringOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
