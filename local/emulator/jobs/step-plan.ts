/** Turns a node of a pipeline and the component it names into what it takes to run it. */
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { mapDefined, textMembers } from './command-plan.ts';
import type { CommandPlan, PlannedInput, PlannedOutput } from './command-plan.ts';
import { parseDuration } from './durations.ts';
import { boundOutput, inputText, parseBinding, plainText } from './pipeline-graph.ts';

/** What the bindings of a node can lead to, as far as the pipeline has come. */
export interface BindingValues {
  /** The pipeline's own inputs that have a value. */
  readonly inputs: Readonly<Record<string, PlannedInput>>;
  /** Short URIs of the outputs of nodes that are done: node, then output. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the pipeline itself says of its outputs. */
  readonly pipelineOutputs: Readonly<Record<string, PlannedOutput>>;
}

const LITERAL_TYPES = new Set(['string', 'number', 'integer', 'boolean']);
const EMBEDDED_INPUT = /\$\{\{\s*parent\.inputs\.([^{}]+?)\s*\}\}/g;

/** The inputs of a node: what it is given, else what the component declares as default. */
export function planNodeInputs(
  node: JsonObject,
  spec: JsonObject,
  values: BindingValues,
): Readonly<Record<string, PlannedInput>> {
  const declared = asObject(spec.inputs);
  const given = mapDefined(asObject(node.inputs), (input, name) => nodeInput(input, asObject(declared[name]), values));
  const defaults = mapDefined(declared, (input): PlannedInput | undefined => {
    const value = plainText(asObject(input).default);
    return value === undefined ? undefined : { kind: 'literal', value };
  });
  return { ...defaults, ...given };
}

function nodeInput(input: Json | undefined, declared: JsonObject, values: BindingValues): PlannedInput | undefined {
  const text = inputText(input);
  if (text === undefined) return undefined;
  const type = textAt(input, 'job_input_type') ?? 'literal';
  const declaredType = textAt(declared, 'type') ?? 'string';
  const mode = textAt(input, 'mode') ?? textAt(declared, 'mode');
  const data = (uri: string, ownType: string, ownMode?: string): PlannedInput => ({
    kind: 'data',
    type: ownType,
    uri,
    mode: mode ?? ownMode ?? 'ReadOnlyMount',
  });
  const binding = parseBinding(text);
  if (binding?.kind === 'nodeOutput') {
    const uri = values.outputs[binding.node]?.[binding.output];
    return uri === undefined ? undefined : data(uri, LITERAL_TYPES.has(declaredType) ? 'uri_folder' : declaredType);
  }
  if (binding?.kind === 'parentInput') {
    const bound = values.inputs[binding.name];
    return bound?.kind === 'data' ? data(bound.uri, bound.type, bound.mode) : bound;
  }
  if (type !== 'literal') return data(text, type);
  return { kind: 'literal', value: withEmbeddedInputs(text, values) };
}

/** `epoch-${{parent.inputs.epochs}}`: a binding inside of a longer text. */
function withEmbeddedInputs(text: string, values: BindingValues): string {
  return text.replace(EMBEDDED_INPUT, (whole, name: string) => {
    const bound = values.inputs[name];
    return bound === undefined ? whole : bound.kind === 'literal' ? bound.value : bound.uri;
  });
}

/** Every output the component declares, with what the node, or the pipeline output it feeds, says of it. */
export function planNodeOutputs(
  node: JsonObject,
  spec: JsonObject,
  values: BindingValues,
): Readonly<Record<string, PlannedOutput>> {
  const given = asObject(node.outputs);
  return mapDefined({ ...asObject(spec.outputs), ...given }, (_, name): PlannedOutput => {
    const declared = asObject(asObject(spec.outputs)[name]);
    const own = asObject(given[name]);
    const bound = boundOutput(given[name]);
    const outer = bound === undefined ? undefined : values.pipelineOutputs[bound];
    return {
      type: textAt(own, 'job_output_type') ?? textAt(declared, 'type') ?? outer?.type ?? 'uri_folder',
      uri: outer?.uri ?? textAt(own, 'uri'),
      mode: textAt(own, 'mode') ?? textAt(declared, 'mode') ?? outer?.mode ?? 'ReadWriteMount',
      assetName: outer?.assetName ?? textAt(own, 'name'),
      assetVersion: outer?.assetVersion ?? textAt(own, 'version'),
    };
  });
}

/** The plan of a node that runs a command component. */
export function planOfNode(node: JsonObject, spec: JsonObject, values: BindingValues): CommandPlan {
  const code = textAt(spec, 'code');
  const timeout = textAt(node, 'limits', 'timeout') ?? textAt(spec, 'limits', 'timeout');
  return {
    command: textAt(spec, 'command') ?? '',
    codeId: code,
    inputs: planNodeInputs(node, spec, values),
    outputs: planNodeOutputs(node, spec, values),
    environmentVariables: {
      ...textMembers(spec.environment_variables),
      ...textMembers(node.environment_variables),
    },
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout),
  };
}

/** Required inputs that nothing gives a value to. */
export function missingInputs(inputs: Readonly<Record<string, unknown>>, spec: JsonObject): readonly string[] {
  return Object.entries(asObject(spec.inputs))
    .filter(([name, input]) => !(name in inputs) && !isTrue(asObject(input).optional))
    .map(([name]) => name);
}

/** The service keeps booleans of a component as text. */
export function isTrue(value: Json | undefined): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

/** Names of the outputs a node has: those its component declares and those it mentions itself. */
export function nodeOutputNames(node: JsonObject, spec: JsonObject): readonly string[] {
  const outputs = isJsonObject(node.outputs) ? node.outputs : {};
  return [...new Set([...Object.keys(asObject(spec.outputs)), ...Object.keys(outputs)])];
}
