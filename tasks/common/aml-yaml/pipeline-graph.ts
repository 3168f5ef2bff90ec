import type { ComponentPlanner, DefinitionSource, LocalComponent } from './component-types.ts';
import { registerAnonymous } from './component-types.ts';
import { inlineHead } from './inline-component.ts';
import { planInputUri, type JobInput, type JobOutput } from './job-data.ts';
import { unfilteredObjectHash } from './local-source.ts';
import {
  checkInputBinding,
  checkOutputBinding,
  outputBindingType,
  type NodePorts,
  type PipelineScope,
  type PortType,
} from './pipeline-bindings.ts';
import { readNodes } from './node-types.ts';
import type { PipelineNode } from './pipeline-node.ts';
import { isDeferred, type Template } from './plan.ts';
import { loadReferencedFile, type Planning, type SourceFile } from './planning.ts';
import { childAt, refuse, type At } from './readers.ts';
import { assetReference, computeId } from './references.ts';
import { compact, compactDeep, type TemplateObject } from './templates.ts';
import type { MapNode } from './yaml-node.ts';

/** A graph of nodes: of a pipeline job or of a pipeline component. */
export interface GraphRequest {
  readonly planning: Planning;
  readonly source: SourceFile;
  readonly jobs: MapNode;
  readonly at: At;
  readonly inputs: ReadonlyMap<string, PortType>;
  readonly outputs: ReadonlyMap<string, PortType>;
  readonly planComponent: ComponentPlanner;
}

/** What a node runs: a local component, or the id of a registered one. */
interface ResolvedNode {
  readonly origin: 'YAML.JOB' | 'YAML.COMPONENT' | 'REMOTE.WORKSPACE.COMPONENT' | 'REMOTE.REGISTRY' | 'BUILTIN';
  readonly local: LocalComponent | undefined;
  readonly remoteId: Template | undefined;
}

export interface PlannedGraph {
  readonly nodes: readonly PipelineNode[];
  /** As sent. */
  readonly jobs: TemplateObject;
  /** As a pipeline component's hash sees it: local data by its content. */
  readonly hashedJobs: TemplateObject;
}

/** Plans every node and what it uses; local components are registered first. */
export async function planGraph(request: GraphRequest): Promise<PlannedGraph> {
  const { planning, jobs, at } = request;
  const nodes = readNodes(jobs, at);
  const resolved = new Map<PipelineNode, ResolvedNode>();
  for (const node of nodes) {
    if (node.uses.kind !== 'inline') resolved.set(node, await resolveNode(request, node));
  }
  const scope = scopeOf(request, nodes, resolved);
  for (const node of nodes) checkBindings(node, scope, planning);
  for (const node of nodes) {
    if (node.uses.kind !== 'inline') continue;
    const head = inlineHead(node.uses.type, node, scope);
    const local = await node.uses.plan(planning, request.source, head);
    resolved.set(node, { origin: 'YAML.JOB', local, remoteId: undefined });
  }
  const bodies: Record<string, Template> = {};
  const hashedBodies: Record<string, Template> = {};
  for (const [node, run] of sortedAs(nodes, resolved)) {
    checkRequiredInputs(node, run, planning);
    const { sent, hashed } = await nodeInputs(request, node, run);
    const body = nodeBody(planning, node, run);
    bodies[node.name] = { ...body, ...compactDeep({ inputs: sent }) };
    hashedBodies[node.name] = { ...body, ...compactDeep({ inputs: hashed }) };
  }
  return { nodes, jobs: bodies, hashedJobs: hashedBodies };
}

function sortedAs(
  nodes: readonly PipelineNode[],
  resolved: ReadonlyMap<PipelineNode, ResolvedNode>,
): readonly (readonly [PipelineNode, ResolvedNode])[] {
  return nodes.flatMap((node) => {
    const run = resolved.get(node);
    return run === undefined ? [] : [[node, run] as const];
  });
}

