/**
 * What operations and adapters need of the world, as small interfaces.
 * `agent/` implements the pipeline's side, `azure/` the service's side, tests implement both with stateful fakes.
 */
import type { Json, JsonObject } from './domain/json.ts';
import type { WorkspaceId } from './domain/workspace-id.ts';

// ---------------------------------------------------------------- the pipeline agent

/** Time, so that waits can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * The task's log. Every text, ours or foreign, is neutralised before it is written, so that no logging command in it
 * reaches the agent; line breaks inside a text start new lines.
 */
export interface Log {
  info(text: string): void;
  warning(text: string): void;
  /** Shown under System.Debug only. */
  debug(text: string): void;
  /** Folds the lines written meanwhile under a title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Percent of the step (0 to 100; never falls) and what is going on. */
  progress(percent: number, text: string): void;
}

/** Values the pipeline keeps from a step for the same step's post-job handler. */
export interface TaskMemory {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** The pipeline run this task is part of: the source of lineage and of a submission's identity. */
export interface PipelineRun {
  readonly collectionUri: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly definitionId: string;
  readonly definitionName: string;
  readonly buildId: string;
  readonly buildUrl: string | undefined;
  readonly stageName: string;
  readonly jobName: string;
  /** The matrix leg or deployment slice, '' where there is none (System.JobPositionInPhase and the job's display name tell legs apart). */
  readonly jobLeg: string;
  readonly taskInstanceName: string;
  readonly repository: string;
  readonly repositoryUri: string | undefined;
  readonly sourceBranch: string;
  readonly sourceVersion: string;
  readonly requestedFor: string;
  readonly sourcesDirectory: string;
  readonly tempDirectory: string;
}

/** A file or folder on the agent, as `Files` reports it. */
export interface FileEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  readonly isLink: boolean;
}

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other';
  /** Bytes; 0 for folders. */
  readonly size: number;
}

/** Read access to the agent's disk. Paths are absolute; whatever is missing is undefined, never an exception. */
export interface Files {
  readText(path: string): Promise<string | undefined>;
  /**
   * The file's bytes in chunks, never the whole file in memory; a chunk is good until the next one is asked for.
   * A known size saves looking for the end.
   */
  read(path: string, size?: number): AsyncIterable<Uint8Array>;
  /** Follows links. */
  stat(path: string): Promise<FileStat | undefined>;
  list(path: string): Promise<readonly FileEntry[] | undefined>;
  /** The path with every link resolved. */
  realPath(path: string): Promise<string | undefined>;
}

/** An Azure service connection as the agent hands it over, by scheme. */
export type ConnectionAuth =
  | {
      readonly scheme: 'servicePrincipalSecret';
      readonly tenantId: string;
      readonly clientId: string;
      readonly secret: string;
    }
  | {
      readonly scheme: 'servicePrincipalCertificate';
      readonly tenantId: string;
      readonly clientId: string;
      /** PEM with certificate and private key. */
      readonly certificate: string;
    }
  | { readonly scheme: 'managedIdentity'; readonly clientId: string | undefined }
  | { readonly scheme: 'workloadIdentityFederation'; readonly tenantId: string; readonly clientId: string };

export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly auth: ConnectionAuth;
  readonly subscriptionId: string | undefined;
  /** AzureCloud, AzureUSGovernment, AzureChinaCloud, AzureStack … */
  readonly environment: string;
  /** The Resource Manager's URL, without a trailing slash. */
  readonly resourceManagerUrl: string;
  /** The Entra authority's URL from the connection, if it names one. */
  readonly authorityUrl: string | undefined;
  /** Workload identity federation: where the pipeline issues its own tokens, and the token that may ask for them. */
  readonly oidc: { readonly requestUri: string; readonly systemAccessToken: string } | undefined;
}

/** How this agent reaches the network: its own proxy and certificate settings. */
export interface NetworkSettings {
  readonly proxy:
    | {
        readonly url: string;
        readonly username: string | undefined;
        readonly password: string | undefined;
        /** ECMAScript regular expressions over the URL; a match is reached directly. */
        readonly bypass: readonly string[];
      }
    | undefined;
  /** PEM text of the agent's own certificate authorities, beside those Node trusts. */
  readonly certificateAuthorities: string | undefined;
}

export interface Command {
  /** The program and its arguments; no shell reads them. */
  readonly line: readonly [string, ...string[]];
  /** Set beside the agent's own environment, which has no secret in it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds until it is killed, with everything it started. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface CommandResult {
  /** Undefined when it was killed after its time, or could not be started. */
  readonly exitCode: number | undefined;
  /** The end of both streams, at most 8000 characters; why it did not run, where it did not. Foreign text. */
  readonly output: string;
}

/** A decision on one approval check of a stage. */
export interface Approval {
  /** `approved`, `rejected`, `skipped` … as the pipeline service says it. */
  readonly status: string;
  /** Who decided; foreign text. */
  readonly approver: string;
  /** ISO 8601. */
  readonly decidedAt: string | undefined;
}

