/** The metrics behind a registered model: those of the job it came from, otherwise those recorded with it. */
import type { Metrics } from '../domain/evaluation.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import { JOB_NAME, METRIC_PREFIX, METRICS_STEP, ORIGIN, recordedFact } from '../domain/lineage.ts';
import { workspaceArmId } from '../domain/workspace-id.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { jobMetrics } from './job-metrics.ts';
import type { Context } from './task-context.ts';

export interface ModelMetrics {
  readonly metrics: Metrics;
  /** The job they come from, where they do. */
  readonly job: string | undefined;
}

/**
 * The job's own metrics come first, because tags can be edited. They are missing when the job was deleted or is out of reach,
 * or does not have the step; then what was recorded at registration counts.
 */
export async function modelMetrics(context: Context, model: Resource, step: string | undefined): Promise<ModelMetrics> {
  const job = isOfThisWorkspace(context, model) ? modelJob(model) : undefined;
  const metrics = job === undefined ? {} : await fromJob(context, job, step ?? recordedFact(model, METRICS_STEP));
  return Object.keys(metrics).length > 0 ? { metrics, job } : { metrics: recordedMetrics(model), job: undefined };
}

/** A model that was promoted from elsewhere names a job of there; one of the same name here is another job. */
function isOfThisWorkspace({ workspace }: Context, model: Resource): boolean {
  const origin = recordedFact(model, ORIGIN);
  if (origin !== undefined) return origin.toLowerCase().startsWith(`${workspaceArmId(workspace.id)}/`.toLowerCase());
  return !(textAt(model, 'id') ?? '').startsWith('azureml://registries/');
}

/** The job a model was registered from. */
export function modelJob(model: Resource): string | undefined {
  return recordedFact(model, JOB_NAME) ?? textAt(model, 'properties', 'jobName');
}

async function fromJob(context: Context, name: string, step: string | undefined): Promise<Metrics> {
  const { workspace, agent } = context;
  try {
    const job = await workspace.get(`jobs/${name}`, { signal: agent.signal });
    return job === undefined ? {} : await jobMetrics(context, name, job, step);
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof ServiceError)) throw error;
    agent.log.info(
      `The metrics of the job ${name} cannot be used (${error.message}); those recorded with the model count.`,
    );
    return {};
  }
}

function recordedMetrics(model: Resource): Metrics {
  const [tags, properties] = [at(model, 'properties', 'tags'), at(model, 'properties', 'properties')];
  const facts = { ...(isJsonObject(tags) ? tags : {}), ...(isJsonObject(properties) ? properties : {}) };
  const metrics = Object.entries(facts).flatMap(([name, value]) =>
    name.startsWith(METRIC_PREFIX) && typeof value === 'string' && value.trim() !== ''
      ? [[name.slice(METRIC_PREFIX.length), Number(value)] as const]
      : [],
  );
  return Object.fromEntries(metrics);
}
