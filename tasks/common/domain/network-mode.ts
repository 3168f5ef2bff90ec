/** What "private" means for an online endpoint, by the network of its workspace. */
import { at, isJsonObject, textAt, type Json, type JsonObject } from './json.ts';

/**
 * Where a deployment's outbound traffic may go. In a workspace with a managed virtual network that network decides for all of them:
 * `internetOutbound` (AllowInternetOutbound), `approvedOutbound` (AllowOnlyApprovedOutbound), `managed` (a mode of its that is not
 * known here). `legacy`: there is none, and each deployment has a flag of its own.
 */
export type NetworkMode = 'legacy' | 'internetOutbound' | 'approvedOutbound' | 'managed';

/** The network mode of a workspace, from the resource itself. */
export function networkMode(workspace: Json): NetworkMode {
  switch (textAt(workspace, 'properties', 'managedNetwork', 'isolationMode')?.toLowerCase() ?? 'disabled') {
    case 'disabled':
      return 'legacy';
    case 'allowinternetoutbound':
      return 'internetOutbound';
    case 'allowonlyapprovedoutbound':
      return 'approvedOutbound';
    default:
      return 'managed';
  }
}

/** One sentence on who decides about a private deployment's outbound traffic. */
export function egressText(mode: NetworkMode): string {
  switch (mode) {
    case 'legacy':
      return "Egress: the workspace has no managed virtual network, so the deployment's own flag turns it off.";
    case 'internetOutbound':
      return "Egress: the workspace's managed virtual network decides, and lets deployments reach the internet (AllowInternetOutbound).";
    case 'approvedOutbound':
      return "Egress: the workspace's managed virtual network decides, and lets deployments reach what is approved (AllowOnlyApprovedOutbound).";
    case 'managed':
      return "Egress: the workspace's managed virtual network decides; the deployment's own flag has no effect and is not sent.";
  }
}

/** True when everybody on the internet can reach the resource's address (which is not to say that they get in). */
export function isPublic(resource: Json): boolean {
  return textAt(resource, 'properties', 'publicNetworkAccess')?.toLowerCase() !== 'disabled';
}

/** An endpoint's body with public network access off. Kubernetes endpoints have no such setting: theirs stays away. */
export function privateEndpointBody(body: JsonObject): JsonObject {
  if (textAt(body, 'properties', 'compute') !== undefined) return body;
  return withProperties(body, { publicNetworkAccess: 'Disabled' });
}

/**
 * A deployment's body whose egress is private. In a managed virtual network the flag has no effect and is left out, because
 * its presence would claim a protection that comes from elsewhere; otherwise it is Disabled.
 */
export function privateDeploymentBody(body: JsonObject, mode: NetworkMode): JsonObject {
  if (textAt(body, 'properties', 'endpointComputeType') === 'Kubernetes') return body;
  return withProperties(body, { egressPublicNetworkAccess: mode === 'legacy' ? 'Disabled' : undefined });
}

function withProperties(body: JsonObject, changes: Readonly<Record<string, string | undefined>>): JsonObject {
  const properties = at(body, 'properties');
  const merged = Object.entries({ ...(isJsonObject(properties) ? properties : {}), ...changes });
  return { ...body, properties: Object.fromEntries(merged.filter(([, value]) => value !== undefined)) };
}
