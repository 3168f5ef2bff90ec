/** Environments: images with conda files, which come back as JSON text, or build contexts. */
import { parse } from 'yaml';
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, badBody, imageAndBuild } from '../errors.ts';
import type { Evidence, Route } from '../http.ts';
import { objectAt, textAt, without, type JsonObject } from '../json.ts';
import { assetBase, checkUnchanged, newerMembers, numberedVersions, type AssetKind } from './asset-kind.ts';
import { assetRoutes } from './asset-routes.ts';
import { COLLECTIONS, isFrom } from './resource.ts';

const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `environment/${name}` });

const ENVIRONMENTS: AssetKind = {
  segment: 'environments',
  collection: COLLECTIONS.environments,
  // The service answers every PUT as if it made something, and keeps the dates of the first.
  statusOfUpdate: 201,
  updateTouches: false,
  normalise: normaliseEnvironment,
  checkChange: (before, after, scope) => {
    checkUnchanged('environment', ['image', 'condaFile', 'build'], before, after, scope);
  },
  describe: describeEnvironment,
  containerVersions: numberedVersions,
  versionNotFound: (name, version) => assetNotFound('Environment', name, version),
  containerNotFound: (name) => assetNotFound('Environment', name),
  evidence: {
    put: recorded('create_conda_201, environment/create_anonymous_image_201, environment/create_docker_context_201'),
    list: recorded('archive_version_then_list_active'),
    container: { mark: 'spec', source: 'EnvironmentContainers_Get 2025-12-01' },
  },
};

/** What the service makes of an environment, in a workspace and in a registry. */
export function normaliseEnvironment(properties: JsonObject): JsonObject {
  const image = textAt(properties, 'image');
  const build = objectAt(properties, 'build');
  if (image !== undefined && build !== undefined) throw imageAndBuild();
  const { inferenceConfig, autoRebuild, stage, autoDeleteSetting } = properties;
  return {
    ...assetBase(properties),
    ...(autoDeleteSetting !== undefined && { autoDeleteSetting }),
    environmentType: 'UserCreated',
    ...(image !== undefined && { image }),
    condaFile: condaAsJson(textAt(properties, 'condaFile')),
    ...(build !== undefined && { build: { dockerfilePath: 'Dockerfile', ...build } }),
    ...(inferenceConfig !== undefined && { inferenceConfig }),
    osType: properties.osType ?? 'Linux',
    autoRebuild: autoRebuild ?? 'Disabled',
    stage: stage ?? 'Logged',
  };
}

/** An environment as an api-version shows it. */
export function describeEnvironment(properties: JsonObject, apiVersion: string): JsonObject {
  const { autoRebuild, stage, description, tags, properties: own, isArchived, isAnonymous, ...specific } = properties;
  const { autoDelete, provisioning, property } = newerMembers(properties, apiVersion);
  const newer = isFrom(apiVersion, '2023-04-01');
  return {
    ...{ description, tags, properties: own, isArchived, isAnonymous },
    ...autoDelete,
    ...without(specific, 'autoDeleteSetting'),
    ...(newer && { autoRebuild }),
    ...provisioning,
    ...(newer && { stage }),
    ...property,
  };
}

export function environmentRoutes(context: EmulatorContext): Route[] {
  return assetRoutes(context, ENVIRONMENTS);
}

/** YAML text becomes JSON text with two spaces; none becomes the empty text. */
function condaAsJson(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  try {
    return JSON.stringify(parse(text) as unknown, undefined, 2);
  } catch {
    throw badBody('The conda file is not valid YAML.');
  }
}
