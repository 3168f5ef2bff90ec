import { childArmId } from '../domain/workspace-id.ts';
import { planComponentDefinition } from './component.ts';
import { registerAnonymous } from './component-types.ts';
import { jobInputsBody, jobOutputsBody, jobPut, type CommonJobValues } from './job-common.ts';
import { jobInputs, jobOutputs, type JobInput, type JobOutput } from './job-data.ts';
import { COMMON_JOB_FIELDS, jobIdentity } from './job-settings.ts';
import { withPlainNumbers } from './number-text.ts';
import type { PortType } from './pipeline-bindings.ts';
import { planGraph, type PlannedGraph } from './pipeline-graph.ts';
import type { Template } from './plan.ts';
import { loadReferencedFile, type PlannedEntity, type Planning, type SourceFile } from './planning.ts';
import { anyMap, anything, boolean, childAt, record, refuse, text, type At, type Values } from './readers.ts';
import { assetReference, checkableComputeName, computeId, parseReference } from './references.ts';
import { compact, passThrough, type TemplateObject } from './templates.ts';
import { datastoreName } from './uploads.ts';
import { member, type Place, type YamlNode } from './yaml-node.ts';

const SETTINGS = {
  default_compute: text,
  default_datastore: text,
  continue_on_step_failure: boolean,
  continue_run_on_step_failure: boolean,
  force_rerun: boolean,
};
const readSettings = record(SETTINGS, { unknown: 'keep' });

const FIELDS = {
  ...COMMON_JOB_FIELDS,
  component: anything,
  identity: jobIdentity,
  inputs: jobInputs,
  outputs: jobOutputs,
  settings: anything,
  jobs: anyMap,
};
type PipelineValues = Values<typeof FIELDS>;

const readPipelineJob = record(FIELDS);

/** A pipeline job: a graph of nodes, or one registered or local pipeline component. */
export async function planPipelineJob(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const job = await planPipelineDefinition(planning, source, true);
  return job && { kind: 'job', main: jobPut(planning, source, job.values, job.specific, true) };
}

/** The definition of a pipeline job without its PUT: a schedule submits it later. */
export interface PipelineDefinition {
  readonly values: CommonJobValues;
  readonly specific: Readonly<Record<string, Template | undefined>>;
}

/** @param runsNow whether the computes it names must exist already */
export async function planPipelineDefinition(
  planning: Planning,
  source: SourceFile,
  runsNow: boolean,
): Promise<PipelineDefinition | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readPipelineJob(source.node, at);
  if (values === undefined) return undefined;
  const inputs = values.inputs ?? new Map<string, JobInput>();
  const outputs = values.outputs ?? new Map<string, JobOutput>();
  const settings = values.settings && readSettings(values.settings, childAt(at, 'settings'));
  if (values.jobs === undefined && values.component === undefined) {
    planning.problems.add(source.node.place, "A pipeline job needs 'jobs' with its nodes, or a 'component'.");
  }
  const graph = await planJobs(planning, source, values, inputs, outputs);
  if (graph !== undefined) checkComputes(planning, graph, values.compute ?? settings?.default_compute);
  if (runsNow) {
    requireCompute(planning, values.compute, member(source.node, 'compute')?.place);
    for (const { common, node } of graph?.nodes ?? []) {
      requireCompute(planning, common.compute, member(node, 'compute')?.place);
    }
  }
  const componentId =
    values.component && (await jobComponent(planning, source, values.component, childAt(at, 'component')));
  const withoutEmpty = new Map([...inputs].filter(([, input]) => input.kind !== 'literal' || input.text !== ''));
  const specific = {
    jobType: 'Pipeline',
    componentId,
    inputs: await jobInputsBody(planning, source.folder, withoutEmpty),
    outputs: jobOutputsBody(outputs),
    jobs: withPlainNumbers(graph?.jobs ?? {}),
    settings: settingsBody(planning, values.settings, settings, componentId !== undefined),
  };
  return { values, specific };
}

