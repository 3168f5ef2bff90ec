/** What an invocation of a batch endpoint runs: one parallel step over the input's files, or the deployment's pipeline. */
import { fileURLToPath } from 'node:url';
import type { BatchDeploymentRecord } from '../arm/batch-records.ts';
import { pipelineComponentOf } from '../arm/batch-requests.ts';
import { COLLECTIONS } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { badBody } from '../errors.ts';
import { mapDefined, type PlannedInput, type PlannedOutput } from '../jobs/command-plan.ts';
import { parseDuration } from '../jobs/durations.ts';
import { lastSegment, planPipeline, type PipelinePlan, type PlannedNode } from '../jobs/pipeline-plan.ts';
import { asObject, at, textAt, type Json, type JsonObject } from '../json.ts';
import { assetOf } from './deployment-files.ts';

const ENTRY_SCRIPT = fileURLToPath(new URL('batch_entry.py', import.meta.url));

/** The one step of a model's deployment, and its output. */
const STEP = 'batchscoring';
const OUTPUT = 'score';
const MODEL_INPUT = '_model';

/** How the scoring plane spells types that Resource Manager spells otherwise. */
const TYPES: Readonly<Record<string, string>> = {
  literal: 'literal',
  urifile: 'uri_file',
  urifolder: 'uri_folder',
  mltable: 'mltable',
  mlflowmodel: 'mlflow_model',
  custommodel: 'custom_model',
  tritonmodel: 'triton_model',
};

interface Place {
  readonly context: Pick<EmulatorContext, 'state'>;
  readonly workspace: WorkspaceRecord;
}

/** The graph to run. Throws the 400 for inputs that cannot be, and the 404 for what is gone. */
export function planBatchJob(place: Place, deployment: BatchDeploymentRecord, asked: JsonObject): PipelinePlan {
  const { settings } = deployment;
  const inputs = mapDefined(asObject(asked.inputData), (input, name) => batchInput(name, asObject(input)));
  const outputs = mapDefined(asObject(asked.outputData), (output) => batchOutput(asObject(output)));
  const component = pipelineComponentOf(settings);
  if (component !== undefined) return componentPlan(place, component, settings, inputs, outputs);
  return scoringPlan(place, { ...settings, ...overrides(asked) }, inputs, outputs);
}

