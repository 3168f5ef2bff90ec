/** An endpoint, online or batch, as it may be sent back: a PUT replaces it whole. */
import { isJsonObject, type JsonObject } from './json.ts';

/** What the service fills in and does not take back. */
const READ_ONLY = ['scoringUri', 'swaggerUri', 'provisioningState', 'keys'];

export interface EndpointMembers {
  /** Replace those of the endpoint. */
  readonly properties: JsonObject;
  readonly tags?: JsonObject | undefined;
}

/** The whole body of an endpoint's PUT with nothing but these members changed, so that auth, tags and network settings stay. */
export function writableEndpoint(endpoint: JsonObject, { properties: changed, tags }: EndpointMembers): JsonObject {
  const properties = isJsonObject(endpoint.properties) ? endpoint.properties : {};
  const kept = Object.fromEntries(Object.entries(properties).filter(([key]) => !READ_ONLY.includes(key)));
  return {
    ...pick(endpoint, ['location', 'tags', 'kind', 'sku']),
    ...(tags === undefined ? {} : { tags }),
    ...(isJsonObject(endpoint.identity) ? { identity: writableIdentity(endpoint.identity) } : {}),
    properties: { ...kept, ...changed },
  };
}

/** An identity as it may be sent: principal and tenant ids are the service's. */
function writableIdentity(identity: JsonObject): JsonObject {
  const assigned = identity.userAssignedIdentities;
  return {
    ...pick(identity, ['type']),
    ...(isJsonObject(assigned)
      ? { userAssignedIdentities: Object.fromEntries(Object.keys(assigned).map((id) => [id, {}])) }
      : {}),
  };
}

function pick(source: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = source[key];
      return value === undefined || value === null ? [] : [[key, value] as const];
    }),
  );
}