async function resolveNode(request: GraphRequest, node: PipelineNode): Promise<ResolvedNode> {
  const { planning, source, planComponent } = request;
  const { uses } = node;
  if (uses.kind === 'builtIn') return { origin: 'BUILTIN', local: undefined, remoteId: uses.componentId };
  if (uses.kind !== 'component') return { origin: 'YAML.JOB', local: undefined, remoteId: undefined };
  const at = childAt(node.at, uses.idAt === 'trial' ? 'trial' : 'component');
  const local = (component: LocalComponent | undefined, origin: DefinitionSource): ResolvedNode => ({
    origin,
    local: ofType(uses.type, node, component, planning),
    remoteId: undefined,
  });
  const { reference } = uses;
  if (reference?.kind === 'map') {
    return local(await planComponent(planning, source, reference, at, 'YAML.JOB'), 'YAML.JOB');
  }
  if (reference?.kind !== 'string') {
    if (reference !== undefined) refuse(reference, at, 'a file, a reference or a component');
    return local(undefined, 'YAML.JOB');
  }
  const written = reference.value;
  if (/^(azureml:|\/subscriptions\/)/.test(written)) {
    const origin = written.startsWith('azureml://') ? 'REMOTE.REGISTRY' : 'REMOTE.WORKSPACE.COMPONENT';
    return { origin, local: undefined, remoteId: assetReference(planning, 'components', written, reference.place) };
  }
  // The service's client marks a component behind `file:` as if it stood in the pipeline itself.
  const origin: DefinitionSource = written.startsWith('file:') ? 'YAML.JOB' : 'YAML.COMPONENT';
  const file = await loadReferencedFile(planning, source, written.replace(/^file:/, ''), reference.place);
  if (file === undefined) return local(undefined, origin);
  return local(await planComponent(planning, file, file.node, { ...at, path: '' }, origin), origin);
}

function ofType(
  type: string,
  node: PipelineNode,
  component: LocalComponent | undefined,
  planning: Planning,
): LocalComponent | undefined {
  if (component === undefined || component.type === type) return component;
  planning.problems.add(
    node.node.place,
    `'${node.at.path}' runs components of type ${type}, but this one is of type ${component.type}. Set the node's 'type' to that.`,
  );
  return undefined;
}

function scopeOf(
  request: GraphRequest,
  nodes: readonly PipelineNode[],
  resolved: ReadonlyMap<PipelineNode, ResolvedNode>,
): PipelineScope {
  // A node that could not be read is there all the same: its own errors are enough.
  const ports = new Map<string, NodePorts>(
    [...request.jobs.entries.keys()].map((name) => [name, { outputs: new Map(), isComplete: false }]),
  );
  for (const node of nodes) {
    const local = resolved.get(node)?.local;
    const outputs = new Map<string, PortType>(local?.outputs);
    for (const [name, output] of node.outputs) {
      outputs.set(name, outputType(output, outputs.get(name), request));
    }
    ports.set(node.name, { outputs, isComplete: local !== undefined || node.uses.kind === 'inline' });
  }
  return { inputs: request.inputs, outputs: request.outputs, nodes: ports };
}

function outputType(output: JobOutput, defined: PortType | undefined, request: GraphRequest): PortType {
  if (output.binding !== undefined) return outputBindingType(output.binding, request);
  return { type: output.type ?? defined?.type ?? 'uri_folder', mode: output.mode?.written };
}

function checkBindings(node: PipelineNode, scope: PipelineScope, planning: Planning): void {
  for (const input of node.inputs.values()) {
    if (input.kind === 'binding') checkInputBinding(input, scope, planning.problems);
  }
  for (const output of node.outputs.values()) checkOutputBinding(output, scope, planning.problems);
}

function checkRequiredInputs(node: PipelineNode, { local }: ResolvedNode, planning: Planning): void {
  if (local === undefined || node.uses.kind === 'inline') return;
  for (const [name, input] of local.inputs) {
    if (input.mayBeMissing || node.inputs.has(name) || node.filledInputs?.includes(name) === true) continue;
    planning.problems.add(node.node.place, `'${node.at.path}.inputs.${name}' is missing; the component requires it.`);
  }
}

