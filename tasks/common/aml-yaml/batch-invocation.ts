import { UserError } from '../errors.ts';
import { jobInputs, jobOutputs, planInputUri, type DataType, type JobInput, type JobOutput } from './job-data.ts';
import { loadYaml } from './load-yaml.ts';
import type { Plan, PutStep, Template } from './plan.ts';
import type { PlanRequest } from './plan-request.ts';
import { Planning } from './planning.ts';
import { ProblemList } from './problems.ts';
import type { Reader } from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';

/** How a batch endpoint spells the types of data: unlike Resource Manager, in the words of api-version 2020-09-01-dataplanepreview. */
const TYPE_WORDS: Readonly<Record<DataType, string>> = {
  uri_file: 'UriFile',
  uri_folder: 'UriFolder',
  mltable: 'MLTable',
  mlflow_model: 'MLFlowModel',
  custom_model: 'CustomModel',
  triton_model: 'TritonModel',
};

/** A text of the user and how the user knows it: the name of an input. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

export interface BatchInvocationRequest extends Pick<
  PlanRequest,
  'files' | 'workspace' | 'sourcesDirectory' | 'allowPathsOutsideSources'
> {
  /** YAML: inputs by name, in the form of a job's `inputs`. */
  readonly inputs: NamedText;
  /** YAML: outputs by name, in the form of a job's `outputs`. */
  readonly outputs: NamedText;
}

/**
 * Reads the inputs and outputs of a batch endpoint's invocation. The plan's main body is what is posted to the endpoint; its steps
 * upload local data. Local paths start from the sources directory.
 *
 * @throws UserError with every problem and its place
 */
export async function planBatchInvocation(request: BatchInvocationRequest): Promise<Plan> {
  const problems = new ProblemList();
  const file = request.inputs.name;
  const planning = new Planning({ ...request, file, absolutePath: request.sourcesDirectory }, problems);
  const inputs = readNamed(request.inputs, 'inputs', jobInputs, problems);
  const outputs = readNamed(request.outputs, 'outputs', jobOutputs, problems);
  const inputData = await inputBodies(planning, inputs);
  const outputData = outputBodies(planning, outputs);
  problems.throwIfAny();
  const properties = compact({
    inputData,
    outputData: Object.keys(outputData).length === 0 ? undefined : outputData,
  });
  const main: PutStep = { do: 'put', key: 'job', collection: 'jobs', name: '', body: { properties } };
  return { kind: 'job', file, steps: [...planning.steps(), main], main, warnings: planning.warnings };
}

function readNamed<T>(
  { name, text }: NamedText,
  path: string,
  read: Reader<ReadonlyMap<string, T>>,
  problems: ProblemList,
): ReadonlyMap<string, T> {
  if (text.trim() === '') return new Map();
  const node = loadYaml(text, name);
  if (node.kind !== 'map')
    throw new UserError({ file: name, message: `The ${path} must be a mapping of names to ${path}.` });
  return read(node, { problems, path }) ?? new Map<string, T>();
}

async function inputBodies(planning: Planning, inputs: ReadonlyMap<string, JobInput>): Promise<TemplateObject> {
  const body: Record<string, Template> = {};
  for (const [name, input] of inputs) {
    if (input.kind === 'literal') body[name] = { jobInputType: 'Literal', value: input.text };
    else if (input.kind === 'data') {
      const uri = await planInputUri(planning, planning.request.sourcesDirectory, input);
      body[name] = compact({ jobInputType: TYPE_WORDS[input.type], uri, mode: input.mode?.sent });
    } else {
      planning.problems.add(
        input.place,
        `'${input.text}' in the input '${name}' refers to a pipeline; an endpoint's input has a value or a path of its own.`,
      );
    }
  }
  return body;
}

function outputBodies(planning: Planning, outputs: ReadonlyMap<string, JobOutput>): TemplateObject {
  return Object.fromEntries(
    [...outputs].map(([name, output]) => {
      if (output.path === undefined) {
        planning.problems.add(
          output.place,
          `The output '${name}' has no 'path'; say where it is written to, for example ` +
            `azureml://datastores/workspaceblobstore/paths/${name}, or leave the output out.`,
        );
      }
      const type = TYPE_WORDS[output.type ?? 'uri_folder'];
      return [name, compact({ jobOutputType: type, uri: output.path, mode: output.mode?.sent })];
    }),
  );
}
