/** Resolves a pipeline job to the graph that is run: its nodes with their components, inputs, outputs and settings. */
import { COLLECTIONS } from '../arm/resource.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import { mfeError } from '../errors.ts';
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { findRegistryAsset, isRegistryAsset } from '../registry/registry-lookup.ts';
import type { State } from '../state.ts';
import { mapDefined, plannedInput, plannedOutput } from './command-plan.ts';
import type { CommandPlan, PlannedInput, PlannedOutput } from './command-plan.ts';
import { checkParallel } from './parallel-plan.ts';
import { boundOutput, findGraphProblem, plainText } from './pipeline-graph.ts';
import { isTrue, nodeOutputNames } from './step-plan.ts';
import { planSweepNode } from './sweep-plan.ts';

export interface Component {
  /** ARM id of the version. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly spec: JsonObject;
}

export interface PlannedNode {
  readonly type: 'command' | 'sweep' | 'parallel' | 'pipeline';
  readonly node: JsonObject;
  /** Of a sweep: what its trials run. */
  readonly component: Component;
  /** The graph inside, when the node is itself a pipeline. */
  readonly inner?: PipelineGraph;
}

export interface PipelineGraph {
  readonly nodes: Readonly<Record<string, PlannedNode>>;
  /** Pipeline output → the node's output that feeds it. */
  readonly outputSources: Readonly<Record<string, { readonly node: string; readonly output: string }>>;
}

export interface PipelinePlan {
  readonly graph: PipelineGraph;
  readonly inputs: Readonly<Record<string, PlannedInput>>;
  readonly outputs: Readonly<Record<string, PlannedOutput>>;
  readonly continueOnStepFailure: boolean;
  readonly forceRerun: boolean;
  /** Name of the compute for nodes that name none. */
  readonly defaultCompute: string | undefined;
}

interface Place {
  readonly state: State;
  readonly workspace: WorkspaceRecord;
}

/**
 * The plan of a pipeline job's body. Throws as the service answers: 404 for a component that is not there, 400 for a
 * graph that cannot run; and 501 naming the node for kinds of nodes the emulator does not run.
 */
export function planPipeline(place: Place, body: JsonObject): PipelinePlan {
  const componentId = textAt(body, 'componentId');
  const component = componentId === undefined ? undefined : findComponent(place, componentId);
  const spec = component?.spec ?? {};
  const settings = { ...asObject(spec.settings), ...asObject(body.settings) };
  const jobs = component === undefined ? asObject(body.jobs) : asObject(spec.jobs);
  const compute = textAt(settings, 'default_compute') ?? textAt(body, 'computeId');
  return {
    graph: planGraph(place, jobs),
    inputs: {
      ...defaultInputs(spec),
      ...mapDefined(asObject(body.inputs), (input) => plannedInput(asObject(input), 'jobInputType')),
    },
    outputs: {
      ...mapDefined(asObject(spec.outputs), (output) =>
        plannedOutput({ ...asObject(output), jobOutputType: textAt(output, 'type') ?? 'uri_folder' }),
      ),
      ...mapDefined(asObject(body.outputs), (output) => plannedOutput(asObject(output))),
    },
    continueOnStepFailure: isTrue(settings.continue_on_step_failure),
    forceRerun: isTrue(settings.force_rerun),
    defaultCompute: compute === undefined ? undefined : lastSegment(compute),
  };
}

function defaultInputs(spec: JsonObject): Record<string, PlannedInput> {
  return mapDefined(asObject(spec.inputs), (input): PlannedInput | undefined => {
    const value = plainText(asObject(input).default);
    return value === undefined ? undefined : { kind: 'literal', value };
  });
}

function planGraph(place: Place, jobs: JsonObject): PipelineGraph {
  const nodes: Record<string, PlannedNode> = {};
  const outputSources: Record<string, { node: string; output: string }> = {};
  for (const [name, value] of Object.entries(jobs)) {
    const node = asObject(value);
    nodes[name] = planNode(place, name, node);
    for (const [output, target] of Object.entries(asObject(node.outputs))) {
      const bound = boundOutput(target);
      if (bound !== undefined) outputSources[bound] = { node: name, output };
    }
  }
  const bodies = Object.fromEntries(Object.entries(nodes).map(([name, { node }]) => [name, node]));
  const problem = findGraphProblem(bodies, (name) => {
    const planned = nodes[name];
    return planned === undefined ? undefined : nodeOutputNames(planned.node, planned.component.spec);
  });
  if (problem !== undefined) throw mfeError(400, 'UserError', problem, { innerCodes: ['BadArgument'] });
  return { nodes, outputSources };
}

function planNode(place: Place, name: string, node: JsonObject): PlannedNode {
  const type = textAt(node, 'type') ?? 'command';
  if (!/^(command|pipeline|sweep|parallel)$/.test(type)) {
    throw mfeError(501, 'NotImplemented', `The emulator does not run nodes of type ${type} (node ${name}).`);
  }
  const componentId = textAt(node, 'componentId') ?? textAt(node, 'trial', 'componentId');
  if (componentId === undefined) throw mfeError(400, 'UserError', `Node ${name} names no component.`);
  const component = findComponent(place, componentId);
  const kind = (textAt(component.spec, 'type') ?? 'command').replace(/Component$/, '').toLowerCase();
  if (type === 'sweep') {
    // What cannot be swept is refused with the pipeline, not when the step is reached.
    planSweepNode(node, NOTHING);
    return { type, node, component };
  }
  if (kind === 'pipeline') {
    return { type: kind, node, component, inner: planGraph(place, asObject(component.spec.jobs)) };
  }
  if (kind === 'parallel') checkParallel(name, node, component.spec);
  else if (kind !== 'command') {
    throw mfeError(501, 'NotImplemented', `The emulator does not run components of type ${kind} (node ${name}).`);
  }
  return { type: kind, node, component };
}

const NOTHING: CommandPlan = {
  command: '',
  codeId: undefined,
  inputs: {},
  outputs: {},
  environmentVariables: {},
  timeoutMs: undefined,
};

/** The component of an ARM id, `name:version`, or a label. Throws the 404 the service answers on a pipeline's PUT. */
export function findComponent({ state, workspace }: Place, id: string): Component {
  const components = state.collection<ResourceRecord>(COLLECTIONS.components);
  const plain = id.replace(/^azureml:(?!\/\/)/, '');
  const short = /^([^:/]+):([^:/]+)$/.exec(plain);
  const full = short === null ? plain : `${workspace.id}/components/${short[1] ?? ''}/versions/${short[2] ?? ''}`;
  const label = /^(.*\/components\/[^/]+)\/labels\/[^/]+$/i.exec(full);
  const record = isRegistryAsset(full)
    ? findRegistryAsset(state, full)
    : label === null
      ? components.get(full)
      : components
          .list(`${label[1] ?? ''}/versions/`)
          .map(({ value }) => value)
          .at(-1);
  if (record === undefined) throw componentMissing(full);
  const [, name = ''] = /\/components\/([^/]+)\//i.exec(record.id) ?? [];
  const spec = record.properties.componentSpec;
  return { id: record.id, name, version: record.name, spec: isJsonObject(spec) ? spec : {} };
}

function componentMissing(id: string): Error {
  const [, name = id, version = ''] = /\/components\/([^/]+)\/(?:versions|labels)\/([^/]+)/i.exec(id) ?? [];
  return mfeError(404, 'NotFound', `key: ${id}, Message: Not found component ${name} (version: ${version}).`);
}

/** The name at the end of an ARM id. */
export function lastSegment(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1).replace(/^azureml:/, '');
}