async function nodeInputs(
  { planning, source }: GraphRequest,
  node: PipelineNode,
  { local }: ResolvedNode,
): Promise<{ readonly sent: TemplateObject; readonly hashed: TemplateObject }> {
  const sent: Record<string, Template> = {};
  const hashed: Record<string, Template> = {};
  for (const [name, input] of node.inputs) {
    // What a local component does not declare would reach nothing.
    if (local !== undefined && !local.inputs.has(name)) continue;
    const body = await nodeInput(planning, source.folder, input);
    const contentHash = await localContentHash(planning, body);
    sent[name] = body;
    hashed[name] = contentHash === undefined ? body : { ...body, content_hash: contentHash };
  }
  return { sent, hashed };
}

async function nodeInput(planning: Planning, folder: string, input: JobInput): Promise<TemplateObject> {
  if (input.kind === 'data') {
    const uri = await planInputUri(planning, folder, input);
    return compactDeep({ job_input_type: input.type, uri, mode: input.mode?.sent });
  }
  const literal = { job_input_type: 'literal', value: input.text };
  return input.kind === 'binding' && input.mode !== undefined ? { ...literal, mode: input.mode.sent } : literal;
}

async function localContentHash(planning: Planning, body: TemplateObject): Promise<string | undefined> {
  const uri = body.uri;
  if (typeof uri !== 'object' || uri === null || !('$step' in uri)) return undefined;
  const step = planning.steps().find((candidate) => 'key' in candidate && candidate.key === uri.$step);
  return step?.do === 'uploadData' ? unfilteredObjectHash(planning, step.source) : undefined;
}

function nodeBody(planning: Planning, node: PipelineNode, { origin, local, remoteId }: ResolvedNode): TemplateObject {
  const { common } = node;
  const id = remoteId ?? (local && registerAnonymous(planning, local));
  const isTrial = node.uses.kind === 'component' && node.uses.idAt === 'trial';
  const own = compactDeep({
    ...withInherited(isTrial ? {} : (local?.forNodes ?? {}), node.members),
    name: node.name,
    type: node.type,
    display_name: common.display_name,
    comment: common.comment,
    computeId: common.compute === undefined ? undefined : computeId(planning, common.compute),
    componentId: isTrial ? undefined : id,
    trial: isTrial && id !== undefined ? { componentId: id } : undefined,
    outputs: nodeOutputs(node, local),
    _source: origin,
  });
  const kept = Object.entries(own).filter(([key]) => !node.leavesOut?.some((left) => left === key));
  // AutoML nodes have these two even when they are empty.
  const labels = { tags: common.tags, properties: common.properties };
  return { ...Object.fromEntries(kept), ...(node.type === 'automl' ? compact(labels) : compactDeep(labels)) };
}

/** The node's own members over those of its component; mappings that add up are merged key by key. */
function withInherited(inherited: TemplateObject, own: TemplateObject): TemplateObject {
  const merged: Record<string, Template> = { ...inherited, ...own };
  for (const key of ['resources', 'conf', 'task']) {
    const [below, above] = [inherited[key], own[key]];
    if (isObject(below) && isObject(above)) merged[key] = { ...below, ...above };
  }
  if (isObject(merged.conf)) merged.conf = withExecutors(merged.conf);
  return merged;
}

/** With dynamic allocation, Spark starts with the least number of executors. */
function withExecutors(conf: TemplateObject): TemplateObject {
  const instances = 'spark.executor.instances';
  const enabled = conf['spark.dynamicAllocation.enabled'];
  const isDynamic = enabled === true || (typeof enabled === 'string' && enabled.toLowerCase() === 'true');
  const least = conf['spark.dynamicAllocation.minExecutors'];
  return !isDynamic || least === undefined || conf[instances] !== undefined ? conf : { ...conf, [instances]: least };
}

function isObject(value: Template | undefined): value is TemplateObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isDeferred(value);
}

function nodeOutputs(node: PipelineNode, local: LocalComponent | undefined): TemplateObject {
  const outputs = [...node.outputs].filter(
    ([name, output]) => !output.isEmpty && (local === undefined || local.outputs.has(name)),
  );
  return Object.fromEntries(
    outputs.map(([name, output]) => {
      const { type, binding } = output;
      const what =
        binding === undefined
          ? { job_output_type: type ?? 'uri_folder', uri: output.path }
          : { value: binding, type: 'literal' };
      return [name, compactDeep({ ...what, mode: output.mode?.sent, name: output.name, version: output.version })];
    }),
  );
}