/** What can be shown of the approvals of this run's stage. */
export type ApprovalEvidence =
  | {
      readonly state: 'read';
      readonly stage: string;
      /** The environment of the deployment job that asks; undefined in a job without one. */
      readonly environment: string | undefined;
      readonly approvals: readonly Approval[];
    }
  | { readonly state: 'unavailable'; readonly reason: string };

/** Everything a task gets from the agent that runs it. */
export interface Agent {
  readonly log: Log;
  readonly clock: Clock;
  /** Aborts on SIGINT and SIGTERM, with a CancelledError as its reason. */
  readonly signal: AbortSignal;
  readonly memory: TaskMemory;
  readonly run: PipelineRun;
  readonly files: Files;
  readonly network: NetworkSettings;
  /** The service connection an input names. Throws UserError when the input is empty or nothing is behind it. */
  connection(id: string | undefined): Connection;
  /** Adds a section to the run's summary page. Text from elsewhere must be passed through `domain/markdown`. */
  addSummary(markdown: string): void;
  /** Masks a value, its URL-encoded and its base64 form in everything written from now on. */
  maskSecret(value: string): void;
  /** The text with every known secret taken out: for what leaves the agent by another way than its log. */
  redact(text: string): string;
  /** A fresh absolute path below the agent's temporary folder, for what a task hands on as a file. */
  writeTemporaryFile(name: string, content: string): Promise<string>;
  /** Runs a program in the sources directory, to its end. */
  runCommand(command: Command): Promise<CommandResult>;
}

// ---------------------------------------------------------------- the Azure Machine Learning workspace

/** An ARM resource as the service answered it, whole. */
export type Resource = JsonObject;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * What a path starts from: the workspace, machine learning in its resource group (`registries/r`) or in its subscription
 * (`locations/westeurope/usages`). `absolute`: the path is a whole ARM id of any provider; the query must name the api-version.
 */
export type Scope = 'workspace' | 'resourceGroup' | 'subscription' | 'absolute';

export interface RequestOptions {
  readonly query?: Query;
  /** The workspace where it is absent. */
  readonly scope?: Scope;
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends RequestOptions {
  /** Awaited before each page is asked for, so that a caller with a budget can count and slow down. */
  readonly beforePage?: () => Promise<void>;
}

export interface WriteOptions extends RequestOptions {
  /** Sends the caller's own token for https://ml.azure.com as `x-azureml-token` (pipelines and user-identity jobs need it). */
  readonly withUserToken?: boolean;
  /** Told the state of a long-running operation at each poll. */
  readonly onProgress?: (status: string, elapsedMs: number) => void;
}

/**
 * A workspace. Paths are relative to it (`jobs/x`, `models/m/versions/1`, `` for itself) unless the request's scope says
 * otherwise; bodies go and come unchanged; the api-version is chosen per resource kind. Errors are ServiceError; a signal's abort rejects with its reason.
 */
export interface Workspace {
  readonly id: WorkspaceId;
  /** The region, from the workspace itself. */
  location(): Promise<string>;
  /** Undefined when the service answers 404 for this resource; a missing workspace is a ServiceError all the same. */
  get(path: string, options?: RequestOptions): Promise<Resource | undefined>;
  /** All pages of a collection. */
  list(path: string, options?: ListOptions): AsyncIterable<Resource>;
  /** PUT, and the end of the long-running operation where there is one; the answer is the resource as it then stands. */
  put(path: string, body: JsonObject, options?: WriteOptions): Promise<Resource>;
  /** PATCH, and the end of the long-running operation where there is one: changes the named members only, where a kind allows it. */
  patch(path: string, body: JsonObject, options?: WriteOptions): Promise<Resource>;
  /** DELETE, to its end. True when there was something to delete. */
  delete(path: string, options?: WriteOptions): Promise<boolean>;
  /** POST of an action, to its end: `jobs/x/cancel`, `onlineEndpoints/e/listKeys`. */
  post(path: string, body?: JsonObject, options?: WriteOptions): Promise<Json>;

