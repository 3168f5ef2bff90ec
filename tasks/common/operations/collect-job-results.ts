/** What a completed job has produced: metrics and the URIs of its outputs. */
import type { Metrics } from '../domain/evaluation.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import { jobOutputUri } from '../domain/resource-names.ts';
import type { Resource, Run } from '../ports.ts';
import { ownMetrics, stepMetrics } from './job-metrics.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

export interface JobResults {
  /** Those of steps as `step.metric`. */
  readonly metrics: Metrics;
  /** URI by output. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The results of a job; metrics are left out where the tracking server cannot be reached from this agent. */
export async function collectJobResults(
  context: Context,
  name: string,
  job: Resource,
  steps: readonly Run[],
): Promise<JobResults> {
  const { log } = context.agent;
  const metrics: Record<string, number> = {};
  const own = await tolerant(log, `the metrics of ${name}`, () => ownMetrics(context, name, job));
  Object.assign(metrics, own ?? {});
  const isSweep = textAt(job, 'properties', 'jobType') === 'Sweep';
  for (const step of isSweep ? [] : steps) {
    const found = await tolerant(log, `the metrics of ${step.displayName}`, () => stepMetrics(context, step));
    for (const [metric, value] of Object.entries(found ?? {})) metrics[`${step.displayName}.${metric}`] = value;
  }
  if (own === undefined) log.warning(`The metrics of the job ${name} cannot be read from this agent.`);
  return { metrics, outputs: outputUris(name, job) };
}

/** The URIs of the outputs the job declares; the service's own `default` is not one of them. */
export function outputUris(name: string, job: Resource): Readonly<Record<string, string>> {
  const outputs = at(job, 'properties', 'outputs');
  if (!isJsonObject(outputs)) return {};
  const declared = Object.keys(outputs).filter((output) => output !== 'default');
  return Object.fromEntries(
    declared.map((output) => [output, textAt(outputs, output, 'uri') ?? jobOutputUri(name, output)]),
  );
}
