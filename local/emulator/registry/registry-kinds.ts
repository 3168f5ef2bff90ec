/** What makes one kind of a registry's assets different from another: what a PUT becomes, and how it is told. */
import { assetBase, numberedVersions } from '../arm/asset-kind.ts';
import { normaliseSpec } from '../arm/component-spec.ts';
import { describeEnvironment, normaliseEnvironment } from '../arm/environments.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import type { EmulatorContext } from '../context.ts';
import { assetVersionExists, badBody } from '../errors.ts';
import { isJsonObject, sameJson, textAt, without, type JsonObject } from '../json.ts';
import type { OperationFamily } from '../operations.ts';

export interface RegistryScope {
  readonly context: EmulatorContext;
  readonly name: string;
  readonly version: string;
}

export interface RegistryKind {
  /** Its word in paths and ids. */
  readonly segment: 'codes' | 'components' | 'data' | 'environments' | 'models';
  /** Which service follows its operations. */
  readonly family: OperationFamily;
  /** The service puts a model's name into `name`, and of all others the version. */
  readonly namedBy: 'name' | 'version';
  /** Members that never change once the version is there. */
  readonly fixed: readonly string[];
  normalise(properties: JsonObject, scope: RegistryScope): JsonObject;
  containerVersions(versions: readonly ResourceRecord[], context: EmulatorContext): JsonObject;
}

const CODES: RegistryKind = {
  segment: 'codes',
  family: 'registryAsset',
  namedBy: 'version',
  fixed: ['codeUri'],
  normalise: (properties) => ({ ...assetBase(properties), codeUri: required(properties, 'codeUri') }),
  containerVersions: numberedVersions,
};

const COMPONENTS: RegistryKind = {
  segment: 'components',
  family: 'registryAsset',
  namedBy: 'version',
  fixed: ['componentSpec'],
  normalise: (properties, { name, version }) => {
    if (!isJsonObject(properties.componentSpec)) throw badBody('The field properties.componentSpec is required.');
    const anonymous = properties.isAnonymous === true;
    const componentSpec = normaliseSpec(properties.componentSpec, { name, version, anonymous });
    return { ...assetBase(properties), description: null, componentSpec };
  },
  containerVersions: (_versions, { clock }) => ({
    latestVersion: null,
    nextVersion: clock.isoZ().replace(/[T:.]/g, '-').replace('Z', ''),
  }),
};

const DATA: RegistryKind = {
  segment: 'data',
  family: 'registryAsset',
  namedBy: 'version',
  fixed: ['dataUri'],
  normalise: (properties) => ({
    ...assetBase(properties),
    dataUri: required(properties, 'dataUri'),
    dataType: required(properties, 'dataType'),
    ...(properties.referencedUris !== undefined && { referencedUris: properties.referencedUris }),
    ...originOf(properties),
  }),
  containerVersions: (versions) => ({
    ...numberedVersions(versions),
    dataType: versions.at(-1)?.properties.dataType ?? null,
  }),
};

const REGISTRY_ENVIRONMENTS: RegistryKind = {
  segment: 'environments',
  family: 'registryEnvironment',
  namedBy: 'version',
  fixed: ['image', 'condaFile', 'build'],
  normalise: (properties) => describeEnvironment(normaliseEnvironment(properties), DATA_PLANE),
  containerVersions: numberedVersions,
};

const MODELS: RegistryKind = {
  segment: 'models',
  family: 'registryAsset',
  namedBy: 'name',
  fixed: ['modelUri', 'modelType'],
  normalise: (properties) => ({
    ...assetBase(properties),
    flavors: properties.flavors ?? {},
    modelType: textAt(properties, 'modelType') ?? 'custom_model',
    modelUri: required(properties, 'modelUri'),
    ...originOf(properties),
    jobName: textAt(properties, 'jobName') ?? null,
  }),
  containerVersions: numberedVersions,
};

/** The api-version of the asset services of registries. */
const DATA_PLANE = '2021-10-01-dataplanepreview';

export const REGISTRY_KINDS: readonly RegistryKind[] = [CODES, COMPONENTS, DATA, REGISTRY_ENVIRONMENTS, MODELS];

/** What was imported says where from. */
function originOf(properties: JsonObject): JsonObject {
  const { originAssetId } = properties;
  return originAssetId === undefined || originAssetId === null ? {} : { originAssetId };
}

function required(properties: JsonObject, member: string): string {
  const value = textAt(properties, member);
  if (value === undefined) throw badBody(`The field properties.${member} is required.`);
  return value;
}

/** What of a component may change in a version that exists. */
const CHANGEABLE = ['display_name', 'description', 'tags', '$schema'];

/** Throws when a version that exists would change in what it is. */
export function checkRegistryChange(
  kind: RegistryKind,
  before: ResourceRecord,
  after: JsonObject,
  { name, version }: RegistryScope,
): void {
  const part = (properties: JsonObject, member: string) => {
    const value = properties[member] ?? null;
    return isJsonObject(value) && member === 'componentSpec' ? without(value, ...CHANGEABLE) : value;
  };
  const changed = kind.fixed.find((member) => !sameJson(part(before.properties, member), part(after, member)));
  if (changed !== undefined) throw assetVersionExists(kind.segment.replace(/s$/, ''), name, version, changed);
}
