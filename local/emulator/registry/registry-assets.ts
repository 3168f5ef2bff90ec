/**
 * The assets of a registry. The official clients ask the region's host for them; Azure Resource Manager has the same
 * collections, with its own way to announce an operation.
 */
import { page } from '../arm/paging.ts';
import { created, modified, type ResourceRecord } from '../arm/resource.ts';
import { apiVersionOf } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { mfeError, type EmulatedError } from '../errors.ts';
import type { Evidence, Incoming, Plane, Reply, Route } from '../http.ts';
import { asObject, type JsonObject } from '../json.ts';
import { checkRegistryChange, REGISTRY_KINDS, type RegistryKind, type RegistryScope } from './registry-kinds.ts';
import { registryAssetId, registryVersions } from './registry-lookup.ts';
import { REGISTRY_PATH, REGISTRY_SERVICE, registryOf, type RegistryRecord } from './registry-record.ts';

const PAGE_SIZE = 30;

const RECORDED: Readonly<Record<RegistryKind['segment'], Evidence>> = {
  environments: { mark: 'recorded', source: 'registry/environment_create_lro' },
  models: { mark: 'recorded', source: 'registry/model_share_from_workspace_lro' },
  components: { mark: 'recorded', source: 'registry/component_create_forbidden_401; requests of azure-ai-ml 1.34' },
  codes: { mark: 'spec', source: 'requests of azure-ai-ml 1.34' },
  data: { mark: 'spec', source: 'requests of azure-ai-ml 1.34' },
};

export function registryAssetRoutes(context: EmulatorContext): Route[] {
  return (['regional', 'arm'] as const).flatMap((plane) =>
    REGISTRY_KINDS.flatMap((kind) => kindRoutes(context, plane, kind)),
  );
}

function kindRoutes(context: EmulatorContext, plane: Plane, kind: RegistryKind): Route[] {
  const root = `${plane === 'regional' ? REGISTRY_SERVICE : ''}${REGISTRY_PATH}/${kind.segment}`;
  const evidence: Evidence =
    plane === 'regional'
      ? RECORDED[kind.segment]
      : { mark: 'spec', source: `Registry ${kind.segment} versions 2025-12-01` };
  const route = (
    method: string,
    path: string,
    handle: (assets: Assets, request: Incoming) => Promise<Reply> | Reply,
  ): Route => ({
    plane,
    method,
    path,
    evidence,
    handle: (request) => handle(openAssets(context, kind, request), request),
  });
  return [
    route('GET', root, listContainers),
    route('GET', `${root}/{name}`, (assets) => ({ status: 200, body: describeContainer(assets, assets.scope.name) })),
    route('GET', `${root}/{name}/versions`, listVersions),
    route('GET', `${root}/{name}/versions/{version}`, getVersion),
    route('PUT', `${root}/{name}/versions/{version}`, (assets, request) => putVersion(assets, request, plane)),
    route('DELETE', `${root}/{name}/versions/{version}`, (assets) => ({
      status: registryVersions(context.state, kind.segment).delete(assets.id) ? 200 : 204,
    })),
  ];
}

interface Assets {
  readonly kind: RegistryKind;
  readonly registry: RegistryRecord;
  readonly scope: RegistryScope;
  readonly id: string;
}

function openAssets(context: EmulatorContext, kind: RegistryKind, request: Incoming): Assets {
  const registry = registryOf(context, request);
  const { name = '', version = '' } = request.params;
  return {
    kind,
    registry,
    scope: { context, name, version },
    id: registryAssetId(registry.name, kind.segment, name, version),
  };
}

/** The service's 404 for an asset of a registry. */
export function assetMissing(id: string): EmulatedError {
  return mfeError(404, 'UserError', `Could not find asset with ID: ${id}`, { innerCodes: ['NotFoundError'] });
}

function describeVersion(kind: RegistryKind, record: ResourceRecord): JsonObject {
  const [name, , version] = record.id.split('/').slice(-3);
  return {
    id: record.id,
    name: (kind.namedBy === 'name' ? name : version) ?? '',
    type: kind.segment,
    properties: record.properties,
    systemData: record.systemData,
  };
}

