/** Where a model to register is: an output of a job, local files, or a URI. */
import { at, isJsonObject, textAt, type Json } from '../domain/json.ts';
import { jobOutputUri } from '../domain/resource-names.ts';
import { UserError } from '../errors.ts';
import type { Resource, Run } from '../ports.ts';
import { findStep, jobSteps } from './job-metrics.ts';
import type { Context } from './task-context.ts';

export type ModelType = 'custom_model' | 'mlflow_model' | 'triton_model';

export interface ModelSourceRequest {
  readonly source: 'jobOutput' | 'path' | 'uri';
  readonly modelType: 'auto' | ModelType;
  readonly jobName: string | undefined;
  readonly jobStep: string | undefined;
  readonly outputName: string | undefined;
  readonly outputPath: string | undefined;
  /** Absolute path. */
  readonly path: string | undefined;
  readonly uri: string | undefined;
}

export interface ModelSource {
  /** A path of the agent or a URI, as a model's YAML takes it. */
  readonly path: string;
  readonly modelType: ModelType;
  /** The job the model comes from, where one is known. */
  readonly job: string | undefined;
  readonly jobResource: Resource | undefined;
}

/** Checks the inputs and the job. Throws UserError for what is missing, and for a job that has not completed. */
export async function modelSource(context: Context, request: ModelSourceRequest): Promise<ModelSource> {
  const { source, jobName } = request;
  const job = jobName === undefined ? undefined : await completedJob(context, jobName);
  const declared = request.modelType === 'auto' ? 'custom_model' : request.modelType;
  switch (source) {
    case 'jobOutput':
      return fromJob(context, request, required('jobName', jobName, source), job ?? {});
    case 'path':
      return { path: required('path', request.path, source), modelType: declared, job: jobName, jobResource: job };
    case 'uri': {
      const uri = required('uri', request.uri, source);
      if (!/^(azureml:\/\/|runs:\/|https:\/\/)/.test(uri)) {
        throw new UserError(`Input 'uri' must start with azureml://, runs:/ or https://, not '${uri}'.`);
      }
      return { path: uri, modelType: declared, job: jobName, jobResource: job };
    }
  }
}

function required(input: string, value: string | undefined, source: string): string {
  if (value !== undefined) return value;
  throw new UserError(`Input '${input}' is required with source: ${source}; give it a value.`);
}

async function completedJob({ workspace, agent }: Context, name: string): Promise<Resource> {
  const job = await workspace.get(`jobs/${name}`, { signal: agent.signal });
  if (job === undefined) throw new UserError(`Input 'jobName': the workspace has no job '${name}'.`);
  const status = textAt(job, 'properties', 'status') ?? 'Unknown';
  if (status === 'Completed') return job;
  throw new UserError(
    `Input 'jobName': the job ${name} has not completed (it is ${status}), so it has no model to register.`,
  );
}

/** The URI names the job itself, never a "latest" of anything. */
async function fromJob(
  context: Context,
  request: ModelSourceRequest,
  name: string,
  job: Resource,
): Promise<ModelSource> {
  const output = required('outputName', request.outputName, request.source);
  const step =
    request.jobStep === undefined ? undefined : findStep(await jobSteps(context, job, name), name, request.jobStep);
  const owner = step === undefined ? `job ${name}` : `step ${step.displayName} of the job ${name}`;
  const outputs = step === undefined ? at(job, 'properties', 'outputs') : stepOutputs(job, step);
  if (isJsonObject(outputs) && !(output in outputs)) {
    const known =
      Object.keys(outputs)
        .filter((other) => other !== 'default')
        .join(', ') || 'none';
    throw new UserError(`Input 'outputName': the ${owner} has no output '${output}'. Its outputs: ${known}.`);
  }
  const run = step === undefined ? name : (step.properties['azureml.reusedrunid'] ?? step.id);
  return {
    path: jobOutputUri(run, output, request.outputPath),
    modelType: request.modelType === 'auto' ? typeOf(at(outputs, output)) : request.modelType,
    job: name,
    jobResource: job,
  };
}

/** What the definition says; undefined where it says nothing about this step (the service then decides). */
function stepOutputs(job: Resource, step: Run): Json | undefined {
  const outputs = at(job, 'properties', 'jobs', step.displayName, 'outputs');
  return isJsonObject(outputs) && Object.keys(outputs).length > 0 ? outputs : undefined;
}

function typeOf(output: Json | undefined): ModelType {
  const type = textAt(output, 'jobOutputType') ?? textAt(output, 'job_output_type') ?? textAt(output, 'type');
  return type === 'mlflow_model' || type === 'triton_model' ? type : 'custom_model';
}
