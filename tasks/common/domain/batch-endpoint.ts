/** A batch endpoint's default: the deployment that runs what names none. */
import { isJsonObject, textAt, type Json, type JsonObject } from './json.ts';

/** The endpoint's default deployment; undefined where it has none. */
export function defaultDeployment(endpoint: Json | undefined): string | undefined {
  const name = textAt(endpoint, 'properties', 'defaults', 'deploymentName');
  return name === undefined || name === '' ? undefined : name;
}

/** What the service fills in and does not take back. */
const READ_ONLY = ['scoringUri', 'swaggerUri', 'provisioningState', 'keys'];
const TOP_LEVEL = ['location', 'tags', 'kind', 'sku'];

/** The whole body of an endpoint's PUT with nothing but its default changed, so that auth and tags stay. */
export function withDefault(endpoint: JsonObject, deployment: string): JsonObject {
  const properties = isJsonObject(endpoint.properties) ? endpoint.properties : {};
  const kept = Object.entries(properties).filter(([key]) => !READ_ONLY.includes(key));
  const top = Object.entries(endpoint).filter(([key, value]) => TOP_LEVEL.includes(key) && value !== null);
  return {
    ...Object.fromEntries(top),
    properties: { ...Object.fromEntries(kept), defaults: { deploymentName: deployment } },
  };
}

/** An endpoint's body that says nothing about its default. */
export function withoutDefault(body: JsonObject): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const { defaults, ...others } = properties;
  return defaults === undefined ? body : { ...body, properties: others };
}
