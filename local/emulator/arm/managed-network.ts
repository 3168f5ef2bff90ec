/**
 * The workspace's managed network and its outbound rules, in both forms: a map below `managedNetwork` in older
 * api-versions, and a list of ARM resources below `outboundRules` in newer ones.
 */
import type { EmulatorContext } from '../context.ts';
import { accountError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, objectAt, textAt, without, type JsonObject } from '../json.ts';
import { managedNetwork, type NetworkOwner } from './managed-network-settings.ts';
import { COLLECTIONS } from './resource.ts';
import { apiVersionOf, WORKSPACE_PATH, WORKSPACE_TYPE, workspaceOf, type WorkspaceRecord } from './workspace-scope.ts';

const OLD = `${WORKSPACE_PATH}/managedNetwork`;
const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `workspace/${name}` });
const spec = (operation: string): Evidence => ({
  mark: 'spec',
  source: `ManagedNetworkSettingsRule_${operation} 2025-12-01`,
});

export function managedNetworkRoutes(context: EmulatorContext): Route[] {
  const route = (
    method: string,
    path: string,
    evidence: Evidence,
    handle: (workspace: WorkspaceRecord, request: Incoming) => Promise<Reply> | Reply,
  ): Route => ({
    plane: 'arm',
    method,
    path,
    evidence,
    handle: (request) => handle(workspaceOf(context, request), request),
  });
  const patched = recorded('managed_network_rules_patch_and_get');
  const listed = recorded('outbound_rule_delete_lro_and_list');
  const one = (name: string): string => `${name}/outboundRules/{rule}`;
  const remove = (workspace: WorkspaceRecord, request: Incoming): Reply => removeRule(context, workspace, request);
  return [
    route('GET', OLD, patched, (workspace) => ({ status: 200, body: without(networkOf(workspace), 'status') })),
    route('PATCH', OLD, patched, (workspace, request) => patch(context, workspace, request)),
    route('GET', `${OLD}/outboundRules`, listed, (workspace) => ({ status: 200, body: rulesOf(workspace) })),
    route('GET', one(OLD), patched, (workspace, request) => ({ status: 200, body: ruleOf(workspace, request) })),
    route('DELETE', one(OLD), listed, remove),
    route('GET', `${WORKSPACE_PATH}/outboundRules`, spec('List'), (workspace) => ({
      status: 200,
      body: {
        value: Object.entries(rulesOf(workspace)).map(([name, rule]) => resource(workspace, name, asObject(rule))),
      },
    })),
    route('GET', one(WORKSPACE_PATH), spec('Get'), (workspace, request) => ({
      status: 200,
      body: resource(workspace, request.params.rule ?? '', ruleOf(workspace, request)),
    })),
    route('PUT', one(WORKSPACE_PATH), spec('CreateOrUpdate'), async (workspace, request) => {
      const rule = asObject(asObject(await request.json()).properties);
      return changeRules(context, workspace, request, (rules) =>
        withRules(rules, { [request.params.rule ?? '']: rule }),
      );
    }),
    route('DELETE', one(WORKSPACE_PATH), spec('Delete'), remove),
  ];
}

/** What the workspace's network belongs to and always reaches. */
export function networkOwner({ workspaceId, properties }: WorkspaceRecord): NetworkOwner {
  return {
    networkId: workspaceId,
    storageAccount: textAt(properties, 'storageAccount') ?? '',
    keyVault: textAt(properties, 'keyVault') ?? '',
  };
}

function networkOf(workspace: WorkspaceRecord): JsonObject {
  return asObject(workspace.properties.managedNetwork);
}

function rulesOf(workspace: WorkspaceRecord): JsonObject {
  return asObject(networkOf(workspace).outboundRules);
}

function ruleOf(workspace: WorkspaceRecord, request: Incoming): JsonObject {
  const { rule = '' } = request.params;
  const found = objectAt(rulesOf(workspace), rule);
  if (found === undefined) {
    throw accountError(404, 'UserError', `Outbound rule ${rule} can't be found in this workspace`, {
      innerCodes: ['NotFoundError'],
    });
  }
  return found;
}

function resource(workspace: WorkspaceRecord, name: string, rule: JsonObject): JsonObject {
  const id = `${workspace.id}/outboundRules/${name}`;
  return { id, name, type: `${WORKSPACE_TYPE}/outboundRules`, properties: rule };
}

/** Rules are merged by name; the service says of each whether it is in force, which it is once the network stands. */
function withRules(rules: JsonObject, added: JsonObject): JsonObject {
  const told = Object.entries(added).map(([name, rule]) => {
    const { type, destination, category } = asObject(rule);
    return [name, { type, destination, status: 'Inactive', category: category ?? 'UserDefined' }];
  });
  return { ...rules, ...(Object.fromEntries(told) as JsonObject) };
}

async function patch(context: EmulatorContext, workspace: WorkspaceRecord, request: Incoming): Promise<Reply> {
  const body = asObject(await request.json());
  const added = asObject(body.outboundRules);
  return changeRules(context, workspace, request, (rules) => withRules(rules, added), textAt(body, 'isolationMode'));
}

function removeRule(context: EmulatorContext, workspace: WorkspaceRecord, request: Incoming): Reply {
  const { rule = '' } = request.params;
  if (rulesOf(workspace)[rule] === undefined) return { status: 204 };
  return changeRules(context, workspace, request, (rules) => without(rules, rule));
}

function changeRules(
  context: EmulatorContext,
  workspace: WorkspaceRecord,
  request: Incoming,
  how: (rules: JsonObject) => JsonObject,
  isolationMode = textAt(networkOf(workspace), 'isolationMode') ?? 'Disabled',
): Reply {
  const { id, subscriptionId, region, workspaceId } = workspace;
  const { headers } = context.operations.start({
    family: 'workspace',
    verb: request.method === 'DELETE' ? 'delete' : 'post',
    target: `${id}/managedNetwork`,
    subscriptionId,
    region,
    workspaceId,
    apiVersion: apiVersionOf(request),
    durationMs: context.timings.workspaceChange,
    complete: () => {
      context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).update(id, (current) => {
        const network = managedNetwork(isolationMode, networkOwner(current), how(rulesOf(current)));
        const status = networkOf(current).status;
        const kept = status === undefined || network.status === undefined ? network : { ...network, status };
        return { ...current, properties: { ...current.properties, managedNetwork: kept } };
      });
      return undefined;
    },
  });
  return { status: 202, headers };
}