function getVersion({ kind, scope, id }: Assets): Reply {
  const found = registryVersions(scope.context.state, kind.segment).get(id);
  if (found === undefined) throw assetMissing(id);
  return { status: 200, body: describeVersion(kind, found) };
}

async function putVersion(assets: Assets, request: Incoming, plane: Plane): Promise<Reply> {
  const { kind, scope, id, registry } = assets;
  const { context } = scope;
  const properties = kind.normalise(asObject(asObject(await request.json()).properties), scope);
  const before = registryVersions(context.state, kind.segment).get(id);
  if (before !== undefined) checkRegistryChange(kind, before, properties, scope);
  const origin = before?.properties.originAssetId;
  const kept = origin === undefined ? properties : { ...properties, originAssetId: origin };
  const headers = startOperation(context, registry, id, plane === 'arm' ? 'registry' : kind.family, request, () => {
    storeVersion(context, kind, id, kept, request);
  });
  return plane === 'arm'
    ? { status: 201, headers, body: { id, properties: kept } }
    : { status: 202, headers, body: null };
}

/** Stores what a PUT or an import made, when its operation ends. */
export function storeVersion(
  context: EmulatorContext,
  kind: RegistryKind,
  id: string,
  properties: JsonObject,
  request: Incoming,
): void {
  const versions = registryVersions(context.state, kind.segment);
  const before = versions.get(id);
  const systemData =
    before === undefined
      ? created(context.clock, request.caller)
      : modified(before.systemData, context.clock, request.caller);
  versions.put(id, { id, name: id.split('/').at(-1) ?? '', type: kind.segment, properties, systemData });
}

/** Headers of the answer that announces the operation. */
export function startOperation(
  context: EmulatorContext,
  registry: RegistryRecord,
  target: string,
  family: RegistryKind['family'],
  request: Incoming,
  complete: () => void | Promise<void>,
): Readonly<Record<string, string>> {
  return context.operations.start({
    family,
    verb: 'put',
    target,
    subscriptionId: registry.subscriptionId,
    region: registry.region,
    workspaceId: registry.registryId,
    apiVersion: apiVersionOf(request),
    durationMs: context.timings.registryAssetChange,
    complete: async () => {
      await complete();
      return undefined;
    },
  }).headers;
}

function versionsOf({ kind, registry, scope }: Assets, name: string): readonly ResourceRecord[] {
  const prefix = registryAssetId(registry.name, kind.segment, name, '');
  return registryVersions(scope.context.state, kind.segment)
    .list(prefix)
    .map(({ value }) => value);
}

/** Newest first, active ones unless asked otherwise. */
function listVersions(assets: Assets, request: Incoming): Reply {
  const view = request.query.get('listViewType') ?? 'ActiveOnly';
  const shown = versionsOf(assets, assets.scope.name)
    .filter(({ properties }) => view === 'All' || (properties.isArchived === true) === (view === 'ArchivedOnly'))
    .toReversed()
    .map((record) => describeVersion(assets.kind, record));
  return { status: 200, body: page(request, shown, Number(request.query.get('$top') ?? PAGE_SIZE)) };
}

function describeContainer(assets: Assets, name: string): JsonObject {
  const { kind, registry, scope } = assets;
  const versions = versionsOf(assets, name);
  const [first] = versions;
  if (first === undefined) throw assetMissing(`azureml://registries/${registry.name}/${kind.segment}/${name}`);
  return {
    id: `azureml://registries/${registry.name}/${kind.segment}/${name}`,
    name,
    type: kind.segment,
    properties: {
      description: null,
      tags: {},
      properties: {},
      isArchived: false,
      ...kind.containerVersions(versions, scope.context),
    },
    systemData: first.systemData,
  };
}

function listContainers(assets: Assets, request: Incoming): Reply {
  const { kind, registry, scope } = assets;
  const root = `azureml://registries/${registry.name}/${kind.segment}/`;
  const names = registryVersions(scope.context.state, kind.segment)
    .list(root)
    .map(({ value }) => value.id.slice(root.length).split('/')[0] ?? '');
  const containers = [...new Set(names)].map((name) => describeContainer(assets, name));
  return { status: 200, body: page(request, containers, PAGE_SIZE) };
}
