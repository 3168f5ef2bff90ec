/** Assets of registries by their URIs. */

/** The collections a registry holds. */
export type RegistryCollection = 'codes' | 'components' | 'data' | 'environments' | 'models';

export interface RegistryAsset {
  readonly registry: string;
  readonly collection: string;
  readonly name: string;
  /** Undefined where the URI names a label. */
  readonly version: string | undefined;
}

/** Names of registries, as the service takes them. */
const REGISTRY_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{1,32}$/;

/** A sentence when no registry can have this name; undefined when one can. */
export function registryNameProblem(name: string): string | undefined {
  return REGISTRY_NAME.test(name)
    ? undefined
    : `'${name}' is not a name for a registry: use 2 to 33 letters, digits, - and _, and start with a letter or digit.`;
}

/** `azureml://registries/{registry}/{collection}/{name}/versions/{version}` */
export function registryAssetId(
  registry: string,
  collection: RegistryCollection,
  name: string,
  version: string,
): string {
  return `azureml://registries/${registry}/${collection}/${name}/versions/${version}`;
}

/** The parts of such a URI; undefined for any other text. */
export function registryAsset(text: string): RegistryAsset | undefined {
  const match = /^azureml:\/\/registries\/([^/]+)\/([^/]+)\/([^/]+)\/(versions|labels)\/([^/]+)$/i.exec(text.trim());
  const [, registry = '', collection = '', name = '', sort, last] = match ?? [];
  if (match === null) return undefined;
  return { registry, collection, name, version: sort?.toLowerCase() === 'versions' ? last : undefined };
}