  readonly runs: RunHistory;
  readonly tracking: Tracking;
  readonly storage: Storage;
  readonly scoring: Scoring;
  readonly monitor: Monitor;
}

export interface MetricsRequest {
  /** The resource that emits them, as a path in the workspace: `onlineEndpoints/e`, `onlineEndpoints/e/deployments/d`. */
  readonly resource: string;
  /** As the REST API calls them: `RequestsPerMinute`. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** An OData filter over dimensions: `deployment eq 'green' and statusCodeClass eq '*'` splits by the class. */
  readonly filter?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The values of one metric, minute by minute, of one combination of dimensions. */
export interface MetricSeries {
  readonly name: string;
  /** By dimension, its name in lower case. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The average of each minute that has one. */
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

/** Azure Monitor's metrics of the workspace's resources. They lag behind by a few minutes. */
export interface Monitor {
  metrics(request: MetricsRequest): Promise<readonly MetricSeries[]>;
}

/** What reads and writes versioned assets (`models/m/versions/1`): a workspace or a registry. */
export type Assets = Pick<Workspace, 'get' | 'list' | 'put' | 'post'>;

/**
 * A registry of assets, which workspaces share. Paths are relative to it; whatever is asked goes to the region it is
 * found in. Errors are ServiceError; its storage knows the places it hands out only, and no datastores.
 */
export interface Registry extends Assets {
  readonly name: string;
  readonly storage: Storage;
}

/** Where assets are: what is promoted goes from one such place to another. */
export type AssetPlace =
  | { readonly kind: 'workspace'; readonly workspace: Workspace }
  | { readonly kind: 'registry'; readonly registry: Registry };

/** A run as run history knows it (pipeline children exist only there). */
export interface Run {
  readonly id: string;
  readonly displayName: string;
  readonly status: string;
  readonly parentId: string | undefined;
  /** ISO 8601. */
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly properties: Readonly<Record<string, string>>;
}

export interface RunHistory {
  details(runId: string, options?: RequestOptions): Promise<RunDetails>;
  children(runId: string, options?: RequestOptions): Promise<readonly Run[]>;
}

export interface RunDetails extends Run {
  readonly warnings: readonly string[];
  /** Log name (`user_logs/std_log.txt`) to a URL that can be read by range; the URL is a secret. */
  readonly logFiles: Readonly<Record<string, string>>;
}

export interface Metric {
  readonly name: string;
  /** NaN and infinities are possible. */
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
}

/** What the MLflow side of a run holds: the last value of each metric, parameters and tags. */
export interface TrackedRun {
  readonly metrics: readonly Metric[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Tracking {
  /** Undefined when the tracking server does not know the run. */
  run(runId: string, options?: RequestOptions): Promise<TrackedRun | undefined>;
}

export interface LocalFile {
  /** Absolute path on the agent. */
  readonly path: string;
  /** Blob name below the target's prefix, with forward slashes. */
  readonly name: string;
  readonly size: number;
}

/** Where blobs are: a container by its URL with SAS, one by its plain URL, or a datastore of the workspace. */
export type BlobTarget =
  | { readonly kind: 'sas'; readonly containerUrl: string; readonly prefix: string }
  | { readonly kind: 'container'; readonly containerUrl: string; readonly prefix: string }
  | { readonly kind: 'datastore'; readonly datastore: string; readonly prefix: string };

export interface UploadProgress {
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
}

export interface UploadRequest {
  readonly target: BlobTarget;
  readonly files: readonly LocalFile[];
  /** Written on the first file (in code-point order of its name) once all others are there: the service's marker of a whole upload. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: UploadProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadResult {
  /** URL of the container, without SAS. */
  readonly containerUrl: string;
  /** Blobs written; 0 when a whole upload was already there. */
  readonly uploaded: number;
  /** The marker's metadata as it stands (of the earlier upload, if there was one). */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface BlobEntry {
  readonly name: string;
  readonly size: number;
}

/** What a blob holds: its size and the SHA-256 of its bytes in hex. */
export interface BlobFingerprint extends BlobEntry {
  readonly sha256: string;
}

/** Blobs of the workspace's datastores and of SAS URLs the service hands out. */
export interface Storage {
  upload(request: UploadRequest): Promise<UploadResult>;
  list(target: BlobTarget, options?: RequestOptions): AsyncIterable<BlobEntry>;
  /** One blob of a target, whole; for small texts only (an MLmodel file, a manifest). Undefined when it is missing. */
  readText(target: BlobTarget, name: string, options?: RequestOptions): Promise<string | undefined>;
  download(target: BlobTarget, name: string, toPath: string, options?: RequestOptions): Promise<void>;
  /**
   * Reads every blob below a target in full: by name, in code-point order. Where the prefix is itself a blob, that one
   * alone, with an empty name.
   */
  fingerprints(target: BlobTarget, options?: RequestOptions): Promise<readonly BlobFingerprint[]>;
  /** The bytes of one blob, in parts of a few MiB; fails where they are not those of the blob at the beginning. */
  read(target: BlobTarget, name: string, options?: RequestOptions): AsyncIterable<Uint8Array>;
  /** Creates or replaces one blob with these bytes; no more than a part is kept in memory. */
  write(target: BlobTarget, name: string, content: AsyncIterable<Uint8Array>, options?: RequestOptions): Promise<void>;
  /** The bytes of a URL from an offset on; empty when nothing new is there. */
  readRange(url: string, fromByte: number, options?: RequestOptions): Promise<Uint8Array>;
}

export interface ScoreRequest {
  readonly scoringUri: string;
  readonly authorization: { readonly kind: 'bearer'; readonly value: string } | { readonly kind: 'entra' };
  /** Sent as `azureml-model-deployment`, past the traffic rule. */
  readonly deployment?: string | undefined;
  /** Sent beside the request's own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ScoreResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly durationMs: number;
}

export interface Scoring {
  /** Every HTTP status is an answer here, not an error; only an unreachable host throws. */
  score(request: ScoreRequest): Promise<ScoreResponse>;
  /** Why this agent does not reach the address privately, in one or two sentences; undefined when it does, or goes through a proxy. */
  publicRoute(scoringUri: string): Promise<string | undefined>;
}
