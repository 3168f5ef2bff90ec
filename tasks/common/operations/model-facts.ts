/** What is recorded with a model: the run that registered it, the job it comes from, its data, metrics and evaluation. */
import { at, isJsonObject, textAt, type Json } from '../domain/json.ts';
import {
  ENVIRONMENT,
  EVALUATION,
  JOB_NAME,
  lineageProperties,
  METRIC_PREFIX,
  METRICS_STEP,
  type Properties,
} from '../domain/lineage.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { jobMetrics } from './job-metrics.ts';
import type { ModelSource } from './model-source.ts';
import type { Context } from './task-context.ts';

export interface ModelFacts {
  readonly properties: Properties;
  readonly tags: Properties;
}

/** Throws UserError for an evaluation that is none, and for a step the job does not have. */
export async function modelFacts(
  context: Context,
  request: { readonly metricsStep: string | undefined; readonly evaluation: string | undefined },
  source: ModelSource,
): Promise<ModelFacts> {
  const outcome = request.evaluation === undefined ? undefined : evaluationOutcome(request.evaluation);
  const { job, jobResource } = source;
  const metrics =
    job === undefined || jobResource === undefined
      ? {}
      : await jobMetrics(context, job, jobResource, request.metricsStep);
  const recorded = Object.entries(metrics).map(([name, value]) => [METRIC_PREFIX + name, String(value)] as const);
  const evaluation = outcome === undefined ? {} : { [EVALUATION]: outcome };
  return {
    properties: {
      ...lineageProperties(context.agent.run),
      ...(job === undefined ? {} : { [JOB_NAME]: job }),
      ...(request.metricsStep === undefined ? {} : { [METRICS_STEP]: request.metricsStep }),
      ...inputFacts(jobResource),
      ...evaluation,
    },
    tags: { ...Object.fromEntries(recorded), ...evaluation },
  };
}

function evaluationOutcome(text: string): string {
  let decision: Json | undefined;
  try {
    decision = JSON.parse(text) as Json;
  } catch {
    decision = undefined;
  }
  const outcome = textAt(decision, 'outcome');
  if (outcome !== undefined) return outcome;
  throw new UserError(
    "Input 'evaluation' must be the output 'decision' of AmlEvaluateModel, for example $(evaluate.decision).",
  );
}

/** The data a job read, and the environment it ran in. */
function inputFacts(job: Resource | undefined): Properties {
  const inputs = at(job, 'properties', 'inputs');
  const data = Object.entries(isJsonObject(inputs) ? inputs : {}).flatMap(([name, input]) => {
    const uri = textAt(input, 'uri');
    return uri === undefined ? [] : [[`azdo.input.${name}`, uri] as const];
  });
  const environment = textAt(job, 'properties', 'environmentId');
  return { ...Object.fromEntries(data), ...(environment === undefined ? {} : { [ENVIRONMENT]: environment }) };
}
