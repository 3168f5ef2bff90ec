/** The routes all kinds of versioned assets share: versions and their containers, read, listed, put and deleted. */
import type { EmulatorContext } from '../context.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, textAt, type JsonObject } from '../json.ts';
import type { Collection } from '../state.ts';
import type { AssetKind, AssetScope } from './asset-kind.ts';
import { page } from './paging.ts';
import { created, modified, type ResourceRecord, type SystemData } from './resource.ts';
import { apiVersionOf, WORKSPACE_PATH, WORKSPACE_TYPE, workspaceOf } from './workspace-scope.ts';

/** What was set on a container itself; the rest of a container follows from its versions. */
interface ContainerRecord {
  readonly properties: JsonObject;
  readonly systemData: SystemData;
}

const PAGE_SIZE = 30;

export function assetRoutes(context: EmulatorContext, kind: AssetKind): Route[] {
  const containerPath = `${WORKSPACE_PATH}/${kind.segment}/{name}`;
  const versionPath = `${containerPath}/versions/{version}`;
  const spec = (operation: string): Evidence => ({ mark: 'spec', source: `${kind.segment} ${operation} 2025-12-01` });
  const route = (
    method: string,
    path: string,
    evidence: Evidence,
    handle: (assets: Assets, request: Incoming) => Promise<Reply> | Reply,
  ): Route => ({
    plane: 'arm',
    method,
    path,
    evidence,
    handle: (request) => handle(openAssets(context, kind, request), request),
  });
  return [
    route('GET', `${WORKSPACE_PATH}/${kind.segment}`, spec('list'), listContainers),
    route('GET', containerPath, kind.evidence.container, (assets) => ({
      status: 200,
      body: describeContainer(assets),
    })),
    route('PUT', containerPath, spec('createOrUpdate'), putContainer),
    route('DELETE', containerPath, spec('delete'), deleteContainer),
    route('GET', `${containerPath}/versions`, kind.evidence.list, listVersions),
    route('GET', versionPath, kind.evidence.put, getVersion),
    route('PUT', versionPath, kind.evidence.put, putVersion),
    route('DELETE', versionPath, spec('delete'), (assets) => ({
      status: assets.versions.delete(assets.versionId) ? 200 : 204,
    })),
  ];
}

/** The assets of one kind as a request sees them. */
interface Assets {
  readonly kind: AssetKind;
  readonly scope: AssetScope;
  readonly apiVersion: string;
  readonly versions: Collection<ResourceRecord>;
  readonly containers: Collection<ContainerRecord>;
  readonly containerId: string;
  readonly versionId: string;
  readonly kindId: string;
}

function openAssets(context: EmulatorContext, kind: AssetKind, request: Incoming): Assets {
  const workspace = workspaceOf(context, request);
  const { name = '', version = '' } = request.params;
  const kindId = `${workspace.id}/${kind.segment}`;
  return {
    kind,
    scope: { context, workspace, name, version },
    apiVersion: apiVersionOf(request),
    versions: context.state.collection<ResourceRecord>(kind.collection),
    containers: context.state.collection<ContainerRecord>(`${kind.segment}/containers`),
    kindId,
    containerId: `${kindId}/${name}`,
    versionId: `${kindId}/${name}/versions/${version}`,
  };
}

function describeVersion({ kind, apiVersion }: Assets, record: ResourceRecord): ResourceRecord {
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    properties: kind.describe(record.properties, apiVersion),
    systemData: kind.describeSystemData?.(record.systemData) ?? record.systemData,
  };
}

function getVersion(assets: Assets): Reply {
  const { kind, scope } = assets;
  const found = assets.versions.get(assets.versionId);
  if (found === undefined) throw kind.versionNotFound(scope.name, scope.version);
  return { status: 200, body: describeVersion(assets, found) };
}

async function putVersion(assets: Assets, request: Incoming): Promise<Reply> {
  const { kind, scope, versions, versionId } = assets;
  const { clock } = scope.context;
  const sent = asObject(asObject(await request.json()).properties);
  const properties = kind.normalise(sent, scope);
  const equal = kind.findEqual?.(properties, scope);
  if (equal !== undefined) return { status: 201, body: describeVersion(assets, equal) };
  const before = versions.get(versionId);
  if (before !== undefined) kind.checkChange(before, properties, scope);
  const systemData =
    before === undefined
      ? created(clock, request.caller)
      : kind.updateTouches
        ? modified(before.systemData, clock, request.caller)
        : before.systemData;
  const record: ResourceRecord = {
    id: before?.id ?? versionId,
    name: before?.name ?? scope.version,
    type: `${WORKSPACE_TYPE}/${kind.segment}/versions`,
    properties,
    systemData,
  };
  versions.put(versionId, record);
  return { status: before === undefined ? 201 : kind.statusOfUpdate, body: describeVersion(assets, record) };
}

