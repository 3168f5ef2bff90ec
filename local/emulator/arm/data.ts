/** Data assets: their place never changes once registered. */
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, badBody, dataVersionExists, dataVersionNotFound } from '../errors.ts';
import type { Evidence, Route } from '../http.ts';
import { textAt, without } from '../json.ts';
import { assetBase, newerMembers, numberedVersions, type AssetKind } from './asset-kind.ts';
import { assetRoutes } from './asset-routes.ts';
import { longUri, resolvePlace, type FindJobOutput } from './asset-uri.ts';
import { COLLECTIONS } from './resource.ts';
import { hasTags } from './list-filters.ts';

const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `data/${name}` });
const TYPES = ['uri_file', 'uri_folder', 'mltable'];

const dataKind = (findJobOutput: FindJobOutput): AssetKind => ({
  segment: 'data',
  collection: COLLECTIONS.data,
  statusOfUpdate: 200,
  updateTouches: true,
  normalise: (properties, { workspace }) => {
    const dataUri = textAt(properties, 'dataUri');
    const dataType = textAt(properties, 'dataType') ?? '';
    if (dataUri === undefined) throw badBody('The field properties.dataUri is required.');
    if (!TYPES.includes(dataType)) throw badBody(`The data type ${dataType} is none of ${TYPES.join(', ')}.`);
    const { autoDeleteSetting, referencedUris } = properties;
    return {
      ...assetBase(properties),
      dataUri: placeOf(workspace, dataUri, dataType, findJobOutput),
      dataType,
      ...(referencedUris !== undefined && { referencedUris }),
      ...(autoDeleteSetting !== undefined && { autoDeleteSetting }),
    };
  },
  checkChange: (before, after) => {
    if (before.properties.dataUri !== after.dataUri) throw dataVersionExists();
  },
  describe: (properties, apiVersion) => {
    return { ...without(properties, 'autoDeleteSetting'), ...newerMembers(properties, apiVersion).autoDelete };
  },
  // Recorded so: the author of the last change is not named.
  describeSystemData: ({ createdAt, createdBy, createdByType, lastModifiedAt }) => ({
    createdAt,
    createdBy,
    createdByType,
    ...(lastModifiedAt !== undefined && { lastModifiedAt }),
  }),
  containerVersions: (versions) => ({
    ...numberedVersions(versions),
    dataType: versions.at(-1)?.properties.dataType ?? null,
  }),
  versionNotFound: dataVersionNotFound,
  containerNotFound: (name) => assetNotFound('Data container', name),
  keeps: ({ properties }, query) => hasTags(properties.tags, query.get('$tags')),
  evidence: {
    put: recorded('create_version_201, data/get_version_404'),
    list: { mark: 'spec', source: 'DataVersions_List 2025-12-01' },
    container: { mark: 'spec', source: 'DataContainers_Get 2025-12-01' },
  },
});

export function dataRoutes(context: EmulatorContext, findJobOutput: FindJobOutput): Route[] {
  return assetRoutes(context, dataKind(findJobOutput));
}

/** The long URI of a place on a datastore, a folder's with a slash at the end; other URLs as a URL is written. */
function placeOf(
  workspace: Parameters<typeof longUri>[0],
  uri: string,
  dataType: string,
  findJobOutput: FindJobOutput,
): string {
  if (/^https?:\/\/[^/]+$/.test(uri)) return `${uri}/`;
  if (/^https?:/.test(uri)) return uri;
  const { datastore, path } = resolvePlace(workspace, uri, findJobOutput);
  if (datastore === undefined || path === undefined) return uri;
  const long = longUri(workspace, datastore, path, 'resourcegroups');
  return dataType === 'uri_file' || long.endsWith('/') ? long : `${long}/`;
}