/** What an invocation may set otherwise than its deployment. */
function overrides(asked: JsonObject): JsonObject {
  const names = ['miniBatchSize', 'errorThreshold', 'outputFileName', 'retrySettings', 'maxConcurrencyPerInstance'];
  const given = names.flatMap((name): [string, Json][] => {
    const value = asked[name];
    return value === undefined || value === null ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}

/** The API takes its own words in any case: `JobInputType`, `jobInputType`. */
function member(value: JsonObject, name: string): Json | undefined {
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function batchInput(name: string, input: JsonObject): PlannedInput {
  const written = member(input, 'jobInputType');
  const type = typeof written === 'string' ? TYPES[written.toLowerCase().replaceAll('_', '')] : undefined;
  const [uri, value] = [member(input, 'uri'), member(input, 'value')];
  if (type === 'literal' && value !== undefined && value !== null) {
    return { kind: 'literal', value: typeof value === 'string' ? value : JSON.stringify(value) };
  }
  if (type === undefined || type === 'literal' || typeof uri !== 'string' || uri === '') {
    throw badBody(`The input ${name} is invalid: it needs a jobInputType, and a uri or a value.`);
  }
  const mode = member(input, 'mode');
  return { kind: 'data', type, uri, mode: typeof mode === 'string' ? mode : 'ReadOnlyMount' };
}

function batchOutput(output: JsonObject): PlannedOutput {
  const written = member(output, 'jobOutputType');
  const type = typeof written === 'string' ? TYPES[written.toLowerCase().replaceAll('_', '')] : undefined;
  const [uri, mode] = [member(output, 'uri'), member(output, 'mode')];
  return {
    type: type ?? 'uri_folder',
    uri: typeof uri === 'string' ? uri : undefined,
    mode: typeof mode === 'string' ? mode : 'ReadWriteMount',
    assetName: undefined,
    assetVersion: undefined,
  };
}

function componentPlan(
  { context, workspace }: Place,
  componentId: string,
  settings: JsonObject,
  inputs: PipelinePlan['inputs'],
  outputs: PipelinePlan['outputs'],
): PipelinePlan {
  const own = asObject(at(settings, 'deploymentConfiguration', 'settings'));
  const plan = planPipeline({ state: context.state, workspace }, { componentId, settings: own });
  return { ...plan, inputs: { ...plan.inputs, ...inputs }, outputs: { ...plan.outputs, ...outputs } };
}

function scoringPlan(
  { context }: Place,
  settings: JsonObject,
  inputs: PipelinePlan['inputs'],
  outputs: PipelinePlan['outputs'],
): PipelinePlan {
  const [data, ...more] = Object.entries(inputs);
  if (data === undefined || more.length > 0 || data[1].kind !== 'data') {
    throw badBody('The deployment of a model takes exactly one input, which is data.');
  }
  const [name] = data;
  const modelId = textAt(settings, 'model', 'assetId') ?? '';
  const modelUri = textAt(assetOf(context, COLLECTIONS.models, modelId), 'properties', 'modelUri') ?? '';
  const score = outputs[OUTPUT] ?? batchOutput({});
  const target = splitFile(score, textAt(settings, 'outputFileName') ?? 'predictions.csv');
  const node = scoringNode(settings, name, lastSegment(modelUri.replace(/\/+$/, '')), target.fileName);
  return {
    graph: { nodes: { [STEP]: node }, outputSources: { [OUTPUT]: { node: STEP, output: OUTPUT } } },
    inputs: { ...inputs, [MODEL_INPUT]: { kind: 'data', type: 'custom_model', uri: modelId, mode: 'ReadOnlyMount' } },
    outputs: { [OUTPUT]: target.output },
    continueOnStepFailure: false,
    forceRerun: true,
    defaultCompute: lastSegment(textAt(settings, 'compute') ?? ''),
  };
}

/** An output that names a file is its folder, and the name of the predictions. */
function splitFile(output: PlannedOutput, fileName: string): { output: PlannedOutput; fileName: string } {
  const [, folder, file] = /^(.*)\/([^/]+)$/.exec(output.uri ?? '') ?? [];
  if (output.type !== 'uri_file' || folder === undefined || file === undefined) return { output, fileName };
  return { output: { ...output, type: 'uri_folder', uri: folder }, fileName: file };
}

function scoringNode(settings: JsonObject, data: string, modelName: string, fileName: string): PlannedNode {
  const code = textAt(settings, 'codeConfiguration', 'codeId');
  const script = textAt(settings, 'codeConfiguration', 'scoringScript');
  const timeout = parseDuration(textAt(settings, 'retrySettings', 'timeout') ?? '') ?? 30_000;
  const appends = textAt(settings, 'outputAction') !== 'SummaryOnly';
  const spec: JsonObject = {
    type: 'parallel',
    ...(code !== undefined && { code }),
    inputs: { [data]: { type: 'uri_folder' }, [MODEL_INPUT]: { type: 'custom_model' } },
    outputs: { [OUTPUT]: { type: 'uri_folder' } },
    input_data: `\${{inputs.${data}}}`,
    task: {
      type: 'run_function',
      ...(code !== undefined && { code }),
      entry_script: ENTRY_SCRIPT,
      ...(appends && { append_row_to: `\${{outputs.${OUTPUT}}}/${fileName}` }),
    },
    mini_batch_size: settings.miniBatchSize ?? 10,
    error_threshold: settings.errorThreshold ?? -1,
    max_concurrency_per_instance: settings.maxConcurrencyPerInstance ?? 1,
    retry_settings: { max_retries: at(settings, 'retrySettings', 'maxRetries') ?? 3, timeout: timeout / 1000 },
    resources: { instance_count: at(settings, 'resources', 'instanceCount') ?? 1 },
    environment_variables: {
      ...asObject(settings.environmentVariables),
      BATCH_MODEL_NAME: modelName,
      ...(script !== undefined && { BATCH_SCORING_SCRIPT: script }),
    },
  };
  return {
    type: 'parallel',
    component: { id: '', name: STEP, version: '1', spec },
    node: {
      type: 'parallel',
      computeId: settings.compute,
      inputs: { [data]: bound(`inputs.${data}`), [MODEL_INPUT]: bound(`inputs.${MODEL_INPUT}`) },
      outputs: { [OUTPUT]: bound(`outputs.${OUTPUT}`) },
    },
  };
}

const bound = (path: string): string => `\${{parent.${path}}}`;
