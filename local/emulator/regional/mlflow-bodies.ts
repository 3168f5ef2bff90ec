/** Runs and experiments as MLflow's REST interface writes them. */
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { JsonObject } from '../json.ts';
import type { ExperimentRecord, MetricPoint, RunRecord, RunStatus } from '../jobs/records.ts';
import type { RunStore } from '../jobs/run-store.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';

export interface MlflowParts {
  readonly context: Pick<EmulatorContext, 'cloud'>;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
}

/** MLflow's five words for a run's state. */
export function mlflowStatus(status: RunStatus): 'SCHEDULED' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED' {
  switch (status) {
    case 'Completed':
      return 'FINISHED';
    case 'Failed':
      return 'FAILED';
    case 'Canceled':
      return 'KILLED';
    case 'Running':
    case 'Finalizing':
    case 'CancelRequested':
      return 'RUNNING';
    case 'NotStarted':
    case 'Starting':
    case 'Preparing':
    case 'Queued':
      return 'SCHEDULED';
  }
}

/** Where MLflow's clients are told a run's files are. */
export function artifactUri({ context, workspace }: MlflowParts, run: RunRecord): string {
  const host = regionalHost(context.cloud, workspace.region);
  return `azureml://${host}/mlflow/v2.0${workspace.id}/experiments/${run.experimentId}/runs/${run.id}/artifacts`;
}

export function runInfo(parts: MlflowParts, run: RunRecord): JsonObject {
  return {
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.displayName ?? '',
    experiment_id: run.experimentId,
    user_id: run.createdBy,
    status: mlflowStatus(run.status),
    start_time: run.startedAt ?? run.createdAt,
    ...(run.endedAt !== null && { end_time: run.endedAt }),
    artifact_uri: artifactUri(parts, run),
    lifecycle_stage: run.isDeleted ? 'deleted' : 'active',
  };
}

/** A run with its latest metrics, its parameters and tags. */
export function mlflowRun(parts: MlflowParts, run: RunRecord): JsonObject {
  const tracked = parts.store.tracking(run);
  return {
    info: runInfo(parts, run),
    data: {
      metrics: Object.entries(latestMetrics(tracked.metrics)).map(([key, point]) => ({ key, ...point })),
      params: keyValues(tracked.parameters),
      tags: keyValues(runTags(run)),
    },
    inputs: {},
  };
}

/** The run's own tags and those MLflow's clients expect of every run. */
export function runTags(run: RunRecord): Record<string, string> {
  return {
    'mlflow.rootRunId': run.rootId,
    'mlflow.runName': run.displayName ?? '',
    'mlflow.user': run.createdBy,
    ...(run.parentId !== null && { 'mlflow.parentRunId': run.parentId }),
    ...run.tags,
  };
}

/** The point that counts as a metric's value: the highest step, then the latest time, then the last logged. */
export function latestMetrics(
  metrics: Readonly<Record<string, readonly MetricPoint[]>>,
): Readonly<Record<string, MetricPoint>> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([key, [first, ...others]]) => {
      if (first === undefined) return [];
      const later = (a: MetricPoint, b: MetricPoint): boolean =>
        b.step > a.step || (b.step === a.step && b.timestamp >= a.timestamp);
      return [[key, others.reduce((best, point) => (later(best, point) ? point : best), first)]];
    }),
  );
}

export function experimentBody(experiment: ExperimentRecord): JsonObject {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: '',
    lifecycle_stage: experiment.isArchived ? 'deleted' : 'active',
    creation_time: experiment.createdAt,
    last_update_time: experiment.createdAt,
    tags: keyValues(experiment.tags),
  };
}

function keyValues(members: Readonly<Record<string, string>>): JsonObject[] {
  return Object.entries(members).map(([key, value]) => ({ key, value }));
}
