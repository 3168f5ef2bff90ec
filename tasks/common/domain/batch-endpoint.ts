/** A batch endpoint's default: the deployment that runs what names none. */
import { isJsonObject, textAt, type Json, type JsonObject } from './json.ts';
import { writableEndpoint } from './writable-endpoint.ts';

/** The endpoint's default deployment; undefined where it has none. */
export function defaultDeployment(endpoint: Json | undefined): string | undefined {
  const name = textAt(endpoint, 'properties', 'defaults', 'deploymentName');
  return name === undefined || name === '' ? undefined : name;
}

/** The whole body of an endpoint's PUT with nothing but its default changed. Its identity is the service's own, and not sent. */
export function withDefault(endpoint: JsonObject, deployment: string): JsonObject {
  return writableEndpoint(
    { ...endpoint, identity: undefined },
    { properties: { defaults: { deploymentName: deployment } } },
  );
}

/** An endpoint's body that says nothing about its default. */
export function withoutDefault(body: JsonObject): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const { defaults, ...others } = properties;
  return defaults === undefined ? body : { ...body, properties: others };
}
