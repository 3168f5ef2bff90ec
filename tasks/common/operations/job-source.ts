/** What a step is to run: a job's file, or a registered component that becomes a job. */
import { withFile } from '../aml-yaml/in-memory-file.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { pathBelow, shownPath } from '../domain/paths.ts';
import { registeredComponent } from '../domain/resource-names.ts';
import { UserError } from '../errors.ts';
import type { Assets, Files, Resource } from '../ports.ts';
import type { OperationAgent } from './task-context.ts';

export interface JobSourceRequest {
  readonly jobSource: 'file' | 'component' | 'batchEndpoint';
  /** Absolute path. */
  readonly jobFile?: string | undefined;
  readonly component?: string | undefined;
  /** YAML, a mapping as in the `inputs` of a job's file. */
  readonly jobInputs?: string | undefined;
  readonly compute?: string | undefined;
  readonly endpointName?: string | undefined;
  readonly overrides?: readonly string[];
}

/** A file to plan, which may exist in memory only. */
export interface JobDefinition {
  /** How the user knows it. */
  readonly file: string;
  readonly absolutePath: string;
  readonly files: Files;
}

/** Where registered components are looked at. */
export interface ComponentPlaces {
  readonly workspace: Pick<Assets, 'get' | 'list'>;
  readonly openRegistry?: (name: string) => Promise<Pick<Assets, 'get' | 'list'>>;
}

/**
 * The definition of the job to submit. A pipeline component becomes the job itself, any other one a job of one step.
 * Throws UserError for inputs of the task that are missing or contradict each other, and for a component that does not exist.
 *
 * @param places where to look at the component; what cannot be looked at is taken for a pipeline component
 */
export async function jobDefinition(
  agent: OperationAgent,
  places: ComponentPlaces | undefined,
  request: JobSourceRequest,
): Promise<JobDefinition> {
  checkSource(request);
  if (request.jobSource === 'file') {
    const absolutePath = request.jobFile ?? '';
    return { file: shownPath(agent.run.sourcesDirectory, absolutePath), absolutePath, files: agent.files };
  }
  const component = request.component?.trim() ?? '';
  const content = componentJob(component, await componentSpec(agent, places, component), request);
  const absolutePath = pathBelow(agent.run.sourcesDirectory, 'AmlRunJob.yml');
  return { file: component, absolutePath, files: withFile(agent.files, absolutePath, content) };
}

/** Throws UserError that names every input that is missing for, or has no meaning with, the kind of source. */
export function checkSource(request: JobSourceRequest): void {
  const needed = { file: 'jobFile', component: 'component', batchEndpoint: 'endpointName' } as const;
  const input = needed[request.jobSource];
  const problems: string[] = [];
  if (request[input] === undefined) problems.push(`Input '${input}' is required with jobSource: ${request.jobSource}.`);
  if (request.jobSource === 'file' && request.jobInputs !== undefined) {
    problems.push(
      "Input 'jobInputs' has no meaning with a job file: give its inputs as overrides, `inputs.<name>=<value>`.",
    );
  }
  if (request.jobSource === 'batchEndpoint' && (request.overrides ?? []).length > 0) {
    problems.push("Input 'overrides' changes a job's definition, and a batch endpoint has its own: use jobInputs.");
  }
  if (problems.length > 0) throw new UserError(problems.map((message) => ({ message })));
}

/** The `jobInputs` as data. Throws UserError when they are no mapping. */
export function readJobInputs(text: string | undefined): JsonObject {
  if (text === undefined || text.trim() === '') return {};
  const data = yamlData(text);
  if (isJsonObject(data)) return data;
  throw new UserError("Input 'jobInputs' must be YAML, a mapping of names to inputs, for example `epochs: 30`.");
}

