import type { ComponentPlanner, DefinitionSource, LocalComponent } from './component-types.ts';
import { registerAnonymous } from './component-types.ts';
import { inlineCommandComponent } from './inline-component.ts';
import { planInputUri, type JobInput, type JobOutput } from './job-data.ts';
import { nodeDistribution } from './job-settings.ts';
import { unfilteredObjectHash } from './local-source.ts';
import {
  checkInputBinding,
  checkOutputBinding,
  outputBindingType,
  type NodePorts,
  type PipelineScope,
  type PortType,
} from './pipeline-bindings.ts';
import { readNodes, type PipelineNode } from './pipeline-node.ts';
import type { Template } from './plan.ts';
import { loadReferencedFile, type Planning, type SourceFile } from './planning.ts';
import { childAt, refuse, type At } from './readers.ts';
import { assetReference, computeId } from './references.ts';
import { compactDeep, passThrough, type TemplateObject } from './templates.ts';
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
  readonly node: PipelineNode;
  readonly origin: 'YAML.JOB' | 'YAML.COMPONENT' | 'REMOTE.WORKSPACE.COMPONENT' | 'REMOTE.REGISTRY';
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
  const resolved: ResolvedNode[] = [];
  for (const node of nodes) {
    if (node.inline === undefined) resolved.push(await resolveComponent(request, node));
  }
  const scope = scopeOf(request, nodes, resolved);
  for (const node of nodes) checkBindings(node, scope, planning);
  for (const node of nodes) {
    if (node.inline === undefined) continue;
    const local = await inlineCommandComponent(planning, request.source, node, node.inline, scope);
    resolved.push({ node, origin: 'YAML.JOB', local, remoteId: undefined });
  }
  const bodies: Record<string, Template> = {};
  const hashedBodies: Record<string, Template> = {};
  for (const node of nodes) {
    const entry = resolved.find((candidate) => candidate.node === node);
    if (entry === undefined) continue;
    checkRequiredInputs(entry, planning);
    const { sent, hashed } = await nodeInputs(request, entry);
    const body = nodeBody(planning, entry);
    bodies[node.name] = compactDeep({ ...body, inputs: sent });
    hashedBodies[node.name] = compactDeep({ ...body, inputs: hashed });
  }
  return { nodes, jobs: bodies, hashedJobs: hashedBodies };
}

async function resolveComponent(request: GraphRequest, node: PipelineNode): Promise<ResolvedNode> {
  const { planning, source, planComponent } = request;
  const at = childAt(node.at, 'component');
  const reference = node.values.component;
  const local = (component: LocalComponent | undefined, origin: DefinitionSource): ResolvedNode => ({
    node,
    origin,
    local: ofNodeType(node, component, planning),
    remoteId: undefined,
  });
  if (reference?.kind === 'map')
    return local(await planComponent(planning, source, reference, at, 'YAML.JOB'), 'YAML.JOB');
  if (reference?.kind !== 'string') {
    if (reference !== undefined) refuse(reference, at, 'a file, a reference or a component');
    return local(undefined, 'YAML.JOB');
  }
  const written = reference.value;
  if (/^(azureml:|\/subscriptions\/)/.test(written)) {
    const origin = written.startsWith('azureml://') ? 'REMOTE.REGISTRY' : 'REMOTE.WORKSPACE.COMPONENT';
    return {
      node,
      origin,
      local: undefined,
      remoteId: assetReference(planning, 'components', written, reference.place),
    };
  }
  // The service's client marks a component behind `file:` as if it stood in the pipeline itself.
  const origin: DefinitionSource = written.startsWith('file:') ? 'YAML.JOB' : 'YAML.COMPONENT';
  const file = await loadReferencedFile(planning, source, written.replace(/^file:/, ''), reference.place);
  if (file === undefined) return local(undefined, origin);
  return local(await planComponent(planning, file, file.node, { ...at, path: '' }, origin), origin);
}

function ofNodeType(
  node: PipelineNode,
  component: LocalComponent | undefined,
  planning: Planning,
): LocalComponent | undefined {
  if (component === undefined || component.type === node.type) return component;
  planning.problems.add(
    node.place,
    `'${node.at.path}' is of type ${node.type}, but its component is of type ${component.type}. Set the node's 'type' to that.`,
  );
  return undefined;
}

function scopeOf(
  request: GraphRequest,
  nodes: readonly PipelineNode[],
  resolved: readonly ResolvedNode[],
): PipelineScope {
  const ports = new Map<string, NodePorts>();
  for (const node of nodes) {
    const local = resolved.find((entry) => entry.node === node)?.local;
    const outputs = new Map<string, PortType>(local?.outputs);
    for (const [name, output] of node.outputs) {
      outputs.set(name, outputType(output, outputs.get(name), request));
    }
    ports.set(node.name, { outputs, isComplete: local !== undefined || node.inline !== undefined });
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

function checkRequiredInputs({ node, local }: ResolvedNode, planning: Planning): void {
  if (local === undefined || node.inline !== undefined) return;
  for (const [name, input] of local.inputs) {
    if (input.mayBeMissing || node.inputs.has(name)) continue;
    planning.problems.add(node.place, `'${node.at.path}.inputs.${name}' is missing; the component requires it.`);
  }
}

async function nodeInputs(
  { planning, source }: GraphRequest,
  { node, local }: ResolvedNode,
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

function nodeBody(planning: Planning, { node, origin, local, remoteId }: ResolvedNode): TemplateObject {
  const { values } = node;
  const componentId = remoteId ?? (local && registerAnonymous(planning, local));
  const own = values.distribution ?? local?.distribution;
  return compactDeep({
    ...Object.fromEntries(node.unknown.map(([key, value]) => [key, passThrough(value)])),
    name: node.name,
    type: node.type,
    display_name: values.display_name,
    comment: values.comment,
    tags: values.tags,
    properties: values.properties,
    computeId: values.compute === undefined ? undefined : computeId(planning, values.compute),
    componentId,
    outputs: nodeOutputs(node, local),
    environment_variables: values.environment_variables,
    resources: local?.resources || values.resources ? { ...local?.resources, ...values.resources } : undefined,
    distribution: own && nodeDistribution(own),
    limits: values.limits,
    identity: values.identity,
    services: values.services,
    queue_settings: values.queue_settings,
    _source: origin,
  });
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
