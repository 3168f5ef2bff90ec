/** Models: files on a datastore with a type, flavours and a stage. */
import type { EmulatorContext } from '../context.ts';
import { badBody, modelContainerNotFound, modelVersionNotFound } from '../errors.ts';
import type { Evidence, Route } from '../http.ts';
import { textAt } from '../json.ts';
import { assetBase, checkUnchanged, newerMembers, numberedVersions, type AssetKind } from './asset-kind.ts';
import { assetRoutes } from './asset-routes.ts';
import { longUri, resolvePlace, type FindJobOutput } from './asset-uri.ts';
import { hasTags } from './list-filters.ts';
import { COLLECTIONS, isFrom } from './resource.ts';

const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `model/${name}` });

const modelKind = (findJobOutput: FindJobOutput): AssetKind => ({
  segment: 'models',
  collection: COLLECTIONS.models,
  statusOfUpdate: 200,
  updateTouches: true,
  normalise: (properties, { workspace }) => {
    const modelUri = textAt(properties, 'modelUri');
    if (modelUri === undefined) throw badBody('The field properties.modelUri is required.');
    const place = resolvePlace(workspace, modelUri, findJobOutput);
    const { datastore, path } = place;
    const rewritten =
      datastore === undefined || path === undefined ? modelUri : longUri(workspace, datastore, path, 'resourceGroups');
    return {
      ...assetBase(properties),
      flavors: properties.flavors ?? {},
      modelType: textAt(properties, 'modelType') ?? 'custom_model',
      modelUri: rewritten,
      jobName: textAt(properties, 'jobName') ?? place.job ?? null,
      stage: textAt(properties, 'stage') ?? null,
    };
  },
  checkChange: (before, after, scope) => {
    checkUnchanged('model', ['modelUri', 'modelType'], before, after, scope);
  },
  describe: (properties, apiVersion) => {
    const { description, tags, properties: own, isArchived, isAnonymous, ...rest } = properties;
    const { flavors, modelType, modelUri, jobName, stage } = rest;
    const { autoDelete, provisioning, property } = newerMembers(properties, apiVersion);
    return {
      ...{ description, tags, properties: own, isArchived, isAnonymous },
      ...autoDelete,
      ...{ flavors, modelType, modelUri, jobName },
      ...provisioning,
      ...(isFrom(apiVersion, '2023-04-01') && { stage: stage ?? null }),
      ...property,
    };
  },
  containerVersions: numberedVersions,
  versionNotFound: modelVersionNotFound,
  containerNotFound: modelContainerNotFound,
  keeps: (record, query) => {
    const { properties } = record;
    const fits = (name: string, value: unknown): boolean => !query.has(name) || query.get(name) === value;
    return (
      fits('version', record.name) &&
      fits('stage', properties.stage ?? null) &&
      (textAt(properties, 'description') ?? '').includes(query.get('description') ?? '') &&
      hasTags(properties.tags, query.get('tags')) &&
      hasTags(properties.properties, query.get('properties'))
    );
  },
  evidence: {
    put: recorded('create_mlflow_201_get_list, model/put_existing_200'),
    list: recorded('get_latest_label_by_ordered_list, model/create_with_stage_201_list_by_stage'),
    container: recorded('create_autoincrement_container_404_then_201'),
  },
});

export function modelRoutes(context: EmulatorContext, findJobOutput: FindJobOutput): Route[] {
  return assetRoutes(context, modelKind(findJobOutput));
}
