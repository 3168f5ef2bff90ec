/** Components: specifications the service rewrites; anonymous ones with equal content are one. */
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, assetVersionExists, badBody, componentNotFound } from '../errors.ts';
import type { Evidence, Route } from '../http.ts';
import { isJsonObject, sameJson, type JsonObject } from '../json.ts';
import { assetBase, newerMembers, type AssetKind, type AssetScope } from './asset-kind.ts';
import { assetRoutes } from './asset-routes.ts';
import { normaliseSpec } from './component-spec.ts';
import { COLLECTIONS, type ResourceRecord } from './resource.ts';

const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `component/${name}` });

/** What may change in a version that exists. */
const CHANGEABLE = ['display_name', 'description', 'tags', '$schema'];

const COMPONENTS: AssetKind = {
  segment: 'components',
  collection: COLLECTIONS.components,
  statusOfUpdate: 200,
  updateTouches: true,
  normalise: (properties, { name, version }) => {
    if (!isJsonObject(properties.componentSpec)) throw badBody('The field properties.componentSpec is required.');
    const anonymous = properties.isAnonymous === true;
    return {
      ...assetBase(properties),
      // The description lives in the specification; here the service always answers null.
      description: null,
      componentSpec: normaliseSpec(properties.componentSpec, { name, version, anonymous }),
    };
  },
  findEqual: findAnonymous,
  checkChange: (before, after, { name, version }) => {
    if (!sameJson(fixedPart(before.properties), fixedPart(after))) {
      throw assetVersionExists('component', name, version, 'componentSpec');
    }
  },
  describe: (properties, apiVersion) => {
    const { componentSpec, ...base } = properties;
    return { ...base, componentSpec, ...newerMembers(properties, apiVersion).provisioning };
  },
  containerVersions: (_versions, { clock }) => ({
    latestVersion: null,
    nextVersion: clock.isoZ().replace(/[T:.]/g, '-').replace('Z', ''),
  }),
  versionNotFound: (name, version) => assetNotFound('Component', name, version),
  containerNotFound: componentNotFound,
  evidence: {
    put: recorded(
      'create_version_201_and_container, component/create_anonymous_201, component/update_existing_version_200',
    ),
    list: recorded('list_versions_and_archive'),
    container: recorded('create_version_201_and_container, component/get_container_404'),
  },
};

export function componentRoutes(context: EmulatorContext): Route[] {
  return assetRoutes(context, COMPONENTS);
}

/** The older anonymous component that says the same, whatever version its client computed for it. */
function findAnonymous(properties: JsonObject, { context, workspace, name }: AssetScope): ResourceRecord | undefined {
  if (properties.isAnonymous !== true) return undefined;
  return context.state
    .collection<ResourceRecord>(COLLECTIONS.components)
    .list(`${workspace.id}/components/${name}/versions/`)
    .map(({ value }) => value)
    .find((record) => sameJson(record.properties.componentSpec, properties.componentSpec));
}

function fixedPart(properties: JsonObject): JsonObject {
  const spec = isJsonObject(properties.componentSpec) ? properties.componentSpec : {};
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !CHANGEABLE.includes(key)));
}