function planJobs(
  planning: Planning,
  source: SourceFile,
  values: PipelineValues,
  inputs: ReadonlyMap<string, JobInput>,
  outputs: ReadonlyMap<string, JobOutput>,
): Promise<PlannedGraph | undefined> {
  if (values.jobs === undefined) return Promise.resolve(undefined);
  return planGraph({
    planning,
    source,
    jobs: values.jobs,
    at: { path: 'jobs', problems: planning.problems },
    inputs: new Map([...inputs].map(([name, input]) => [name, inputType(input)])),
    outputs: new Map(
      [...outputs].map(([name, output]) => [name, { type: output.type ?? 'uri_folder', mode: output.mode?.written }]),
    ),
    planComponent: planComponentDefinition,
  });
}

function inputType(input: JobInput): PortType {
  if (input.kind === 'data') return { type: input.type, mode: input.mode?.written };
  if (input.kind === 'binding') return { type: input.type ?? 'uri_folder', mode: input.mode?.written };
  const types: Partial<Record<YamlNode['kind'], string>> = { integer: 'integer', float: 'number', boolean: 'boolean' };
  return { type: types[input.node.kind] ?? 'string', mode: undefined };
}

/** The component a whole job runs. */
async function jobComponent(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
): Promise<Template | undefined> {
  if (node.kind === 'string' && /^(azureml:|\/subscriptions\/)/.test(node.value)) {
    const reference = parseReference(node.value);
    if (planning.request.likeAzureAiMl === true && reference.form === 'version') {
      return `${reference.name}:${reference.version}`;
    }
    return assetReference(planning, 'components', node.value, node.place);
  }
  if (node.kind !== 'string' && node.kind !== 'map') {
    refuse(node, at, 'a file, a reference or a component');
    return;
  }
  const file =
    node.kind === 'map'
      ? { ...source, node }
      : await loadReferencedFile(planning, source, node.value.replace(/^file:/, ''), node.place);
  if (file === undefined) return undefined;
  const origin = node.kind === 'map' ? 'YAML.JOB' : 'YAML.COMPONENT';
  const component = await planComponentDefinition(planning, file, file.node, { ...at, path: '' }, origin);
  if (component !== undefined && component.type !== 'pipeline') {
    at.problems.add(node.place, `A pipeline job runs a pipeline component, but this one is of type ${component.type}.`);
  }
  return component && registerAnonymous(planning, component);
}

function settingsBody(
  planning: Planning,
  node: YamlNode | undefined,
  values: Values<typeof SETTINGS> | undefined,
  hasComponent: boolean,
): TemplateObject {
  const written = node?.kind === 'map' ? (withPlainNumbers(passThrough(node)) as TemplateObject) : {};
  const datastore = datastoreName(values?.default_datastore);
  return compact({
    ...written,
    ...values,
    default_compute: values?.default_compute === undefined ? undefined : computeId(planning, values.default_compute),
    default_datastore:
      datastore === undefined || datastore.startsWith('/')
        ? datastore
        : childArmId(planning.request.workspace, 'datastores', datastore),
    _source: hasComponent ? 'REMOTE.WORKSPACE.JOB' : 'YAML.JOB',
  });
}

/** Every command needs a compute of its own or one from the job. */
function checkComputes(planning: Planning, graph: PlannedGraph, fallback: string | undefined): void {
  for (const node of graph.nodes) {
    const { compute } = node.common;
    if (compute !== undefined || fallback !== undefined || !node.needsCompute) continue;
    planning.problems.add(
      node.node.place,
      `'${node.at.path}.compute' is missing: give the node, the job ('compute') or 'settings.default_compute' a compute target.`,
    );
  }
}

function requireCompute(planning: Planning, written: string | undefined, place: Place | undefined): void {
  const name = written === undefined ? undefined : checkableComputeName(written);
  if (name === undefined) return;
  const line = place?.line === undefined ? '' : ` (line ${place.line})`;
  planning.require(`computes/${name}`, `The compute target '${name}'${line} does not exist in the workspace.`);
}
