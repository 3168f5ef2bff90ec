/** Datastores: read, listed, made, deleted, and their secrets. */
import type { EmulatorContext } from '../context.ts';
import { badBody, datastoreNotFound, mfeError } from '../errors.ts';
import { armRoute } from '../http.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, at, textAt, without, type JsonObject } from '../json.ts';
import { page } from './paging.ts';
import { COLLECTIONS, created, modified, type ResourceRecord } from './resource.ts';
import { WORKSPACE_PATH, WORKSPACE_TYPE, workspaceOf, type WorkspaceRecord } from './workspace-scope.ts';

/** Secrets of datastores users made, apart from what is shown of them. */
const SECRETS = 'datastores/secrets';

const PATH = `${WORKSPACE_PATH}/datastores`;
const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `datastore/${name}` });
const spec = (operation: string): Evidence => ({ mark: 'spec', source: `Datastores_${operation} 2025-12-01` });

export function datastoreRoutes(context: EmulatorContext): Route[] {
  const datastores = context.state.collection<ResourceRecord>(COLLECTIONS.datastores);
  return [
    armRoute('GET', PATH, recorded('list_default'), (request) => list(context, request)),
    armRoute('GET', `${PATH}/{datastore}`, recorded('get_and_list_secrets'), (request) => ({
      status: 200,
      body: existing(context, request),
    })),
    armRoute('PUT', `${PATH}/{datastore}`, spec('CreateOrUpdate'), (request) => put(context, request)),
    armRoute('DELETE', `${PATH}/{datastore}`, spec('Delete'), (request) => ({
      status: datastores.delete(idOf(context, request)) ? 200 : 204,
    })),
    armRoute('POST', `${PATH}/{datastore}/listSecrets`, recorded('get_and_list_secrets'), (request) =>
      listSecrets(context, request),
    ),
  ];
}

/** A datastore of a workspace by name; undefined when there is none. */
export function findDatastore(
  context: Pick<EmulatorContext, 'state'>,
  workspace: WorkspaceRecord,
  name: string,
): ResourceRecord | undefined {
  return context.state.collection<ResourceRecord>(COLLECTIONS.datastores).get(`${workspace.id}/datastores/${name}`);
}

function idOf(context: EmulatorContext, request: Incoming): string {
  return `${workspaceOf(context, request).id}/datastores/${request.params.datastore ?? ''}`;
}

function existing(context: EmulatorContext, request: Incoming): ResourceRecord {
  const name = request.params.datastore ?? '';
  const found = findDatastore(context, workspaceOf(context, request), name);
  if (found === undefined) throw datastoreNotFound(name);
  return found;
}

function list(context: EmulatorContext, request: Incoming): Reply {
  const workspace = workspaceOf(context, request);
  const { query } = request;
  const names = query
    .get('names')
    ?.split(',')
    .filter((name) => name !== '');
  const records = context.state
    .collection<ResourceRecord>(COLLECTIONS.datastores)
    .list(`${workspace.id}/datastores/`)
    .map(({ value }) => value)
    .filter(({ properties }) => query.get('isDefault') !== 'true' || properties.isDefault === true)
    .filter(({ name }) => names === undefined || names.includes(name))
    .filter(({ name }) => name.includes(query.get('searchText') ?? ''));
  return { status: 200, body: page(request, records, Number(query.get('count') ?? 30)) };
}

async function put(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const workspace = workspaceOf(context, request);
  const name = request.params.datastore ?? '';
  const id = `${workspace.id}/datastores/${name}`;
  const properties = asObject(asObject(await request.json()).properties);
  const datastoreType = textAt(properties, 'datastoreType');
  if (datastoreType === undefined) throw badBody('The field properties.datastoreType is required.');
  const credentials = asObject(properties.credentials);
  const datastores = context.state.collection<ResourceRecord>(COLLECTIONS.datastores);
  const before = datastores.get(id);
  const record: ResourceRecord = {
    id,
    name: before?.name ?? name,
    type: `${WORKSPACE_TYPE}/datastores`,
    properties: {
      description: null,
      tags: null,
      properties: null,
      isDefault: false,
      endpoint: context.cloud.storageSuffix,
      protocol: 'https',
      serviceDataAccessAuthIdentity: 'None',
      ...properties,
      credentials: without(credentials, 'secrets'),
    },
    systemData:
      before === undefined
        ? created(context.clock, request.caller)
        : modified(before.systemData, context.clock, request.caller),
  };
  datastores.put(id, record);
  const secrets = at(credentials, 'secrets');
  if (secrets !== undefined) context.state.collection<JsonObject>(SECRETS).put(id, asObject(secrets));
  const container = textAt(properties, 'containerName');
  if (datastoreType === 'AzureBlob' && container !== undefined && properties.accountName === workspace.storageAccount) {
    await context.blobs.createContainer(workspace.storageAccount, container);
  }
  return { status: before === undefined ? 201 : 200, body: record };
}

/**
 * The key, or what else was stored. Newer clients ask for a secret that expires and get a SAS of the container for
 * that many hours instead of the account's key.
 */
async function listSecrets(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const datastore = existing(context, request);
  const stored = context.state.collection<JsonObject>(SECRETS).get(datastore.id);
  if (stored !== undefined) return { status: 200, body: stored };
  const kind = textAt(datastore.properties, 'credentials', 'credentialsType');
  if (kind !== 'AccountKey') {
    throw mfeError(400, 'UserError', `No secrets for credentials of type ${kind ?? 'None'}.`, {
      innerCodes: ['BadArgument'],
    });
  }
  const body = asObject(await request.json());
  const account = textAt(datastore.properties, 'accountName') ?? '';
  const container = textAt(datastore.properties, 'containerName');
  if (body.expirableSecret === true && container !== undefined) {
    const hours = typeof body.expireAfterHours === 'number' ? body.expireAfterHours : 1;
    const url = context.blobs.sasUrl({ account, container, permissions: 'racwdl', lifetimeMs: hours * 3600 * 1000 });
    return { status: 200, body: { secretsType: 'Sas', sasToken: new URL(url).search.slice(1) } };
  }
  return { status: 200, body: { secretsType: 'AccountKey', key: context.settings.storageKey } };
}
