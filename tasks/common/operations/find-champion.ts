/** Finds the model a candidate has to beat. */
import { liveDeployment, endpointTraffic } from '../domain/traffic.ts';
import { at, textAt } from '../domain/json.ts';
import { EVALUATION, recordedFact } from '../domain/lineage.ts';
import { modelReference } from '../domain/resource-names.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { modelMetrics, type ModelMetrics } from './model-metrics.ts';
import type { Context } from './task-context.ts';

export type ChampionQuery =
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | { readonly kind: 'modelTag'; readonly model: string; readonly tag: string }
  | { readonly kind: 'latestPromoted'; readonly model: string }
  | { readonly kind: 'none' };

export interface Champion extends ModelMetrics {
  readonly modelId: string;
  /** `name:version`. */
  readonly model: string;
  /** Where it was found, for people. */
  readonly found: string;
}

/** The champion; undefined when there is none yet. */
export async function findChampion(
  context: Context,
  query: ChampionQuery,
  step: string | undefined,
): Promise<Champion | undefined> {
  switch (query.kind) {
    case 'none':
      return undefined;
    case 'endpoint':
      return fromEndpoint(context, query.endpoint, step);
    case 'modelTag': {
      const [name = '', value] = query.tag.split(/=(.*)/s);
      const wanted = value?.trim();
      return fromVersions(
        context,
        query.model,
        step,
        `the newest version of ${query.model} with the tag ${query.tag}`,
        (model) => {
          const tag = textAt(model, 'properties', 'tags', name.trim());
          return tag !== undefined && (wanted === undefined || tag === wanted);
        },
      );
    }
    case 'latestPromoted':
      return fromVersions(context, query.model, step, `the newest promoted version of ${query.model}`, (model) => {
        return recordedFact(model, EVALUATION) === 'promote';
      });
  }
}

async function fromEndpoint(context: Context, name: string, step: string | undefined): Promise<Champion | undefined> {
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
  const reference = id === undefined ? undefined : modelReference(id);
  const model =
    reference &&
    (await workspace.get(`models/${reference.name}/versions/${reference.version}`, { signal: agent.signal }));
  if (reference === undefined || model === undefined) {
    throw new ServiceError({
      status: 404,
      code: 'ChampionNotFound',
      message: `The live deployment '${live}' of the endpoint ${name} serves ${id ?? 'no model'}, which this workspace does not know.`,
      hint: 'Compare with a tagged model instead (champion: modelTag), or with none.',
    });
  }
  return toChampion(context, model, step, `live deployment ${live} of the endpoint ${name}`);
}

async function fromVersions(
  context: Context,
  name: string,
  step: string | undefined,
  found: string,
  isChampion: (model: Resource) => boolean,
): Promise<Champion | undefined> {
  const { workspace, agent } = context;
  if ((await workspace.get(`models/${name}`, { signal: agent.signal })) === undefined) {
    agent.log.info(`No champion: there is no model ${name} yet.`);
    return undefined;
  }
  const versions = workspace.list(`models/${name}/versions`, {
    query: { $orderBy: 'createdtime desc' },
    signal: agent.signal,
  });
  for await (const model of versions) {
    if (at(model, 'properties', 'isArchived') !== true && isChampion(model))
      return toChampion(context, model, step, found);
  }
  agent.log.info(`No champion: there is no such version (${found}).`);
  return undefined;
}

async function toChampion(
  context: Context,
  model: Resource,
  step: string | undefined,
  found: string,
): Promise<Champion> {
  const modelId = textAt(model, 'id') ?? '';
  const reference = modelReference(modelId);
  const shown = reference === undefined ? modelId : `${reference.name}:${reference.version}`;
  return { modelId, model: shown, found, ...(await modelMetrics(context, model, step)) };
}

/** Checks the inputs that say where the champion comes from. Throws UserError for a missing one. */
export function championQuery(
  kind: ChampionQuery['kind'],
  given: {
    readonly endpoint: string | undefined;
    readonly model: string | undefined;
    readonly tag: string | undefined;
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
      return { kind, model: need('championModel', given.model), tag: need('championTag', given.tag) };
    case 'latestPromoted':
      return { kind, model: need('championModel', given.model) };
  }
}
