/** What "private" means for an online endpoint, by the network of its workspace. */
import { at, isJsonObject, textAt, type Json, type JsonObject } from './json.ts';

/** `managed`: the workspace has a managed virtual network, where deployments send their traffic without a flag of their own. */
export type NetworkMode = 'managed' | 'legacy';

/** The network mode of a workspace, from the resource itself. */
export function networkMode(workspace: Json): NetworkMode {
  const mode = textAt(workspace, 'properties', 'managedNetwork', 'isolationMode');
  return mode === undefined || mode === 'Disabled' ? 'legacy' : 'managed';
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
  return withProperties(body, { egressPublicNetworkAccess: mode === 'managed' ? undefined : 'Disabled' });
}

function withProperties(body: JsonObject, changes: Readonly<Record<string, string | undefined>>): JsonObject {
  const properties = at(body, 'properties');
  const merged = Object.entries({ ...(isJsonObject(properties) ? properties : {}), ...changes });
  return { ...body, properties: Object.fromEntries(merged.filter(([, value]) => value !== undefined)) };
}
