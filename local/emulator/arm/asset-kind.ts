/** What makes one kind of versioned asset different from another; the routes they share are in `asset-routes.ts`. */
import type { EmulatorContext } from '../context.ts';
import { assetVersionExists, type EmulatedError } from '../errors.ts';
import type { Evidence, Incoming } from '../http.ts';
import type { JsonObject } from '../json.ts';
import { sameJson } from '../json.ts';
import { isFrom, type ResourceRecord, type SystemData } from './resource.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

export interface AssetScope {
  readonly context: EmulatorContext;
  readonly workspace: WorkspaceRecord;
  readonly name: string;
  readonly version: string;
}

export interface AssetKind {
  /** Its word in paths: codes, environments, data, models, components. */
  readonly segment: string;
  /** The collection of its versions. */
  readonly collection: string;
  /** What the service makes of the properties of a PUT. Throws what it refuses. */
  normalise(properties: JsonObject, scope: AssetScope): JsonObject;
  /** Throws when an existing version must not change so. */
  checkChange(before: ResourceRecord, after: JsonObject, scope: AssetScope): void;
  /** An older version that stands for this one: the service answers with it instead of making another. */
  findEqual?(properties: JsonObject, scope: AssetScope): ResourceRecord | undefined;
  /** The properties as an api-version shows them. */
  describe(properties: JsonObject, apiVersion: string): JsonObject;
  /** Status of a PUT on an existing version. */
  readonly statusOfUpdate: 200 | 201;
  /** Whether another PUT moves lastModifiedAt. */
  readonly updateTouches: boolean;
  /** systemData as answers show it, where it is not whole. */
  readonly describeSystemData?: (systemData: SystemData) => SystemData;
  /** The container's versions, as it tells them. */
  containerVersions(versions: readonly ResourceRecord[], context: EmulatorContext): JsonObject;
  versionNotFound(name: string, version: string): EmulatedError;
  containerNotFound(name: string): EmulatedError;
  /** Keeps a listed version; the list's own parameters (`stage`, `tags`, `hash` …). */
  readonly keeps?: (record: ResourceRecord, query: URLSearchParams) => boolean;
  /** Lists versions of all containers instead of the one in the path. */
  readonly listsAcross?: (request: Incoming) => boolean;
  readonly evidence: { readonly put: Evidence; readonly list: Evidence; readonly container: Evidence };
}

/** The members every asset has, with what stands for those that were not sent. */
export function assetBase(properties: JsonObject): JsonObject {
  return {
    description: properties.description ?? null,
    tags: properties.tags ?? {},
    properties: properties.properties ?? {},
    isArchived: properties.isArchived ?? false,
    isAnonymous: properties.isAnonymous ?? false,
  };
}

/** Members that came with api-versions of 2023-04 on; those of intellectual property only with previews. */
export function newerMembers(
  properties: JsonObject,
  apiVersion: string,
): { readonly autoDelete: JsonObject; readonly provisioning: JsonObject; readonly property: JsonObject } {
  const newer = isFrom(apiVersion, '2023-04-01');
  const preview = newer && apiVersion.endsWith('-preview');
  return {
    autoDelete: preview ? { autoDeleteSetting: properties.autoDeleteSetting ?? null } : {},
    provisioning: newer ? { provisioningState: 'Succeeded' } : {},
    property: preview ? { intellectualProperty: properties.intellectualProperty ?? null } : {},
  };
}

/** `latestVersion` (the newest) and `nextVersion` (one more than the highest number), as containers tell them. */
export function numberedVersions(versions: readonly ResourceRecord[]): JsonObject {
  const numbers = versions.map(({ name }) => Number(name)).filter((number) => Number.isInteger(number) && number > 0);
  return {
    latestVersion: versions.at(-1)?.name ?? null,
    nextVersion: String(Math.max(0, ...numbers) + 1),
  };
}

/** Throws when one of the members would change. */
export function checkUnchanged(
  kind: string,
  members: readonly string[],
  before: ResourceRecord,
  after: JsonObject,
  { name, version }: AssetScope,
): void {
  const changed = members.find((member) => !sameJson(before.properties[member] ?? null, after[member] ?? null));
  if (changed !== undefined) throw assetVersionExists(kind, name, version, changed);
}
