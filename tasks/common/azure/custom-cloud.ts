/** Reads what a cloud's own Resource Manager says about it. */
import type { Connection } from '../ports.ts';
import { ServiceError } from '../errors.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { isJsonObject, textAt, at } from '../domain/json.ts';
import type { Cloud, CloudMetadata } from './clouds.ts';
import { customCloud, knownCloudOf } from './clouds.ts';
import type { HttpPipeline } from './http-pipeline.ts';
import { parseJson } from './json-answer.ts';
import { serviceErrorOf } from './service-error.ts';

/** Clouds of today answer the first, Azure Stack Hub the second. */
const metadataVersions = ['2022-09-01', '2015-01-01'] as const;

/** The cloud a connection belongs to: from the table, else from `{resource manager}/metadata/endpoints`. */
export async function resolveCloud(connection: Connection, http: HttpPipeline, signal?: AbortSignal): Promise<Cloud> {
  const cloud = knownCloudOf(connection) ?? customCloud(connection, await readMetadata(connection, http, signal));
  http.knowCloud(cloud);
  return cloud;
}

async function readMetadata(connection: Connection, http: HttpPipeline, signal?: AbortSignal): Promise<CloudMetadata> {
  let refused: ServiceError | undefined;
  for (const version of metadataVersions) {
    const url = `${connection.resourceManagerUrl}/metadata/endpoints?api-version=${version}`;
    const answer = await http.sender().send({ method: 'GET', url, signal });
    const metadata = answer.status === 200 ? parseMetadata(parseJson(answer), connection) : undefined;
    if (metadata !== undefined) return metadata;
    refused ??= serviceErrorOf(answer, `The description of the cloud at ${connection.resourceManagerUrl}`);
  }
  throw new ServiceError({
    status: refused?.status ?? 0,
    code: refused?.code ?? 'UnknownCloud',
    message: `The cloud '${connection.environment}' does not describe itself: ${refused?.message ?? ''}`,
    hint: `Check the environment and the Resource Manager URL of the service connection '${connection.name}'.`,
  });
}

/** One description, or a list of clouds of which one has this Resource Manager. */
export function parseMetadata(body: Json, connection: Connection): CloudMetadata | undefined {
  const host = new URL(connection.resourceManagerUrl).host;
  const entries = (Array.isArray(body) ? (body as readonly Json[]) : [body]).filter(isJsonObject);
  const isOurs = (entry: JsonObject): boolean => {
    const url = textAt(entry, 'resourceManager');
    return url !== undefined && URL.canParse(url) && new URL(url).host === host;
  };
  const entry = entries.find(isOurs) ?? (entries.length === 1 ? entries[0] : undefined);
  const loginEndpoint = textAt(entry, 'authentication', 'loginEndpoint');
  if (entry === undefined || loginEndpoint === undefined) return undefined;
  const audiences = at(entry, 'authentication', 'audiences');
  const audience: Json | undefined = Array.isArray(audiences) ? (audiences as readonly Json[])[0] : undefined;
  return {
    name: textAt(entry, 'name') ?? connection.environment,
    loginEndpoint,
    resourceManagerAudience: typeof audience === 'string' ? audience : undefined,
    portal: textAt(entry, 'portal') ?? textAt(entry, 'portalEndpoint'),
    storageSuffix: textAt(entry, 'suffixes', 'storage'),
  };
}
