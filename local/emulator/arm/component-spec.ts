/** What the service makes of a component's specification: every value a text, defaults filled in, members in its order. */
import { asObject, isJsonObject, without, type Json, type JsonObject } from '../json.ts';

/** Members the service keeps in this order; others follow as they came. */
const ORDER = [
  '$schema',
  'name',
  'version',
  'display_name',
  'is_deterministic',
  'type',
  'description',
  'tags',
  'inputs',
  'outputs',
  'code',
  'environment',
  'resources',
  'distribution',
  'command',
];

const LITERALS = ['string', 'number', 'integer', 'boolean'];

/** A specification without a schema gets the one of its type. */
const DEFAULT_SCHEMAS: Readonly<Record<string, string>> = {
  command: 'https://componentsdk.azureedge.net/jsonschema/CommandComponent.json',
};

/**
 * Normalises a `componentSpec`. A pipeline's `jobs` stay as they were sent: nodes are read back verbatim.
 * `place` gives the name and version of the URL, which the specification takes over.
 */
export function normaliseSpec(
  sent: JsonObject,
  place: { readonly name: string; readonly version: string; readonly anonymous: boolean },
): JsonObject {
  const { jobs, inputs, outputs } = sent;
  const rest = without(sent, '_source', 'id', 'jobs', 'inputs', 'outputs');
  const type = typeof sent.type === 'string' ? sent.type : 'command';
  const spec: Record<string, Json | undefined> = textsOf(rest);
  spec.name = place.name;
  spec.version = place.anonymous ? (spec.version ?? '1') : place.version;
  spec.is_deterministic ??= 'True';
  spec.$schema ??= DEFAULT_SCHEMAS[type];
  if (inputs !== undefined) spec.inputs = normaliseInputs(asObject(inputs), type);
  if (outputs !== undefined) spec.outputs = normaliseOutputs(asObject(outputs));
  if (jobs !== undefined) spec.jobs = jobs;
  normaliseRunSettings(spec, type);
  return ordered(spec);
}

function normaliseRunSettings(spec: Record<string, Json | undefined>, type: string): void {
  if (typeof spec.environment === 'string') spec.environment = registryEnvironment(spec.environment);
  const task = spec.task;
  if (isJsonObject(task) && typeof task.environment === 'string') {
    spec.task = { ...task, environment: registryEnvironment(task.environment) };
  }
  const distribution = spec.distribution;
  if (isJsonObject(distribution)) spec.distribution = normaliseDistribution(distribution);
  // A parallel component's resources are dropped; a command's are told even where none were set.
  if (type === 'parallel') delete spec.resources;
  else if (type === 'command') spec.resources = { instance_count: '1', ...asObject(spec.resources) };
}

function normaliseInputs(inputs: JsonObject, type: string): JsonObject {
  const entries = Object.entries(inputs).map(([name, input]): [string, JsonObject] => {
    const { type: inputType, optional, default: standard, description, ...rest } = textsOf(asObject(input));
    const told = type === 'pipeline' && optional === undefined ? {} : { optional: optional ?? 'False' };
    return [
      name,
      {
        type: inputType,
        ...told,
        ...(standard !== undefined && { default: standard }),
        ...(description !== undefined && { description }),
        ...rest,
      },
    ];
  });
  const isLiteral = ([, input]: [string, JsonObject]): boolean =>
    typeof input.type === 'string' && LITERALS.includes(input.type);
  // Data comes before literals.
  return Object.fromEntries([...entries.filter((entry) => !isLiteral(entry)), ...entries.filter(isLiteral)]);
}

function normaliseOutputs(outputs: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => {
      return [name, without(textsOf(asObject(output)), 'mode')];
    }),
  );
}

const DISTRIBUTIONS: Readonly<Record<string, string>> = {
  mpi: 'Mpi',
  pytorch: 'PyTorch',
  tensorflow: 'TensorFlow',
  ray: 'Ray',
};

function normaliseDistribution({ type, ...rest }: JsonObject): JsonObject {
  const word = typeof type === 'string' ? (DISTRIBUTIONS[type.toLowerCase()] ?? type) : type;
  return { ...rest, type: word };
}

/** A curated environment by its short name is told as the registry's. */
function registryEnvironment(environment: string): string {
  const curated = /^azureml:(AzureML-[^:/]+):([^:/]+)$/.exec(environment);
  if (curated === null) return environment;
  return `azureml://registries/azureml/environments/${curated[1] ?? ''}/versions/${curated[2] ?? ''}`;
}

/** Booleans and numbers as the service writes them into texts: `True`, `False`, `1`. */
function asTexts(value: Json | undefined): Json {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map((item: Json) => asTexts(item));
  if (!isJsonObject(value)) return value ?? null;
  return textsOf(value);
}

function textsOf(object: JsonObject): Record<string, Json> {
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [key, asTexts(member)]));
}

function ordered(spec: Readonly<Record<string, Json | undefined>>): JsonObject {
  const known = ORDER.filter((key) => spec[key] !== undefined);
  const others = Object.keys(spec).filter((key) => !ORDER.includes(key) && spec[key] !== undefined);
  return Object.fromEntries([...known, ...others].map((key) => [key, spec[key]]));
}
