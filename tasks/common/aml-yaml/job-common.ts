import { nameProblem } from '../domain/resource-names.ts';
import type { JobInput, JobOutput } from './job-data.ts';
import { planInputUri } from './job-data.ts';
import type { PutStep, Template } from './plan.ts';
import type { Planning, SourceFile } from './planning.ts';
import { camelKeys, compact, type TemplateObject } from './templates.ts';
import { computeId } from './references.ts';
import { member } from './yaml-node.ts';

/** What every job's body has, from the fields of COMMON_JOB_FIELDS. */
export interface CommonJobValues {
  readonly name?: string;
  readonly display_name?: string;
  readonly description?: string;
  readonly experiment_name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly compute?: string;
  readonly identity?: TemplateObject;
}

const NO_NAME = "The job has no name: give it one in the file ('name').";
const GIT_PROPERTY = /^(mlflow\.source\.git\.|azureml\.git\.)/;

/** The PUT of a job. */
export function jobPut(
  planning: Planning,
  source: SourceFile,
  values: CommonJobValues,
  specific: Readonly<Record<string, Template | undefined>>,
  withUserToken: boolean,
): PutStep {
  const extras = planning.request.job ?? {};
  const name = values.name ?? extras.name;
  const problem = name === undefined ? NO_NAME : nameProblem('job', name);
  if (problem !== undefined) planning.problems.add((member(source.node, 'name') ?? source.node).place, problem);
  const properties = {
    displayName: textOr(values.display_name, name ?? ''),
    experimentName: textOr(values.experiment_name, extras.experimentName ?? 'Default'),
    ...jobProperties(planning, values, specific),
  };
  const put: PutStep = { do: 'put', key: 'job', collection: 'jobs', name: name ?? '', body: { properties } };
  return withUserToken ? { ...put, withUserToken } : put;
}

/** A job's properties but for the names a run of it is shown under. */
export function jobProperties(
  planning: Planning,
  values: CommonJobValues,
  specific: Readonly<Record<string, Template | undefined>>,
): TemplateObject {
  const extras = planning.request.job ?? {};
  return compact({
    description: values.description,
    properties: mergedProperties(values.properties ?? {}, extras.properties ?? {}),
    tags: { ...values.tags, ...extras.tags },
    computeId: values.compute === undefined ? undefined : computeId(planning, values.compute),
    identity: values.identity && camelKeys(values.identity),
    isArchived: false,
    ...specific,
  });
}

function textOr(value: string | undefined, fallback: string): string {
  return value === undefined || value === '' ? fallback : value;
}

/** Git information of the run is added only where the file brings none of its own. */
function mergedProperties(
  own: Readonly<Record<string, string>>,
  extras: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const hasGit = Object.keys(own).some((key) => GIT_PROPERTY.test(key));
  const added = Object.entries(extras).filter(([key]) => !hasGit || !GIT_PROPERTY.test(key));
  return { ...own, ...Object.fromEntries(added) };
}

/** The inputs of a job's body, in camelCase; local data is uploaded. */
export async function jobInputsBody(
  planning: Planning,
  folder: string,
  inputs: ReadonlyMap<string, JobInput>,
): Promise<TemplateObject> {
  const body: Record<string, Template> = {};
  for (const [name, input] of inputs) {
    if (input.kind !== 'data') body[name] = { jobInputType: 'literal', value: input.text };
    else {
      const uri = await planInputUri(planning, folder, input);
      body[name] = compact({ jobInputType: input.type, uri, mode: input.mode?.sent });
    }
  }
  return body;
}

/** The outputs of a job's body, in camelCase. */
export function jobOutputsBody(outputs: ReadonlyMap<string, JobOutput>): TemplateObject {
  return Object.fromEntries(
    [...outputs].map(([name, output]) => [
      name,
      compact({
        jobOutputType: output.type ?? 'uri_folder',
        uri: output.path,
        mode: output.mode?.sent,
        assetName: output.name,
        assetVersion: output.version,
      }),
    ]),
  );
}
