/**
 * What a file of `az ml` v2 YAML asks of a workspace, as plain data: the look-ups, uploads and PUTs in order, with their bodies.
 * The planner reads files and decides; `operations/apply-plan` alone carries a plan out.
 */
import type { Json } from '../domain/json.ts';
import type { LocalFile, Scope } from '../ports.ts';

/**
 * A text that is known only when an earlier step has run; it stands in a body wherever a string may stand.
 * `workspace` is always there as a step, with the field `location`.
 */
export interface Deferred {
  readonly $step: string;
  readonly $field: 'id' | 'uri' | 'name' | 'version' | 'location' | 'type';
  /** Put in front of the value, e.g. `azureml:`. */
  readonly $prefix?: string;
}

export type Template = Json | Deferred | readonly Template[] | { readonly [key: string]: Template };

export function isDeferred(value: unknown): value is Deferred {
  return typeof value === 'object' && value !== null && '$step' in value;
}

/** A local file or folder to upload, already listed and hashed. */
export interface LocalSource {
  /** Absolute path, links resolved. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  /** Last segment of the resolved path: the folder blobs are put under. */
  readonly basename: string;
  /** What is uploaded, ignore rules applied; `name` is relative to the folder (or the file's own name). */
  readonly files: readonly LocalFile[];
  /** Of code; empty where the step needs none. */
  readonly contentHash: string;
  /** Of data; empty where the step needs none. */
  readonly objectHash: string;
}

/** Finds or uploads a code asset; yields `id`. */
export interface UploadCodeStep {
  readonly do: 'uploadCode';
  readonly key: string;
  readonly source: LocalSource;
}

/** Uploads to a datastore; yields `uri` in the form the body wants. */
export interface UploadDataStep {
  readonly do: 'uploadData';
  readonly key: string;
  readonly source: LocalSource;
  readonly datastore: string;
  /** `azureml://datastores/…`, `azureml://subscriptions/…/datastores/…` or `https://…` */
  readonly uriForm: 'short' | 'long' | 'https';
  readonly trailingSlash: boolean;
}

/** `@latest`; yields `id` and `version`. */
export interface ResolveLatestStep {
  readonly do: 'resolveLatest';
  readonly key: string;
  readonly collection: 'environments' | 'components' | 'models' | 'data';
  readonly name: string;
}

/** The data asset an online deployment's data collector writes to; yields `id` and `type`. */
export interface ResolveCollectedDataStep {
  readonly do: 'resolveCollectedData';
  readonly key: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: 'model_inputs' | 'model_outputs';
}

/** Something that must exist before anything is uploaded. */
export interface RequireStep {
  readonly do: 'require';
  /** Path in the workspace, e.g. `computes/cpu-cluster`. */
  readonly path: string;
  /** The user's sentence when it is missing. */
  readonly missing: string;
}

export type VersionRule =
  | { readonly rule: 'given'; readonly version: string }
  /** The container's nextVersion; `1` when there is no container yet. */
  | { readonly rule: 'next' }
  /** latestVersion first and nextVersion on 409, as the service's own client does for environments. */
  | { readonly rule: 'latestThenNext' }
  /** The hash over the component's resolved spec. */
  | { readonly rule: 'anonymousComponent' };

/** Creates or updates one resource; yields `id`, `name` and `version`. */
export interface PutStep {
  readonly do: 'put';
  readonly key: string;
  /** `jobs`, `environments`, `onlineEndpoints/e/deployments` … */
  readonly collection: string;
  readonly name: string;
  /** What the resource stands in; the workspace where this is absent. */
  readonly scope?: Scope;
  /** Absent for resources without versions. */
  readonly version?: VersionRule;
  readonly body: Readonly<Record<string, Template>>;
  /** What is hashed in place of `properties.componentSpec` where the two differ (`1.0` is not `1` there). */
  readonly hashedSpec?: Readonly<Record<string, Template>>;
  /** The body gets `properties.properties.client_component_hash`, the hash over the component's resolved spec. */
  readonly clientComponentHash?: boolean;
  readonly withUserToken?: boolean;
  readonly query?: Readonly<Record<string, string>>;
}

export type Step =
  UploadCodeStep | UploadDataStep | ResolveLatestStep | ResolveCollectedDataStep | RequireStep | PutStep;

export type PlanKind =
  | 'job'
  | 'component'
  | 'environment'
  | 'data'
  | 'model'
  | 'onlineEndpoint'
  | 'onlineDeployment'
  | 'batchEndpoint'
  | 'batchDeployment'
  | 'compute'
  | 'datastore'
  | 'connection'
  | 'schedule'
  | 'registry';

export interface Plan {
  readonly kind: PlanKind;
  /** The file it was read from, as the user named it. */
  readonly file: string;
  readonly steps: readonly Step[];
  /** The PUT of the entity itself: always the last step. */
  readonly main: PutStep;
  readonly warnings: readonly string[];
  /** The line of each key at the top of the file, for what turns out to be wrong only later. */
  readonly keyLines?: Readonly<Record<string, number>>;
}
