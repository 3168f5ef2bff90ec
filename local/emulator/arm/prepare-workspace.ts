/** What exists before anybody asks: the default workspace and its compute cluster. A kept state already has them. */
import type { EmulatorContext } from '../context.ts';
import { clusterProperties } from './compute-properties.ts';
import { createWorkspace } from './create-workspace.ts';
import type { ComputeRecord } from './computes.ts';
import { COLLECTIONS } from './resource.ts';
import { workspaceArmId, WORKSPACE_TYPE, type WorkspaceRecord } from './workspace-scope.ts';

export async function prepareWorkspace(context: EmulatorContext): Promise<void> {
  const { settings, state, clock } = context;
  const id = workspaceArmId(settings.subscriptionId, settings.resourceGroup, settings.workspace);
  if (state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).get(id) !== undefined) return;
  await createWorkspace(
    context,
    {
      subscriptionId: settings.subscriptionId,
      resourceGroup: settings.resourceGroup,
      name: settings.workspace,
      region: settings.region,
      tags: {},
      kind: 'Default',
      // The picture the product is made for: reached through private endpoints, its computes in a managed network.
      properties: { publicNetworkAccess: 'Disabled', managedNetwork: { isolationMode: 'AllowOnlyApprovedOutbound' } },
    },
    undefined,
  );
  const computeId = `${id}/computes/${settings.compute}`;
  const now = clock.iso();
  state.collection<ComputeRecord>(COLLECTIONS.computes).put(computeId, {
    id: computeId,
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
