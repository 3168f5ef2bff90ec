/** Finds the model a candidate has to beat. */
import { liveDeployment, endpointTraffic } from '../domain/traffic.ts';
import { at, textAt } from '../domain/json.ts';
import { EVALUATION, PROMOTED, recordedFact } from '../domain/lineage.ts';
import { registryAsset } from '../domain/registry-asset.ts';
import { modelReference } from '../domain/resource-names.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Assets, Registry, Resource } from '../ports.ts';
import { modelMetrics, type ModelMetrics } from './model-metrics.ts';
import type { Context } from './task-context.ts';

export type ChampionQuery =
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | { readonly kind: 'modelTag'; readonly model: string; readonly tag: string; readonly registry?: string | undefined }
  | { readonly kind: 'latestPromoted'; readonly model: string; readonly registry?: string | undefined }
  | { readonly kind: 'none' };

/** Models may also be in a registry, which is opened when one is. */
export interface EvaluateContext extends Context {
  readonly openRegistry: (name: string) => Promise<Registry>;
}

export interface Champion extends ModelMetrics {
  readonly modelId: string;
  /** `name:version`. */
  readonly model: string;
  /** Where it was found, for people. */
  readonly found: string;
}

/** The champion; undefined when there is none yet. */
export async function findChampion(
  context: EvaluateContext,
  query: ChampionQuery,
  step: string | undefined,
): Promise<Champion | undefined> {
  switch (query.kind) {
    case 'none':
      return undefined;
    case 'endpoint':
      return fromEndpoint(context, query.endpoint, step);
    case 'modelTag':
      return newestWithTag(context, query, step);
    case 'latestPromoted':
      return latestPromoted(context, query, step);
  }
}

type VersionsQuery = Extract<ChampionQuery, { readonly model: string }>;

function newestWithTag(
  context: EvaluateContext,
  query: Extract<ChampionQuery, { readonly kind: 'modelTag' }>,
  step: string | undefined,
): Promise<Champion | undefined> {
  const [name = '', value] = query.tag.split(/=(.*)/s);
  const wanted = value?.trim();
  const found = `the newest version of ${query.model} with the tag ${query.tag}`;
  return chosenVersion(context, query, step, found, async (versions) => {
    for await (const model of versions) {
      const tag = textAt(model, 'properties', 'tags', name.trim());
      if (tag !== undefined && (wanted === undefined || tag === wanted)) return model;
    }
    return undefined;
  });
}

/** By the time of the promotion, so that going back to an older version counts; else by the outcome at registration. */
function latestPromoted(
  context: EvaluateContext,
  query: VersionsQuery,
  step: string | undefined,
): Promise<Champion | undefined> {
  return chosenVersion(context, query, step, `the version of ${query.model} promoted last`, async (listed) => {
    const versions: Resource[] = [];
    for await (const model of listed) versions.push(model);
    const promotedAt = (model: Resource): number => Date.parse(recordedFact(model, PROMOTED) ?? '') || 0;
    const [latest] = versions.toSorted((a, b) => promotedAt(b) - promotedAt(a));
    if (latest !== undefined && promotedAt(latest) > 0) return latest;
    return versions.find((model) => recordedFact(model, EVALUATION) === 'promote');
  });
}

async function fromEndpoint(
  context: EvaluateContext,
  name: string,
  step: string | undefined,
): Promise<Champion | undefined> {
  const { workspace, agent } = context;
  const endpoint = await workspace.get(`onlineEndpoints/${name}`, { signal: agent.signal });
  const live = liveDeployment(endpointTraffic(endpoint));
  if (live === undefined) {
    const why =
      endpoint === undefined ? `there is no endpoint ${name} yet` : `the endpoint ${name} has no live deployment`;
    agent.log.info(`No champion: ${why}.`);
    return undefined;
  }
  const deployment = await workspace.get(`onlineEndpoints/${name}/deployments/${live}`, { signal: agent.signal });
  const id = textAt(deployment, 'properties', 'model');
  const model = id === undefined ? undefined : (await findModel(context, id))?.model;
  if (model === undefined) {
    throw new ServiceError({
      status: 404,
      code: 'ChampionNotFound',
      message: `The live deployment '${live}' of the endpoint ${name} serves ${id ?? 'no model'}, which is not there.`,
      hint: 'Compare with a tagged model instead (champion: modelTag), or with none.',
    });
  }
  return toChampion(context, model, step, `live deployment ${live} of the endpoint ${name}`);
}

/** The model a text names, in the workspace or in a registry; undefined where it names none. */
export async function findModel(
  { workspace, agent, openRegistry }: EvaluateContext,
  text: string,
): Promise<{ readonly model: Resource | undefined; readonly shown: string } | undefined> {
  const asset = registryAsset(text);
  const reference = asset?.collection === 'models' ? asset : modelReference(text);
  if (reference?.version === undefined) return undefined;
  const assets = asset === undefined ? workspace : await openRegistry(asset.registry);
  const model = await assets.get(`models/${reference.name}/versions/${reference.version}`, { signal: agent.signal });
  return { model, shown: `${reference.name}:${reference.version}` };
}

/** One of the active versions, which come newest first: by the time they were made, never by comparing their names. */
async function chosenVersion(
  context: EvaluateContext,
  { model: name, registry }: VersionsQuery,
  step: string | undefined,
  found: string,
  choose: (versions: AsyncIterable<Resource>) => Promise<Resource | undefined>,
): Promise<Champion | undefined> {
  const { workspace, agent, openRegistry } = context;
  const assets: Assets = registry === undefined ? workspace : await openRegistry(registry);
  if ((await assets.get(`models/${name}`, { signal: agent.signal })) === undefined) {
    agent.log.info(`No champion: there is no model ${name} yet.`);
    return undefined;
  }
  const query = { $orderBy: 'createdtime desc' };
  const chosen = await choose(activeOnly(assets.list(`models/${name}/versions`, { query, signal: agent.signal })));
  if (chosen !== undefined) return toChampion(context, chosen, step, found);
  agent.log.info(`No champion: there is no such version (${found}).`);
  return undefined;
}

async function* activeOnly(versions: AsyncIterable<Resource>): AsyncIterable<Resource> {
  for await (const model of versions) if (at(model, 'properties', 'isArchived') !== true) yield model;
}

async function toChampion(
  context: Context,
  model: Resource,
  step: string | undefined,
  found: string,
): Promise<Champion> {
  const modelId = textAt(model, 'id') ?? '';
  const reference = registryAsset(modelId) ?? modelReference(modelId);
  const shown = reference === undefined ? modelId : `${reference.name}:${reference.version ?? ''}`;
  return { modelId, model: shown, found, ...(await modelMetrics(context, model, step)) };
}

/** Checks the inputs that say where the champion comes from. Throws UserError for a missing one. */
export function championQuery(
  kind: ChampionQuery['kind'],
  given: {
    readonly endpoint: string | undefined;
    readonly model: string | undefined;
    readonly tag: string | undefined;
    readonly registry?: string | undefined;
  },
): ChampionQuery {
  const need = (input: string, value: string | undefined): string => {
    if (value !== undefined) return value;
    throw new UserError(`Input '${input}' is required with champion: ${kind}; give it a value.`);
  };
  switch (kind) {
    case 'none':
      return { kind };
    case 'endpoint':
      return { kind, endpoint: need('championEndpoint', given.endpoint) };
    case 'modelTag':
      return {
        kind,
        model: need('championModel', given.model),
        tag: need('championTag', given.tag),
        registry: given.registry,
      };
    case 'latestPromoted':
      return { kind, model: need('championModel', given.model), registry: given.registry };
  }
}
