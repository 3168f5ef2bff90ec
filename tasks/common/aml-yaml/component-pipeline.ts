import { inputDefinitions, outputDefinitions, type PortDefinition } from './component-ports.ts';
import {
  COMMON_COMPONENT_FIELDS,
  componentHead,
  type ComponentPlanner,
  type DefinitionSource,
  type LocalComponent,
} from './component-types.ts';
import { planGraph } from './pipeline-graph.ts';
import type { Planning, SourceFile } from './planning.ts';
import { anyMap, childAt, record, type At } from './readers.ts';
import type { YamlNode } from './yaml-node.ts';

const readPipelineComponent = record(
  { ...COMMON_COMPONENT_FIELDS, inputs: inputDefinitions, outputs: outputDefinitions, jobs: anyMap },
  { required: ['jobs'] },
);

/** A pipeline component: a graph with inputs and outputs of its own. */
export async function planPipelineComponent(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  definedIn: DefinitionSource,
  planComponent: ComponentPlanner,
): Promise<LocalComponent | undefined> {
  const values = readPipelineComponent(node, at);
  if (values?.jobs === undefined) return undefined;
  const inputs = values.inputs ?? new Map<string, PortDefinition>();
  const outputs = values.outputs ?? new Map<string, PortDefinition>();
  const graph = await planGraph({
    planning,
    source,
    jobs: values.jobs,
    at: childAt(at, 'jobs'),
    inputs,
    outputs,
    planComponent,
  });
  return {
    ...componentHead('pipeline', node, definedIn, values),
    specific: { jobs: graph.jobs, sourceJobId: null },
    hashedSpecific: { jobs: graph.hashedJobs, sourceJobId: null },
  };
}
