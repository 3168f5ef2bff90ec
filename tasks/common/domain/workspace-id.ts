/** Which workspace a task talks to. Names are kept as the user wrote them; ARM compares them without case. */
export interface WorkspaceId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** `/subscriptions/…/workspaces/{name}`, the ARM id without a trailing slash. */
export function workspaceArmId(id: WorkspaceId): string {
  return resourceGroupChildArmId(id, 'workspaces', id.name);
}

/** The ARM id of something of machine learning beside the workspace, e.g. `('registries', 'r')`. */
export function resourceGroupChildArmId(id: WorkspaceId, ...segments: readonly string[]): string {
  const group = `/subscriptions/${id.subscriptionId}/resourceGroups/${id.resourceGroup}`;
  return [group, 'providers', 'Microsoft.MachineLearningServices', ...segments].join('/');
}

/** The ARM id of something of machine learning in the subscription, e.g. `('locations', 'westeurope', 'usages')`. */
export function subscriptionChildArmId(id: WorkspaceId, ...segments: readonly string[]): string {
  const provider = `/subscriptions/${id.subscriptionId}/providers/Microsoft.MachineLearningServices`;
  return [provider, ...segments].join('/');
}

/** The ARM id of something inside the workspace, e.g. `('models', 'm', 'versions', '1')`. */
export function childArmId(id: WorkspaceId, ...segments: readonly string[]): string {
  return [workspaceArmId(id), ...segments].join('/');
}
