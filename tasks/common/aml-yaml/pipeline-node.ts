import type { ComponentHead, LocalComponent } from './component-types.ts';
import { jobInputs, jobOutputs, type JobInput, type JobOutput } from './job-data.ts';
import type { Planning, SourceFile } from './planning.ts';
import {
  record,
  text,
  textMap,
  type At,
  type Fields,
  type Reader,
  type RecordOptions,
  type Values,
} from './readers.ts';
import { passThrough, type TemplateObject } from './templates.ts';
import type { MapNode, YamlNode } from './yaml-node.ts';

/** Fields of every node that runs something. */
export const COMMON_NODE_FIELDS = {
  name: text,
  type: text,
  display_name: text,
  description: text,
  comment: text,
  tags: textMap,
  properties: textMap,
  compute: text,
  inputs: jobInputs,
  outputs: jobOutputs,
};
export type CommonNodeValues = Values<typeof COMMON_NODE_FIELDS>;

/** What a node runs. */
export type NodeUse =
  | {
      readonly kind: 'component';
      readonly reference: YamlNode | undefined;
      /** The type a local component must have. */
      readonly type: string;
      /** Where the component's id goes. */
      readonly idAt: 'componentId' | 'trial';
    }
  /** Written in the pipeline itself; its inputs and outputs follow from what they are given. */
  | {
      readonly kind: 'inline';
      readonly type: string;
      readonly plan: (planning: Planning, source: SourceFile, head: ComponentHead) => Promise<LocalComponent>;
    }
  /** A component of the service. */
  | { readonly kind: 'builtIn'; readonly componentId: string }
  /** Nothing of its own: it steers other nodes, or the service knows what to do. */
  | { readonly kind: 'nothing' };

/** What a node of one type says, read from its YAML. */
export interface NodeContent {
  readonly type: string;
  readonly common: CommonNodeValues;
  readonly uses: NodeUse;
  /** The type's own members as they are sent; those of a local component come below them. */
  readonly members: TemplateObject;
  /** Inputs of the component that something else than `inputs` fills. */
  readonly filledInputs?: readonly string[];
  /** False for nodes that run without a compute target of the workspace. */
  readonly needsCompute: boolean;
  /** Members that every node has and this one does not: control nodes have no name, AutoML says no source. */
  readonly leavesOut?: readonly ('name' | '_source')[];
}

/** A node of a graph, before anything it refers to is looked at. */
export interface PipelineNode extends NodeContent {
  readonly name: string;
  readonly node: MapNode;
  readonly at: At;
  readonly inputs: ReadonlyMap<string, JobInput>;
  readonly outputs: ReadonlyMap<string, JobOutput>;
}

export type NodeReader = (node: MapNode, at: At) => NodeContent | undefined;

/**
 * A reader of nodes with a component. The service's client sends keys it does not know as they are, so they are kept.
 *
 * @param content what the type makes of its values; `unknown` are the other keys' members
 */
export function componentNode<F extends Fields & typeof COMMON_NODE_FIELDS>(
  fields: F,
  content: (values: Values<F>, at: At) => Omit<NodeContent, 'common'>,
  options: RecordOptions = {},
): NodeReader {
  const read: Reader<Values<F>> = record(fields, { ...options, unknown: 'keep' });
  return (node, at) => {
    const values = read(node, at);
    if (values === undefined) return undefined;
    const unknown = [...node.entries.values()].filter(({ key }) => !(key in fields));
    const { members, ...rest } = content(values, at);
    const kept = Object.fromEntries(unknown.map(({ key, value }) => [key, passThrough(value)]));
    return { ...rest, common: values, members: { ...kept, ...members } };
  };
}
