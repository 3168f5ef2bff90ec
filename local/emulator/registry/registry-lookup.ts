/** Finds assets of registries by their URIs, for whoever in a workspace refers to them. */
import type { ResourceRecord } from '../arm/resource.ts';
import type { EmulatorContext } from '../context.ts';
import type { Collection } from '../state.ts';

type State = Pick<EmulatorContext, 'state'>['state'];

const ASSET = /^azureml:\/\/registries\/([^/]+)\/([^/]+)\/([^/]+)\/(versions|labels)\/([^/]+)$/i;

/** The records of one kind in all registries, by `registryAssetId`. */
export function registryVersions(state: State, segment: string): Collection<ResourceRecord> {
  return state.collection<ResourceRecord>(`registries/${segment}`);
}

/** `azureml://registries/{registry}/{segment}/{name}/versions/{version}` */
export function registryAssetId(registry: string, segment: string, name: string, version: string): string {
  return `azureml://registries/${registry}/${segment}/${name}/versions/${version}`;
}

/** True for a URI of a registry's asset, whether or not it is there. */
export function isRegistryAsset(uri: string): boolean {
  return ASSET.test(uri);
}

/** The asset behind a URI with a version or a label; undefined when this cloud's registries do not have it. */
export function findRegistryAsset(state: State, uri: string): ResourceRecord | undefined {
  const [, registry = '', segment = '', name = '', sort = '', last = ''] = ASSET.exec(uri) ?? [];
  const versions = registryVersions(state, segment.toLowerCase());
  if (sort.toLowerCase() === 'versions') return versions.get(registryAssetId(registry, segment, name, last));
  // A label stands for the newest version.
  return versions
    .list(registryAssetId(registry, segment, name, ''))
    .map(({ value }) => value)
    .at(-1);
}