/** Newest first unless asked otherwise; what was just written is not in it yet. */
function listVersions(assets: Assets, request: Incoming): Reply {
  const { kind, scope } = assets;
  const { query } = request;
  const across = kind.listsAcross?.(request) === true;
  const prefix = across ? `${assets.kindId}/` : `${assets.containerId}/versions/`;
  // A look-up by content is exact; only lists lag behind.
  const lag = across ? 0 : scope.context.timings.listLag;
  const records = assets.versions
    .listLagging(lag, prefix)
    .map(({ value }) => value)
    .filter((record) => isListed(record.properties, query) && kind.keeps?.(record, query) !== false)
    .sort(compareBy(query.get('$orderBy') ?? 'createdtime desc'));
  const shown = records.map((record) => describeVersion(assets, record));
  return { status: 200, body: page(request, shown, Number(query.get('$top') ?? PAGE_SIZE)) };
}

/** `listViewType` decides between active and archived ones. */
function isListed(properties: JsonObject, query: URLSearchParams): boolean {
  const view = query.get('listViewType') ?? 'ActiveOnly';
  const archived = properties.isArchived === true;
  return view === 'All' || archived === (view === 'ArchivedOnly');
}

function compareBy(orderBy: string): (a: ResourceRecord, b: ResourceRecord) => number {
  const [field = '', direction = 'asc'] = orderBy.toLowerCase().split(/\s+/);
  const sign = direction === 'desc' ? -1 : 1;
  const keyOf = (record: ResourceRecord): string =>
    field === 'name' || field === 'version'
      ? record.name
      : field === 'modifiedtime'
        ? (record.systemData.lastModifiedAt ?? record.systemData.createdAt)
        : record.systemData.createdAt;
  return (a, b) => sign * (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0);
}

function describeContainer(assets: Assets): JsonObject {
  const { kind, scope, containerId } = assets;
  const own = assets.containers.get(containerId);
  const versions = assets.versions.list(`${containerId}/versions/`).map(({ value }) => value);
  const [first] = versions;
  if (own === undefined && first === undefined) throw kind.containerNotFound(scope.name);
  const name = first?.id.split('/').at(-3) ?? scope.name;
  const systemData = own?.systemData ?? first?.systemData;
  return {
    id: `${assets.kindId}/${name}`,
    name,
    type: `${WORKSPACE_TYPE}/${kind.segment}`,
    properties: {
      description: textAt(own?.properties, 'description') ?? null,
      tags: own?.properties.tags ?? {},
      properties: own?.properties.properties ?? {},
      isArchived: own?.properties.isArchived ?? false,
      ...kind.containerVersions(versions, scope.context),
    },
    ...(systemData !== undefined && { systemData }),
  };
}

function listContainers(assets: Assets, request: Incoming): Reply {
  const inVersions = assets.versions
    .listLagging(assets.scope.context.timings.listLag, `${assets.kindId}/`)
    .map(({ value }) => value.id.slice(0, value.id.lastIndexOf('/versions/')));
  const ids = new Set([...inVersions, ...assets.containers.list(`${assets.kindId}/`).map(({ key }) => key)]);
  const containers = [...ids]
    .map((id) => {
      const name = id.slice(id.lastIndexOf('/') + 1);
      return describeContainer({ ...assets, scope: { ...assets.scope, name }, containerId: id });
    })
    .filter((container) => isListed(asObject(container.properties), request.query));
  return { status: 200, body: page(request, containers, PAGE_SIZE) };
}

async function putContainer(assets: Assets, request: Incoming): Promise<Reply> {
  const { containerId, scope } = assets;
  const { clock } = scope.context;
  const sent = asObject(asObject(await request.json()).properties);
  const own = assets.containers.get(containerId);
  const known = own !== undefined || assets.versions.list(`${containerId}/versions/`).length > 0;
  const systemData =
    own === undefined ? created(clock, request.caller) : modified(own.systemData, clock, request.caller);
  assets.containers.put(containerId, { properties: { ...own?.properties, ...sent }, systemData });
  return { status: known ? 200 : 201, body: describeContainer(assets) };
}

function deleteContainer(assets: Assets): Reply {
  const versions = assets.versions.list(`${assets.containerId}/versions/`);
  for (const { key } of versions) assets.versions.delete(key);
  const removed = assets.containers.delete(assets.containerId);
  return { status: removed || versions.length > 0 ? 200 : 204 };
}