/** The component as its place knows it; undefined where there is no place to ask. */
async function componentSpec(
  { signal }: OperationAgent,
  places: ComponentPlaces | undefined,
  component: string,
): Promise<Json | undefined> {
  const reference = registeredComponent(component);
  if (reference === undefined) {
    throw new UserError(
      `Input 'component' is '${component}'. Write azureml:<name>:<version>, azureml:<name>@latest or ` +
        'azureml://registries/<registry>/components/<name>/versions/<version>.',
    );
  }
  const { registry, name, version } = reference;
  const place = registry === undefined ? places?.workspace : await places?.openRegistry?.(registry);
  if (place === undefined) return undefined;
  const found =
    version === undefined
      ? await newest(place, name, signal)
      : await place.get(`components/${name}/versions/${version}`, { signal });
  const where = registry === undefined ? 'The workspace' : `The registry ${registry}`;
  if (found === undefined) throw new UserError(`${where} has no component '${component}'.`);
  return isJsonObject(found.properties) ? found.properties.componentSpec : undefined;
}

async function newest(place: Pick<Assets, 'list'>, name: string, signal: AbortSignal): Promise<Resource | undefined> {
  const query = { $orderBy: 'createdtime desc', $top: 1 };
  for await (const version of place.list(`components/${name}/versions`, { query, signal })) return version;
  return undefined;
}

function componentJob(component: string, spec: Json | undefined, request: JobSourceRequest): JsonObject {
  const inputs = readJobInputs(request.jobInputs);
  const type = componentType(spec);
  if (spec !== undefined) checkInputs(component, request, inputs, spec);
  const compute = request.compute === undefined ? {} : { settings: { default_compute: request.compute } };
  const head = { type: 'pipeline', ...compute, inputs };
  if (type === 'pipeline') return { ...head, component };
  const outputs = namesIn(spec, 'outputs');
  const name = (registeredComponent(component)?.name ?? 'step').replace(/[^A-Za-z0-9_]/g, '_').toLowerCase();
  const step = {
    type,
    component,
    inputs: Object.fromEntries(Object.keys(inputs).map((input) => [input, `\${{parent.inputs.${input}}}`])),
    outputs: Object.fromEntries(outputs.map((output) => [output, `\${{parent.outputs.${output}}}`])),
  };
  const types = outputs.map((output) => [output, { type: textAt(spec, 'outputs', output, 'type') ?? 'uri_folder' }]);
  return { ...head, outputs: Object.fromEntries(types) as JsonObject, jobs: { [name]: step } };
}

/** The type as YAML writes it; the service also says `CommandComponent`. */
function componentType(spec: Json | undefined): string {
  return (textAt(spec, 'type') ?? 'pipeline').replace(/Component$/, '').toLowerCase();
}

function namesIn(spec: Json | undefined, member: 'inputs' | 'outputs'): readonly string[] {
  const found = isJsonObject(spec) ? spec[member] : undefined;
  return isJsonObject(found) ? Object.keys(found) : [];
}

/** Inputs without a default that are not optional. The service writes its truth values as texts. */
function requiredInputs(spec: Json): readonly string[] {
  const inputs = isJsonObject(spec) ? spec.inputs : undefined;
  if (!isJsonObject(inputs)) return [];
  return Object.entries(inputs).flatMap(([name, input]) => {
    if (!isJsonObject(input)) return [];
    const isOptional = input.optional === true || textAt(input, 'optional')?.toLowerCase() === 'true';
    const hasDefault = input.default !== undefined && input.default !== null;
    return isOptional || hasDefault ? [] : [name];
  });
}

function checkInputs(component: string, { overrides = [] }: JobSourceRequest, inputs: JsonObject, spec: Json): void {
  const known = namesIn(spec, 'inputs');
  const overridden = overrides.flatMap((line) => /^inputs\.([^.=]+)/.exec(line)?.[1] ?? []);
  const given = [...new Set([...Object.keys(inputs), ...overridden])];
  const list = known.length === 0 ? 'It has none.' : `Its inputs are: ${known.join(', ')}.`;
  const unknown = given.filter((name) => !known.includes(name));
  const missing = requiredInputs(spec).filter((name) => !given.includes(name));
  const problems = [
    ...unknown.map((name) => ({ message: `The component ${component} has no input '${name}'. ${list}` })),
    ...missing.map((name) => ({
      message: `The component ${component} needs the input '${name}': give it in jobInputs.`,
    })),
  ];
  if (problems.length > 0) throw new UserError(problems);
}
