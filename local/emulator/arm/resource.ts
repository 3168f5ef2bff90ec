/** What all ARM resources of the emulator have in common: their record, its identity and who touched it when. */
import type { Clock } from '../clock.ts';
import type { Caller } from '../identity/tokens.ts';
import type { JsonObject } from '../json.ts';

// A type and not an interface, so that it counts as JSON where a body is made of it.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type SystemData = {
  readonly createdAt: string;
  readonly createdBy: string;
  readonly createdByType: string;
  readonly lastModifiedAt?: string;
  readonly lastModifiedBy?: string;
  readonly lastModifiedByType?: string;
};

/** A resource as it is kept: collections hold it under its ARM id. `properties` are those of the newest api-version. */
export interface ResourceRecord {
  readonly id: string;
  readonly name: string;
  /** `Microsoft.MachineLearningServices/workspaces/models/versions` */
  readonly type: string;
  readonly properties: JsonObject;
  readonly systemData: SystemData;
}

/** Names of the collections that hold the workspace's resources; the key is the ARM id. */
export const COLLECTIONS = {
  workspaces: 'workspaces',
  datastores: 'datastores',
  computes: 'computes',
  codes: 'codes/versions',
  environments: 'environments/versions',
  data: 'data/versions',
  models: 'models/versions',
  components: 'components/versions',
  connections: 'connections',
  schedules: 'schedules',
} as const;

/** The author of a write, as systemData names it. */
export function author(caller: Caller | undefined): { readonly by: string; readonly byType: string } {
  if (caller === undefined) return { by: 'Azure Machine Learning', byType: 'Application' };
  return { by: caller.objectId, byType: caller.kind };
}

/** systemData of something just made. */
export function created(clock: Clock, caller: Caller | undefined): SystemData {
  const now = clock.iso();
  const { by, byType } = author(caller);
  return {
    createdAt: now,
    createdBy: by,
    createdByType: byType,
    lastModifiedAt: now,
    lastModifiedBy: by,
    lastModifiedByType: byType,
  };
}

/** systemData after another write. */
export function modified(before: SystemData, clock: Clock, caller: Caller | undefined): SystemData {
  const { by, byType } = author(caller);
  return { ...before, lastModifiedAt: clock.iso(), lastModifiedBy: by, lastModifiedByType: byType };
}

/** True when `asked` (2023-04-01-preview, 2024-04-01 …) is that version or a later one. Dates decide, not the suffix. */
export function isFrom(asked: string, version: string): boolean {
  return asked.slice(0, 10) >= version.slice(0, 10);
}
