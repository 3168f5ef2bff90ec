import { armIdentity } from './arm-identity.ts';
import { isoDuration, isoSeconds } from './durations.ts';
import { WORKSPACE_LOCATION } from './online-endpoint.ts';
import { setupScripts, startStopSchedules } from './compute-instance.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import {
  boolean,
  byType,
  choice,
  integer,
  mapped,
  record,
  text,
  textMap,
  type Reader,
  type Values,
} from './readers.ts';
import type { WorkspaceId } from '../domain/workspace-id.ts';
import { compact, type TemplateObject } from './templates.ts';

const NETWORK = record({ vnet_name: text, subnet: text });

const COMMON = {
  name: text,
  type: text,
  location: text,
  description: text,
  tags: textMap,
  identity: armIdentity,
};

const MACHINES = {
  ...COMMON,
  size: text,
  network_settings: NETWORK,
  enable_node_public_ip: boolean,
  ssh_public_access_enabled: boolean,
};

const CLUSTER_FIELDS = {
  ...MACHINES,
  tier: choice({ low_priority: 'LowPriority', dedicated: 'Dedicated' }, 'snake'),
  min_instances: integer,
  max_instances: integer,
  idle_time_before_scale_down: integer,
  ssh_settings: record({ admin_username: text, admin_password: text, ssh_key_value: text }),
};

const INSTANCE_FIELDS = {
  ...MACHINES,
  create_on_behalf_of: record({ user_object_id: text, user_tenant_id: text }),
  ssh_settings: record({ ssh_key_value: text, ssh_public_access: text }),
  idle_time_before_shutdown: text,
  idle_time_before_shutdown_minutes: integer,
  schedules: startStopSchedules,
  setup_scripts: setupScripts,
  enable_sso: boolean,
  enable_root_access: boolean,
  enable_os_patching: boolean,
  release_quota_on_stop: boolean,
};

const DEFAULT_SIZE = 'STANDARD_DS3_V2';

/** What a type of compute is sent as, beside the common members. */
type ComputeProperties = (workspace: WorkspaceId) => TemplateObject;

interface ReadCompute {
  readonly common: Values<typeof COMMON>;
  readonly properties: ComputeProperties;
}

function computeOf<F extends typeof COMMON>(
  fields: F,
  required: readonly string[],
  properties: (values: Values<F>, workspace: WorkspaceId) => TemplateObject,
): Reader<ReadCompute> {
  return mapped(record(fields, { required: ['name', ...required] }), (values) => ({
    common: values,
    properties: (workspace) => properties(values, workspace),
  }));
}

const readCompute: Reader<ReadCompute> = byType({
  amlcompute: computeOf(CLUSTER_FIELDS, [], cluster),
  computeinstance: computeOf(INSTANCE_FIELDS, [], instance),
  virtualmachine: computeOf(
    {
      ...COMMON,
      resource_id: text,
      ssh_settings: record({ admin_username: text, admin_password: text, ssh_port: integer }),
    },
    ['resource_id'],
    ({ resource_id, ssh_settings }) =>
      compact({
        computeType: 'VirtualMachine',
        resourceId: resource_id,
        properties: compact({
          sshPort: ssh_settings?.ssh_port ?? 22,
          administratorAccount:
            ssh_settings && compact({ username: ssh_settings.admin_username, password: ssh_settings.admin_password }),
        }),
      }),
  ),
  synapsespark: computeOf({ ...COMMON, resource_id: text }, ['resource_id'], ({ resource_id }) =>
    compact({ computeType: 'SynapseSpark', resourceId: resource_id }),
  ),
});

/** A compute target: a cluster, an instance, or something attached. */
export function planCompute(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const compute = readCompute(source.node, { path: '', problems: planning.problems });
  if (compute === undefined) return Promise.resolve(undefined);
  const { common } = compute;
  const body = compact({
    location: common.location ?? WORKSPACE_LOCATION,
    tags: common.tags,
    identity: common.identity,
    properties: compact({ description: common.description, ...compute.properties(planning.request.workspace) }),
  });
  return Promise.resolve({
    kind: 'compute',
    main: { do: 'put', key: 'compute', collection: 'computes', name: common.name ?? '', body },
  });
}

function cluster(values: Values<typeof CLUSTER_FIELDS>, workspace: WorkspaceId): TemplateObject {
  const ssh = values.ssh_settings;
  return compact({
    computeType: 'AmlCompute',
    disableLocalAuth: ssh === undefined,
    properties: compact({
      osType: 'Linux',
      vmSize: values.size ?? DEFAULT_SIZE,
      vmPriority: values.tier,
      scaleSettings: compact({
        minNodeCount: values.min_instances ?? 0,
        maxNodeCount: values.max_instances ?? 4,
        nodeIdleTimeBeforeScaleDown: isoSeconds(values.idle_time_before_scale_down ?? 120),
      }),
      subnet: subnet(values.network_settings, workspace),
      remoteLoginPortPublicAccess: publicAccess(values.ssh_public_access_enabled) ?? 'NotSpecified',
      enableNodePublicIp: values.enable_node_public_ip ?? true,
      userAccountCredentials:
        ssh &&
        compact({
          adminUserName: ssh.admin_username,
          adminUserPassword: ssh.admin_password,
          adminUserSshPublicKey: ssh.ssh_key_value,
        }),
    }),
  });
}

function instance(values: Values<typeof INSTANCE_FIELDS>, workspace: WorkspaceId): TemplateObject {
  const assigned = values.create_on_behalf_of;
  const idle = values.idle_time_before_shutdown_minutes;
  return compact({
    computeType: 'ComputeInstance',
    disableLocalAuth: true,
    properties: compact({
      vmSize: values.size ?? DEFAULT_SIZE,
      subnet: subnet(values.network_settings, workspace),
      applicationSharingPolicy: 'Shared',
      computeInstanceAuthorizationType: 'personal',
      enableOSPatching: values.enable_os_patching ?? false,
      enableRootAccess: values.enable_root_access ?? true,
      enableSSO: values.enable_sso ?? true,
      releaseQuotaOnStop: values.release_quota_on_stop ?? false,
      enableNodePublicIp: values.enable_node_public_ip ?? true,
      sshSettings:
        values.ssh_settings &&
        compact({
          sshPublicAccess: publicAccess(values.ssh_public_access_enabled),
          adminPublicKey: values.ssh_settings.ssh_key_value,
        }),
      idleTimeBeforeShutdown: idle === undefined ? values.idle_time_before_shutdown : isoDuration(idle * 60_000),
      schedules: values.schedules,
      setupScripts: values.setup_scripts,
      personalComputeInstanceSettings: assigned && {
        assignedUser: compact({ objectId: assigned.user_object_id, tenantId: assigned.user_tenant_id }),
      },
    }),
  });
}

function publicAccess(enabled: boolean | undefined): string | undefined {
  if (enabled === undefined) return undefined;
  return enabled ? 'Enabled' : 'Disabled';
}

/** A subnet by its names in the workspace's resource group, or by its full id. */
function subnet(network: Values<{ vnet_name: typeof text; subnet: typeof text }> | undefined, id: WorkspaceId) {
  if (network?.subnet === undefined) return undefined;
  if (network.subnet.startsWith('/')) return { id: network.subnet };
  const group = `/subscriptions/${id.subscriptionId}/resourceGroups/${id.resourceGroup}`;
  const vnet = `${group}/providers/Microsoft.Network/virtualNetworks/${network.vnet_name ?? ''}`;
  return { id: `${vnet}/subnets/${network.subnet}` };
}
