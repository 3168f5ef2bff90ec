/** Creates or updates assets in a registry from plans, or says what that would change. */
import { anonymousComponentVersion } from '../aml-yaml/anonymous-versions.ts';
import {
  isDeferred,
  type Plan,
  type PutStep,
  type Step,
  type Template,
  type UploadDataStep,
} from '../aml-yaml/plan.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { isJsonObject, textAt, type JsonObject } from '../domain/json.ts';
import { registryAssetId, type RegistryCollection } from '../domain/registry-asset.ts';
import { differences } from '../domain/resource-difference.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { resolveMembers, type PlanResults, type StepResult } from './plan-results.ts';
import { hasContent, registryCode, uploadPlace, uploadToRegistry, type RegistryContext } from './registry-upload.ts';
import { codeName } from './upload-source.ts';
import { containerVersion, withComponentHash } from './put-resource.ts';
import type { PredictedResource } from './what-if.ts';

/** Stands where a URI will be that nobody can know yet. */
const UNKNOWN = '(known after apply)';

/** A plan on its way into a registry; `whatIf` writes nothing. */
interface Application {
  readonly context: RegistryContext;
  readonly plan: Plan;
  readonly mode: 'apply' | 'whatIf';
  readonly results: PlanResults;
}

/** Throws UserError for a version that is there with other files: nothing in a registry is ever overwritten. */
export async function applyToRegistry(
  context: RegistryContext,
  plan: Plan,
  mode: 'apply' | 'whatIf',
): Promise<PredictedResource> {
  const application: Application = { context, plan, mode, results: new Map() };
  for (const warning of plan.warnings) context.agent.log.warning(`${plan.file}: ${warning}`);
  for (const step of plan.steps) {
    if (step !== plan.main && 'key' in step) application.results.set(step.key, await runStep(application, step));
  }
  return putAsset(application, plan.main);
}

async function runStep(application: Application, step: Extract<Step, { readonly key: string }>): Promise<StepResult> {
  const { context, mode } = application;
  switch (step.do) {
    case 'uploadCode':
      if (mode === 'apply') return { id: await registryCode(context, step.source) };
      return { id: registryAssetId(context.registry.name, 'codes', codeName(step.source), '1') };
    case 'put': {
      const { id, name, version } = await putAsset(application, step);
      return { id: id ?? UNKNOWN, name, ...(version === undefined ? {} : { version }) };
    }
    case 'uploadData':
      // What is uploaded goes into the container of the asset that uses it.
      return { uri: UNKNOWN };
    case 'resolveLatest':
    case 'resolveCollectedData':
      throw new Error(`The plan of ${application.plan.file} asks a workspace for ${step.key}.`);
  }
}

async function putAsset(application: Application, step: PutStep): Promise<PredictedResource> {
  const { context, mode } = application;
  const { registry, agent } = context;
  const version = await versionOf(application, step);
  const path = `${step.collection}/${step.name}/versions/${version}`;
  const id = registryAssetId(registry.name, step.collection as RegistryCollection, step.name, version);
  const live =
    step.version?.rule === 'next' || step.version?.rule === 'latestThenNext'
      ? undefined
      : await registry.get(path, { signal: agent.signal });
  const known = { name: step.name, version, id };
  if (live === undefined) {
    if (mode === 'apply') await create(application, step, version, path);
    return { ...known, change: 'create', fields: [] };
  }
  const body = await changedBody(application, step, version, live);
  const fields = differences(body, live, yamlData);
  if (fields.length === 0) return { ...known, change: 'unchanged', fields };
  if (mode === 'apply') await registry.put(path, body, { signal: agent.signal });
  return { ...known, change: 'change', fields };
}

async function create(application: Application, step: PutStep, version: string, path: string): Promise<void> {
  const { context, results } = application;
  const own = new Map(results);
  // Components bring their code as an asset of its own; all others may have files, and are asked for a place first.
  if (step.collection !== 'components' && step.collection !== 'codes') {
    const place = await uploadPlace(context, step.collection as RegistryCollection, step.name, version);
    for (const upload of uploadsOf(application, step)) {
      if (place === undefined) throw otherContent(application, step, version);
      const uri = await uploadToRegistry(context, upload.source, place, { name: step.name, version });
      own.set(upload.key, { uri: `${uri}${upload.trailingSlash ? '/' : ''}` });
    }
  }
  await context.registry.put(path, bodyOf(step, own), { signal: context.agent.signal });
}

/** The body for a version that is there: with the place its files have, if they are the same. */
async function changedBody(
  application: Application,
  step: PutStep,
  version: string,
  live: Resource,
): Promise<JsonObject> {
  const own = new Map(application.results);
  for (const upload of uploadsOf(application, step)) {
    const uri = contentUri(live);
    const asset = { name: step.name, version };
    const isSame = uri !== undefined && (await hasContent(application.context, live, asset, uri, upload.source));
    if (!isSame) throw otherContent(application, step, version);
    own.set(upload.key, { uri });
  }
  return bodyOf(step, own);
}

function bodyOf(step: PutStep, results: PlanResults): JsonObject {
  const body = resolveMembers(step.body, results);
  return step.clientComponentHash === true ? withComponentHash(step, body, results) : body;
}

function contentUri(live: Resource): string | undefined {
  const direct = ['modelUri', 'dataUri'].map((key) => textAt(live, 'properties', key));
  return direct.find((uri) => uri !== undefined) ?? textAt(live, 'properties', 'build', 'contextUri');
}

function otherContent({ context, plan }: Application, step: PutStep, version: string): UserError {
  return new UserError({
    file: plan.file,
    message:
      `${step.name}:${version} exists already in the registry ${context.registry.name} with other files. ` +
      'Versions are never overwritten: give another version.',
  });
}

async function versionOf({ context, results }: Application, step: PutStep): Promise<string> {
  const { registry, agent } = context;
  switch (step.version?.rule) {
    case 'given':
      return step.version.version;
    case 'anonymousComponent': {
      const spec = resolveMembers({ spec: step.hashedSpec ?? specOf(step) }, results).spec;
      return anonymousComponentVersion(isJsonObject(spec) ? spec : {});
    }
    default: {
      const container = await registry.get(`${step.collection}/${step.name}`, { signal: agent.signal });
      return containerVersion(container, 'nextVersion');
    }
  }
}

function specOf({ body }: PutStep): Template {
  const { properties } = body;
  return typeof properties === 'object' && properties !== null && 'componentSpec' in properties
    ? ((properties as Readonly<Record<string, Template>>).componentSpec ?? null)
    : null;
}

/** The uploads whose URI stands in a step's body. */
function uploadsOf({ plan }: Application, step: PutStep): readonly UploadDataStep[] {
  const used = new Set<string>();
  collectSteps(step.body, used);
  return plan.steps.filter((other): other is UploadDataStep => other.do === 'uploadData' && used.has(other.key));
}

function collectSteps(template: Template, used: Set<string>): void {
  if (isDeferred(template)) used.add(template.$step);
  else if (typeof template === 'object' && template !== null) {
    for (const value of Object.values(template)) collectSteps(value as Template, used);
  }
}
