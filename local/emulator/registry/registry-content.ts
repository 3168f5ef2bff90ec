/** The files behind a registry's assets: places to upload to, links to read from, and imports from workspaces. */
import { randomUUID } from 'node:crypto';
import { COLLECTIONS, type ResourceRecord } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { badBody, mfeError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { textAt, type JsonObject } from '../json.ts';
import { DataNotFound, findData } from '../jobs/data-access.ts';
import type { RunStore } from '../jobs/run-store.ts';
import { stableGuid } from '../settings.ts';
import { assetMissing, startOperation, storeVersion } from './registry-assets.ts';
import { REGISTRY_KINDS, type RegistryKind } from './registry-kinds.ts';
import { findRegistryAsset, registryAssetId } from './registry-lookup.ts';
import { REGISTRY_PATH, REGISTRY_SERVICE, registryOf, type RegistryRecord } from './registry-record.ts';

/** How long a link holds, in virtual milliseconds. */
const LINK_LIFETIME = 8 * 3600 * 1000;

export function registryContentRoutes(context: EmulatorContext, store: RunStore): Route[] {
  const route = (
    plane: 'arm' | 'regional',
    method: string,
    path: string,
    evidence: Evidence,
    handle: (registry: RegistryRecord, request: Incoming) => Promise<Reply> | Reply,
  ): Route => ({
    plane,
    method,
    path: `${plane === 'regional' ? REGISTRY_SERVICE : ''}${REGISTRY_PATH}/${path}`,
    evidence,
    handle: (request) => handle(registryOf(context, request), request),
  });
  const spec = (source: string): Evidence => ({ mark: 'spec', source });
  return [
    route(
      'regional',
      'PUT',
      'tempdatarefs/{name}/versions/{version}',
      { mark: 'recorded', source: 'registry/temporary_data_reference' },
      (registry, request) => uploadPlace(context, registry, request),
    ),
    route(
      'regional',
      'POST',
      'import',
      { mark: 'recorded', source: 'registry/model_share_from_workspace_lro' },
      (registry, request) => importAsset(context, store, registry, request),
    ),
    // One service under two names.
    route(
      'arm',
      'POST',
      'datareferences/{name}/versions/{version}',
      spec('RegistryDataReferences_GetBlobReferenceSAS 2025-12-01'),
      (registry, request) => readLink(context, registry, request),
    ),
    route(
      'regional',
      'POST',
      'datarefs/{name}/versions/{version}',
      spec('data_references of azure-ai-ml 1.4 and 1.34'),
      (registry, request) => readLink(context, registry, request),
    ),
    ...(['codes', 'data', 'models'] as const).map((segment) =>
      route(
        'arm',
        'POST',
        `${segment}/{name}/versions/{version}/startPendingUpload`,
        spec(`Registry ${segment} CreateOrGetStartPendingUpload 2025-12-01`),
        (registry, request) => pendingUpload(context, registry, segment, request),
      ),
    ),
  ];
}

/** One container an asset version: whoever uploads again finds what is there. */
function containerOf(registry: RegistryRecord, assetId: string): string {
  return `${registry.name.toLowerCase()}-${stableGuid(assetId.toLowerCase())}`;
}

async function link(
  { blobs }: EmulatorContext,
  registry: RegistryRecord,
  container: string,
  permissions: string,
): Promise<JsonObject> {
  const account = registry.storageAccount;
  await blobs.createContainer(account, container);
  return {
    blobUri: blobs.url(account, container),
    storageAccountArmId: `/subscriptions/${registry.subscriptionId}/resourceGroups/azureml-rg-${registry.name}_${registry.registryId}/providers/Microsoft.Storage/storageAccounts/${account}`,
    credential: {
      credentialType: 'SAS',
      sasUri: blobs.sasUrl({ account, container, permissions, lifetimeMs: LINK_LIFETIME }),
    },
  };
}

async function uploadPlace(context: EmulatorContext, registry: RegistryRecord, request: Incoming): Promise<Reply> {
  const assetId = textAt(await request.json(), 'assetId') ?? '';
  if (findRegistryAsset(context.state, assetId) !== undefined) {
    throw mfeError(409, 'UserError', `Asset with ID ${assetId} already exists.`, { innerCodes: ['Conflict'] });
  }
  const reference = await link(context, registry, containerOf(registry, assetId), 'rcwl');
  const credential = { ...(reference.credential as JsonObject), wasbsUri: null };
  return {
    status: 200,
    body: {
      blobReferenceForConsumption: { ...reference, credential },
      imageReferenceForConsumption: null,
      temporaryDataReferenceId: randomUUID(),
      temporaryDataReferenceType: null,
    },
  };
}

async function pendingUpload(
  context: EmulatorContext,
  registry: RegistryRecord,
  segment: string,
  { params }: Incoming,
): Promise<Reply> {
  const assetId = registryAssetId(registry.name, segment, params.name ?? '', params.version ?? '');
  const blobReferenceForConsumption = await link(context, registry, containerOf(registry, assetId), 'racwl');
  const pendingUploadType = 'TemporaryBlobReference';
  return { status: 200, body: { pendingUploadId: randomUUID(), pendingUploadType, blobReferenceForConsumption } };
}

async function readLink(context: EmulatorContext, registry: RegistryRecord, request: Incoming): Promise<Reply> {
  const body = await request.json();
  const assetId = textAt(body, 'assetId') ?? '';
  const place = context.blobs.locate(textAt(body, 'blobUri') ?? '');
  if (findRegistryAsset(context.state, assetId) === undefined) throw assetMissing(assetId);
  if (place?.account !== registry.storageAccount) throw badBody('The field blobUri names no blob of the registry.');
  const { credential, ...reference } = await link(context, registry, place.container, 'rl');
  return { status: 200, body: { blobReferenceForConsumption: { ...reference, credential } } };
}

const SOURCE =
  /^azureml:\/\/locations\/[^/]+\/workspaces\/([^/]+)\/(models|data|environments|components)\/([^/]+)\/versions\/([^/]+)$/i;

/** Copies an asset of a workspace, files and all, on the side of the service. */
async function importAsset(
  context: EmulatorContext,
  store: RunStore,
  registry: RegistryRecord,
  request: Incoming,
): Promise<Reply> {
  const body = await request.json();
  const sourceAssetId = textAt(body, 'properties', 'sourceAssetId') ?? '';
  const { kind, workspace, record } = sourceOf(context, sourceAssetId);
  const name = textAt(body, 'properties', 'destinationName') ?? '';
  const version = textAt(body, 'properties', 'destinationVersion') ?? '';
  const id = registryAssetId(registry.name, kind.segment, name, version);
  if (findRegistryAsset(context.state, id) !== undefined) {
    throw mfeError(409, 'UserError', `Asset with ID ${id} already exists.`, { innerCodes: ['Conflict'] });
  }
  const scope = { context, name, version };
  const headers = startOperation(context, registry, id, 'registryAsset', request, async () => {
    const copied = await copyContent(context, store, workspace, registry, kind, record.properties, id);
    const properties = kind.normalise({ ...record.properties, ...copied, originAssetId: sourceAssetId }, scope);
    storeVersion(context, kind, id, properties, request);
  });
  return { status: 202, headers, body: null };
}

function sourceOf(
  context: EmulatorContext,
  sourceAssetId: string,
): { readonly kind: RegistryKind; readonly workspace: WorkspaceRecord; readonly record: ResourceRecord } {
  const [, guid = '', segment = '', name = '', version = ''] = SOURCE.exec(sourceAssetId) ?? [];
  const kind = REGISTRY_KINDS.find((candidate) => candidate.segment === segment.toLowerCase());
  const workspace = context.state
    .collection<WorkspaceRecord>(COLLECTIONS.workspaces)
    .list()
    .map(({ value }) => value)
    .find(({ workspaceId }) => workspaceId === guid.toLowerCase());
  if (kind === undefined || kind.segment === 'codes' || workspace === undefined) throw assetMissing(sourceAssetId);
  const record = context.state
    .collection<ResourceRecord>(COLLECTIONS[kind.segment])
    .get(`${workspace.id}/${kind.segment}/${name}/versions/${version}`);
  if (record === undefined) throw assetMissing(sourceAssetId);
  return { kind, workspace, record };
}

/** The files under their path in a container of the registry's own; what has none is told as it is. */
async function copyContent(
  { blobs, state, settings }: EmulatorContext,
  store: RunStore,
  workspace: WorkspaceRecord,
  registry: RegistryRecord,
  kind: RegistryKind,
  properties: JsonObject,
  id: string,
): Promise<JsonObject> {
  const member = { models: 'modelUri', data: 'dataUri', codes: 'codeUri', environments: '', components: '' }[
    kind.segment
  ];
  const uri = textAt(properties, member);
  if (uri === undefined) return {};
  const source = findData({ state, settings }, store, workspace, uri, kind.segment === 'models' ? 'models' : 'data');
  const container = containerOf(registry, id);
  await blobs.createContainer(registry.storageAccount, container);
  const found = (await blobs.list(source.account, source.container, source.path)).filter(
    ({ name }) => name === source.path || name.startsWith(`${source.path}/`),
  );
  if (found.length === 0) throw new DataNotFound(`There is nothing at ${uri}.`);
  for (const { name } of found) {
    const content =
      (await blobs.read({ account: source.account, container: source.container, name })) ?? Buffer.alloc(0);
    await blobs.write({ account: registry.storageAccount, container, name }, content);
  }
  return { [member]: blobs.url(registry.storageAccount, container, source.path) };
}
