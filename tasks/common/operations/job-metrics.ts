/** The metrics a job logged, by the job or by the steps of a pipeline. */
import type { Metrics } from '../domain/evaluation.ts';
import { textAt } from '../domain/json.ts';
import { UserError } from '../errors.ts';
import type { Resource, Run } from '../ports.ts';
import type { Context } from './task-context.ts';

/** The metrics of one run; none when the tracking server does not know it. */
export async function runMetrics({ workspace, agent }: Context, runId: string): Promise<Metrics> {
  const tracked = await workspace.tracking.run(runId, { signal: agent.signal });
  return Object.fromEntries((tracked?.metrics ?? []).map(({ name, value }) => [name, value]));
}

/** The metrics of a job itself; of a sweep those of its best trial. */
export function ownMetrics(context: Context, name: string, job: Resource): Promise<Metrics> {
  return runMetrics(context, textAt(job, 'properties', 'properties', BEST_TRIAL) ?? name);
}

/** The property by which a sweep names its best trial, as the service's own client reads it. */
const BEST_TRIAL = 'best_child_run_id';

/** A pipeline's steps, in the order they were created; empty for other jobs. */
export async function jobSteps({ workspace, agent }: Context, job: Resource, name: string): Promise<readonly Run[]> {
  if (textAt(job, 'properties', 'jobType') !== 'Pipeline') return [];
  return workspace.runs.children(name, { signal: agent.signal });
}

/** The metrics of a pipeline's step; those of its best trial, or of the run it was reused from, where it has none itself. */
export async function stepMetrics(context: Context, step: Run): Promise<Metrics> {
  const own = await runMetrics(context, step.id);
  const other = step.properties[BEST_TRIAL] ?? step.properties['azureml.reusedrunid'];
  return Object.keys(own).length > 0 || other === undefined ? own : runMetrics(context, other);
}

/** The step with this name. Throws UserError that lists the steps there are. */
export function findStep(steps: readonly Run[], job: string, name: string): Run {
  const isNamed = (step: Run, wanted: string): boolean => step.displayName === wanted || step.id === wanted;
  const found =
    steps.find((step) => isNamed(step, name)) ??
    steps.find((step) => step.displayName.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const known = steps.map((step) => step.displayName).join(', ');
  throw new UserError(
    known === ''
      ? `The job ${job} has no steps, so there is no step '${name}'; leave the step out.`
      : `The job ${job} has no step '${name}'. Its steps are: ${known}.`,
  );
}

/**
 * The metrics to judge a job by: those of the step that is named; without one those of the job itself, and where it has none
 * those of all its steps. Throws UserError when two steps log the same metric, because either could be meant.
 */
export async function jobMetrics(
  context: Context,
  name: string,
  job: Resource,
  step: string | undefined,
): Promise<Metrics> {
  if (step !== undefined) return stepMetrics(context, findStep(await jobSteps(context, job, name), name, step));
  const own = await ownMetrics(context, name, job);
  if (Object.keys(own).length > 0) return own;
  const metrics: Record<string, number> = {};
  for (const run of await jobSteps(context, job, name)) {
    for (const [metric, value] of Object.entries(await stepMetrics(context, run))) {
      if (metric in metrics && !Object.is(metrics[metric], value)) {
        throw new UserError(`Several steps of the job ${name} log '${metric}'; name the step that counts.`);
      }
      metrics[metric] = value;
    }
  }
  return metrics;
}

/** Metrics as JSON; NaN and infinities, which JSON does not have, as texts. */
export function metricsJson(metrics: Metrics): string {
  return JSON.stringify(metrics, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}
