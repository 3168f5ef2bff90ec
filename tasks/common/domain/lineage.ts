/** Where things in a workspace come from: names of the properties this product writes on jobs, models and deployments. */
import { textAt, type Json } from './json.ts';

/** The tag or property that names the job a model was registered from. */
export const JOB_NAME = 'azdo.jobName';
/** The step of that job whose metrics were recorded. */
export const METRICS_STEP = 'azdo.metricsStep';
/** The exact URI a model was registered from; a second registration of the same one finds the first by it. */
export const SOURCE_URI = 'azdo.sourceUri';
/** The outcome of the evaluation a model was registered with. */
export const EVALUATION = 'azdo.evaluation';
/** The identity of a submission, on jobs. */
export const SUBMISSION = 'azdo.submission';
/** The fingerprint of a submission's content, on jobs. */
export const FINGERPRINT = 'azdo.fingerprint';
/** The pipeline run that made something. */
export const RUN_ID = 'azdo.buildId';
/** In front of a metric's name, where a metric is recorded with a model. */
export const METRIC_PREFIX = 'metric.';

/** When a version was promoted last (ISO 8601): a tag, by which the champion of a later evaluation is found. */
export const PROMOTED = 'azdo.promoted';
/** Where a version was promoted to: a tag of the source. */
export const PROMOTED_TO = 'azdo.promotedTo';
/** The version this one was promoted from, and the first of the chain. */
export const PROMOTED_FROM = 'azdo.promotedFrom';
export const ORIGIN = 'azdo.origin';
/** SHA-256 over the names, sizes and SHA-256 of all files of a version, as they were compared on both sides. */
export const CONTENT_HASH = 'azdo.contentHash';
/** `approved`, `notApproved`, `none` or `unavailable`: a tag; what is behind it stands in properties. */
export const APPROVAL = 'azdo.approval';
/** The environment of a job a model comes from, and what was taken along for it. */
export const ENVIRONMENT = 'azdo.environment';
/** In front of the run that promoted a version, where `azdo.buildId` and its like are those of the run that registered it. */
const PROMOTION_PREFIX = 'azdo.promotion.';

/** The part of a pipeline run that lineage is made of. */
export interface LineageSource {
  readonly definitionName: string;
  readonly buildId: string;
  readonly buildUrl: string | undefined;
  readonly repository: string;
  readonly repositoryUri: string | undefined;
  readonly sourceBranch: string;
  readonly sourceVersion: string;
  readonly requestedFor: string;
}

export type Properties = Readonly<Record<string, string>>;

/** The run that made something, as `azdo.*` properties; what the agent does not know is left out. */
export function lineageProperties(run: LineageSource): Properties {
  return withoutEmpty({
    [RUN_ID]: run.buildId,
    'azdo.buildUrl': run.buildUrl,
    'azdo.definition': run.definitionName,
    'azdo.repository': run.repository,
    'azdo.sourceBranch': run.sourceBranch,
    'azdo.sourceVersion': run.sourceVersion,
    'azdo.requestedFor': run.requestedFor,
  });
}

/** The same for the run that promoted something: `azdo.promotion.buildId` … */
export function promotionProperties(run: LineageSource): Properties {
  const own = Object.entries(lineageProperties(run));
  return Object.fromEntries(own.map(([name, value]) => [name.replace('azdo.', PROMOTION_PREFIX), value]));
}

/**
 * The commit a job was submitted from, under the names MLflow and studio show. From the pipeline's variables, because its
 * checkouts are detached and have no branch.
 */
export function gitProperties(run: LineageSource): Properties {
  return withoutEmpty({
    'mlflow.source.git.repoURL': run.repositoryUri,
    'mlflow.source.git.branch': run.sourceBranch.replace(/^refs\/heads\//, ''),
    'mlflow.source.git.commit': run.sourceVersion,
    'azureml.git.build_id': run.buildId,
    'azureml.git.build_uri': run.buildUrl,
  });
}

/** A recorded fact of a resource: from its properties, otherwise from its tags. */
export function recordedFact(resource: Json, name: string): string | undefined {
  return textAt(resource, 'properties', 'properties', name) ?? textAt(resource, 'properties', 'tags', name);
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Properties {
  const entries = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}
