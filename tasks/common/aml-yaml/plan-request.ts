import type { WorkspaceId } from '../domain/workspace-id.ts';
import type { Files } from '../ports.ts';
import type { Override } from './overrides.ts';
import type { PlanKind } from './plan.ts';

/** What a job gets beside its file. */
export interface JobExtras {
  /** The job's name where the file gives none. */
  readonly name?: string;
  /** The experiment where the file names none. `az ml` takes the working folder's name; a task gives the pipeline's. */
  readonly experimentName?: string;
  /**
   * Added to the job's properties. Git information (`mlflow.source.git.*`, `azureml.git.*`) is left out altogether when the file
   * has any of it; every other property wins over the file's.
   */
  readonly properties?: Readonly<Record<string, string>>;
  /** Added to the job's tags; they win over the file's. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What is to be planned, and what the planner may read for it. */
export interface PlanRequest {
  /** The file as the user gave it: it stands in every error. */
  readonly file: string;
  readonly absolutePath: string;
  /** What the file must describe; any kind when absent. */
  readonly kind?: PlanKind | readonly PlanKind[];
  readonly overrides?: readonly Override[];
  readonly files: Files;
  readonly workspace: WorkspaceId;
  /** Absolute path. Whatever the file refers to must lie below it, links resolved. */
  readonly sourcesDirectory: string;
  readonly allowPathsOutsideSources?: boolean;
  /** The registry that the asset is made for: then nothing of a workspace may be referred to. */
  readonly registry?: string | undefined;
  readonly job?: JobExtras;
  /** Properties that say where a model or deployment comes from; they win over the file's. Jobs take theirs from `job`. */
  readonly lineage?: Readonly<Record<string, string>>;
  /**
   * Sends what azure-ai-ml 1.34.0 sends also where that is wrong (a pipeline job's `component: azureml:p:1` as `p:1`). Only for
   * comparing with recorded requests.
   */
  readonly likeAzureAiMl?: boolean;
}
