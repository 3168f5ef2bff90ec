/** What the emulator keeps of a job: the job as it was put, the run it became, and what the run tracked. */
import type { JsonObject } from '../json.ts';

/** The states run history knows, in the service's spelling. */
export type RunStatus =
  | 'NotStarted'
  | 'Starting'
  | 'Preparing'
  | 'Queued'
  | 'Running'
  | 'Finalizing'
  | 'CancelRequested'
  | 'Completed'
  | 'Failed'
  | 'Canceled';

const TERMINAL: ReadonlySet<RunStatus> = new Set<RunStatus>(['Completed', 'Failed', 'Canceled']);

/** True once a run changes no more. */
export const isTerminal = (status: RunStatus): boolean => TERMINAL.has(status);

/** A job as the Resource Manager shows it, without what its run says (status, tags, properties). */
export interface JobRecord {
  readonly name: string;
  readonly jobType: 'Command' | 'Pipeline' | 'Sweep';
  /** `properties` of the request, as it came. */
  readonly body: JsonObject;
  readonly createdBy: string;
  readonly createdByType: string;
}

/** A reference to data a run read or wrote, as run history carries it. */
export interface AssetReference {
  readonly assetId: string;
  /** `UriFolder`, `UriFile`, `MLTable`, `MLFlowModel`, `CustomModel`, `TritonModel`. */
  readonly type: string;
}

export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
}

/** How a run came to be: submitted as a job, as a step of a pipeline, as a trial of a sweep, or through MLflow by somebody's own code. */
export type RunKind = 'command' | 'pipeline' | 'sweep' | 'step' | 'stepPipeline' | 'trial' | 'client';

export interface RunRecord {
  /** ARM id of the workspace. */
  readonly workspace: string;
  readonly id: string;
  readonly uuid: string;
  readonly kind: RunKind;
  readonly parentId: string | null;
  readonly rootId: string;
  readonly experimentId: string;
  readonly displayName: string | null;
  /** Name of the component a step runs. */
  readonly name: string | null;
  readonly description: string | null;
  readonly status: RunStatus;
  /** Virtual milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly modifiedAt: number;
  readonly createdBy: string;
  readonly revision: number;
  readonly statusRevision: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  /** Name of the compute. */
  readonly target: string | null;
  /** The run whose folder in the artifact store holds its logs: its own, or that of the run it reuses. */
  readonly containerOf: string;
  readonly inputs: Readonly<Record<string, AssetReference>>;
  readonly outputs: Readonly<Record<string, AssetReference>>;
  readonly error: RunError | null;
  readonly warnings: readonly { readonly source: string; readonly message: string }[];
  readonly cancelReason: string | null;
  readonly isDeleted: boolean;
}

export interface ExperimentRecord {
  readonly workspace: string;
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly isArchived: boolean;
}

export interface MetricPoint {
  /** NaN and the infinities are kept as MLflow's JSON writes them: as text. */
  readonly value: number | 'NaN' | 'Infinity' | '-Infinity';
  readonly timestamp: number;
  readonly step: number;
}

/** What a run tracked through MLflow, apart from its tags. */
export interface TrackingRecord {
  readonly parameters: Readonly<Record<string, string>>;
  /** In the order they were logged. */
  readonly metrics: Readonly<Record<string, readonly MetricPoint[]>>;
}

/** Where a registered or unregistered output of a run lies, by the asset id run history gives for it. */
export interface OutputAssetRecord {
  readonly assetId: string;
  readonly type: string;
  /** Short datastore URI; of a folder with a slash at the end. */
  readonly uri: string;
}
