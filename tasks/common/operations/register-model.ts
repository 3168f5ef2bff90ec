/** Registers a model with its lineage: what `AmlRegisterModel` does. The same source registered twice is one version. */
import { withFile } from '../aml-yaml/in-memory-file.ts';
import type { Plan, PutStep } from '../aml-yaml/plan.ts';
import { planFile } from '../aml-yaml/plan-file.ts';
import { at, isJsonObject, textAt, type JsonObject } from '../domain/json.ts';
import { recordedFact, SOURCE_URI, type Properties } from '../domain/lineage.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import { pathBelow } from '../domain/paths.ts';
import { modelArmId, nameProblem } from '../domain/resource-names.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { prepareBody } from './apply-plan.ts';
import { modelFacts } from './model-facts.ts';
import { parseTags } from './model-tags.ts';
import { modelSource, type ModelSource, type ModelSourceRequest } from './model-source.ts';
import { putResource } from './put-resource.ts';
import type { Context } from './task-context.ts';

export interface RegisterRequest extends ModelSourceRequest {
  readonly modelName: string;
  readonly modelVersion: string | undefined;
  readonly description: string | undefined;
  /** `name=value` lines. */
  readonly tags: readonly string[];
  readonly stage: string | undefined;
  readonly metricsStep: string | undefined;
  /** The decision of an evaluation, as JSON. */
  readonly evaluation: string | undefined;
  readonly allowPathsOutsideSources: boolean;
}

export interface RegisterOutputs {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelId: string;
}

/** Throws UserError for inputs that are wrong or missing and for a version that holds another model; nothing is changed then. */
export async function registerModel(context: Context, request: RegisterRequest): Promise<RegisterOutputs> {
  const { agent } = context;
  const problem = nameProblem('model', request.modelName);
  if (problem !== undefined) throw new UserError(`Input 'modelName': ${problem}`);
  const tags = parseTags(agent, request.tags);
  const source = await modelSource(context, request);
  const facts = await modelFacts(context, request, source);
  const plan = await planModel(context, request, source, tags);
  const body = withFacts(await prepareBody(context, plan), facts, source);
  const uri = textAt(body, 'properties', 'modelUri') ?? source.path;
  const existing = await existingVersion(context, request, uri);
  const model = existing ?? (await register(context, plan.main, body));
  const version = textAt(model, 'name') ?? '';
  const outputs = {
    modelName: request.modelName,
    modelVersion: version,
    modelId: textAt(model, 'id') ?? modelArmId(context.workspace.id, { name: request.modelName, version }),
  };
  const verb = existing === undefined ? 'Registered' : 'Already registered from the same source:';
  agent.log.info(
    `${verb} ${outputs.modelName}:${version} (${textAt(body, 'properties', 'modelType') ?? 'model'}) from ${uri}.`,
  );
  agent.addSummary(summary(outputs, model, uri, existing !== undefined));
  return outputs;
}

/** The inputs as the `az ml` YAML that says the same, planned like any other. */
async function planModel(
  { agent, workspace }: Context,
  request: RegisterRequest,
  source: ModelSource,
  tags: Properties,
): Promise<Plan> {
  const path = pathBelow(agent.run.sourcesDirectory, 'AmlRegisterModel.yml');
  const { modelName: name, modelVersion: version, description, stage } = request;
  const file: JsonObject = {
    $schema: 'https://azuremlschemas.azureedge.net/latest/model.schema.json',
    name,
    type: source.modelType,
    path: source.path,
    tags,
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    ...(stage === undefined ? {} : { stage }),
  };
  return planFile({
    file: "AmlRegisterModel's inputs",
    absolutePath: path,
    kind: 'model',
    files: withFile(agent.files, path, file),
    workspace: workspace.id,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: request.allowPathsOutsideSources,
  });
}

function withFacts(
  body: JsonObject,
  facts: { readonly properties: Properties; readonly tags: Properties },
  source: ModelSource,
): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const [own, tags] = [properties.properties, properties.tags];
  const uri = typeof properties.modelUri === 'string' ? { [SOURCE_URI]: properties.modelUri } : {};
  return {
    ...body,
    properties: {
      ...properties,
      ...(source.job === undefined ? {} : { jobName: source.job }),
      properties: { ...(isJsonObject(own) ? own : {}), ...facts.properties, ...uri },
      tags: { ...facts.tags, ...(isJsonObject(tags) ? tags : {}) },
    },
  };
}

/** The version that was made from this source: the one that is asked for, otherwise the newest. */
async function existingVersion(context: Context, request: RegisterRequest, uri: string): Promise<Resource | undefined> {
  const { workspace, agent } = context;
  const { modelName: name, modelVersion: wanted } = request;
  const versionOf = (version: string): Promise<Resource | undefined> =>
    workspace.get(`models/${name}/versions/${version}`, { signal: agent.signal });
  if (wanted !== undefined) {
    const model = await versionOf(wanted);
    if (model === undefined || recordedFact(model, SOURCE_URI) === uri) return model;
    throw new UserError(
      `${name}:${wanted} exists already and was made from ${recordedFact(model, SOURCE_URI) ?? 'another source'}. ` +
        'Versions are never overwritten: give another modelVersion, or leave it out.',
    );
  }
  const container = await workspace.get(`models/${name}`, { signal: agent.signal });
  if (container === undefined) return undefined;
  // Lists lag behind by seconds; the container's latest version does not.
  const latest = textAt(container, 'properties', 'latestVersion');
  const newest = latest === undefined ? undefined : await versionOf(latest);
  if (newest !== undefined && isSame(newest, uri)) return newest;
  const versions = workspace.list(`models/${name}/versions`, {
    query: { $orderBy: 'createdtime desc' },
    signal: agent.signal,
  });
  for await (const model of versions) if (isSame(model, uri)) return model;
  return undefined;
}

function isSame(model: Resource, uri: string): boolean {
  return recordedFact(model, SOURCE_URI) === uri && at(model, 'properties', 'isArchived') !== true;
}

async function register(context: Context, step: PutStep, body: JsonObject): Promise<Resource> {
  const { resource, result } = await putResource(context, step, body, new Map());
  return { ...resource, name: result.version ?? textAt(resource, 'name') ?? '' };
}

function summary(outputs: RegisterOutputs, model: Resource, uri: string, existed: boolean): string {
  const facts = at(model, 'properties', 'properties');
  const rows = Object.entries({ source: uri, ...(isJsonObject(facts) ? facts : {}) }).map(([name, value]) => [
    escapeMarkdown(name),
    escapeMarkdown(typeof value === 'string' ? value : JSON.stringify(value)),
  ]);
  const title = `${outputs.modelName}:${outputs.modelVersion}`;
  const what = existed ? 'was registered from the same source before' : 'registered';
  return `### Model ${escapeMarkdown(title)} ${what}\n\n${markdownTable(['Fact', 'Value'], rows)}`;
}
