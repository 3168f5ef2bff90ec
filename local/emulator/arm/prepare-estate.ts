/** What exists before anybody asks: workspaces, each with a compute cluster, and registries. A kept state already has them. */
import type { EmulatorContext } from '../context.ts';
import { createRegistry, registryByName } from '../registry/registry-record.ts';
import { clusterProperties } from './compute-properties.ts';
import { createWorkspace } from './create-workspace.ts';
import type { ComputeRecord } from './computes.ts';
import { COLLECTIONS } from './resource.ts';
import { workspaceArmId, WORKSPACE_TYPE, type WorkspaceRecord } from './workspace-scope.ts';

export interface Estate {
  readonly workspaces: readonly string[];
  readonly registries: readonly string[];
}

/** Makes what is missing of it, in the resource group and region of the settings. */
export async function prepareEstate(context: EmulatorContext, estate: Estate): Promise<void> {
  const { subscriptionId, resourceGroup, region } = context.settings;
  await Promise.all(estate.workspaces.map((name) => prepareWorkspace(context, name)));
  for (const name of estate.registries.filter((each) => registryByName(context, each) === undefined)) {
    createRegistry(context, { subscriptionId, resourceGroup, name, body: { location: region } });
  }
}

async function prepareWorkspace(context: EmulatorContext, name: string): Promise<void> {
  const { settings, state } = context;
  const id = workspaceArmId(settings.subscriptionId, settings.resourceGroup, name);
  if (state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).get(id) !== undefined) return;
  await createWorkspace(
    context,
    {
      subscriptionId: settings.subscriptionId,
      resourceGroup: settings.resourceGroup,
      name,
      region: settings.region,
      tags: {},
      kind: 'Default',
      // The picture the product is made for: reached through private endpoints, its computes in a managed network.
      properties: {
        publicNetworkAccess: 'Disabled',
        managedNetwork: { isolationMode: 'AllowOnlyApprovedOutbound' },
        imageBuildCompute: settings.compute,
      },
    },
    undefined,
  );
  storeCluster(context, id);
}

function storeCluster({ settings, state, clock }: EmulatorContext, workspaceId: string): void {
  const id = `${workspaceId}/computes/${settings.compute}`;
  const now = clock.iso();
  state.collection<ComputeRecord>(COLLECTIONS.computes).put(id, {
    id,
    name: settings.compute,
    type: `${WORKSPACE_TYPE}/computes`,
    location: settings.region,
    tags: {},
    createdOn: now,
    createdBy: settings.principal.objectId,
    modifiedOn: now,
    computeType: 'AmlCompute',
    provisioningState: 'Succeeded',
    description: null,
    wanted: clusterProperties({
      vmSize: 'Standard_DS3_v2',
      scaleSettings: { minNodeCount: 0, maxNodeCount: 4, nodeIdleTimeBeforeScaleDown: 'PT2M' },
    }),
  });
}
