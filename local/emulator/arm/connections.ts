/** Connections of a workspace to what lies outside of it: kept with their secrets, shown without. */
import type { EmulatorContext } from '../context.ts';
import { badBody, connectionNotFound } from '../errors.ts';
import { armRoute } from '../http.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, textAt, type JsonObject } from '../json.ts';
import { COLLECTIONS, created, modified, type ResourceRecord } from './resource.ts';
import { WORKSPACE_PATH, WORKSPACE_TYPE, workspaceOf } from './workspace-scope.ts';

/** What a user gave to sign in with, apart from what is shown of a connection. */
const SECRETS = 'connections/secrets';

const PATH = `${WORKSPACE_PATH}/connections`;
const ONE = `${PATH}/{connection}`;
const EVIDENCE: Evidence = { mark: 'recorded', source: 'connection/create_update_get_delete_list' };
const LIST_SECRETS: Evidence = { mark: 'spec', source: 'WorkspaceConnections_ListSecrets 2024-04-01' };

export function connectionRoutes(context: EmulatorContext): Route[] {
  return [
    armRoute('GET', PATH, EVIDENCE, (request) => list(context, request)),
    armRoute('GET', ONE, EVIDENCE, (request) => ({ status: 200, body: describe(existing(context, request)) })),
    armRoute('PUT', ONE, EVIDENCE, (request) => put(context, request)),
    armRoute('DELETE', ONE, EVIDENCE, (request) => remove(context, request)),
    armRoute('POST', `${ONE}/listsecrets`, LIST_SECRETS, (request) => listSecrets(context, request)),
  ];
}

function store(context: EmulatorContext) {
  return context.state.collection<ResourceRecord>(COLLECTIONS.connections);
}

function idOf(context: EmulatorContext, request: Incoming): string {
  return `${workspaceOf(context, request).id}/connections/${request.params.connection ?? ''}`;
}

function existing(context: EmulatorContext, request: Incoming): ResourceRecord {
  const found = store(context).get(idOf(context, request));
  if (found === undefined) throw connectionNotFound(request.params.connection ?? '');
  return found;
}

function describe(record: ResourceRecord): JsonObject {
  return { tags: null, location: null, ...record };
}

function list(context: EmulatorContext, request: Incoming): Reply {
  const category = request.query.get('category')?.toLowerCase();
  const target = request.query.get('target');
  const value = store(context)
    .list(`${workspaceOf(context, request).id}/connections/`)
    .map(({ value: record }) => record)
    .filter(({ properties }) => category === undefined || textAt(properties, 'category')?.toLowerCase() === category)
    .filter(({ properties }) => target === null || properties.target === target)
    .map(describe);
  return { status: 200, body: { value } };
}

/** Creation and change are both answered with 200. */
async function put(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const id = idOf(context, request);
  const sent = asObject(asObject(await request.json()).properties);
  for (const member of ['authType', 'category']) {
    if (textAt(sent, member) === undefined) throw badBody(`The field properties.${member} is required.`);
  }
  const connections = store(context);
  const before = connections.get(id);
  const { clock } = context;
  const record: ResourceRecord = {
    id,
    name: before?.name ?? request.params.connection ?? '',
    type: `${WORKSPACE_TYPE}/connections`,
    properties: { expiryTime: null, metadata: null, isSharedToAll: false, ...sent, credentials: null },
    systemData:
      before === undefined ? created(clock, request.caller) : modified(before.systemData, clock, request.caller),
  };
  connections.put(id, record);
  context.state.collection<JsonObject>(SECRETS).put(id, asObject(sent.credentials));
  return { status: 200, body: describe(record) };
}

function remove(context: EmulatorContext, request: Incoming): Reply {
  const id = idOf(context, request);
  context.state.collection<JsonObject>(SECRETS).delete(id);
  return { status: store(context).delete(id) ? 200 : 204 };
}

function listSecrets(context: EmulatorContext, request: Incoming): Reply {
  const record = existing(context, request);
  const credentials = context.state.collection<JsonObject>(SECRETS).get(record.id) ?? {};
  return { status: 200, body: describe({ ...record, properties: { ...record.properties, credentials } }) };
}
