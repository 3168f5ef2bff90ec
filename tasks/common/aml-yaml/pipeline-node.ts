import { jobInputs, jobOutputs, type JobInput, type JobOutput } from './job-data.ts';
import { commandLimits, distribution, jobIdentity, jobServices, queueSettings, resources } from './job-settings.ts';
import { anyMap, anything, listOf, mapped, record, text, textMap, type At, type Values } from './readers.ts';
import { passThrough } from './templates.ts';
import { member, type MapNode, type Place, type YamlNode } from './yaml-node.ts';

/** Fields of every node of a pipeline. */
const COMMON_FIELDS = {
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

const COMMAND_FIELDS = {
  ...COMMON_FIELDS,
  environment_variables: mapped(anyMap, passThrough),
  resources,
  distribution,
  limits: commandLimits,
  identity: jobIdentity,
  services: jobServices,
  queue_settings: queueSettings,
};

/** A command written in the pipeline itself. */
const INLINE_FIELDS = {
  ...COMMAND_FIELDS,
  code: text,
  command: text,
  environment: anything,
  additional_includes: listOf(text),
};

const COMPONENT_FIELDS = { ...COMMAND_FIELDS, component: anything };
const PIPELINE_FIELDS = { ...COMMON_FIELDS, component: anything, settings: anyMap };

const readInline = record(INLINE_FIELDS, { required: ['command', 'environment'] });
const readCommandNode = record(COMPONENT_FIELDS, { unknown: 'keep' });
const readPipelineNode = record(PIPELINE_FIELDS, { unknown: 'keep', required: ['component'] });

export type InlineValues = Values<typeof INLINE_FIELDS>;
export type NodeValues = Values<typeof COMPONENT_FIELDS>;

/** A node as it is written, before anything it refers to is looked at. */
export interface PipelineNode {
  readonly name: string;
  readonly type: 'command' | 'pipeline';
  readonly node: MapNode;
  readonly place: Place;
  readonly at: At;
  readonly values: NodeValues;
  /** Set where the node is a command of its own instead of using a component. */
  readonly inline: InlineValues | undefined;
  readonly inputs: ReadonlyMap<string, JobInput>;
  readonly outputs: ReadonlyMap<string, JobOutput>;
  /** Keys this planner does not know; the service's client sends them as they are. */
  readonly unknown: readonly (readonly [string, YamlNode])[];
}

const NAME = /^[a-z_][a-z0-9_]*$/;

/** Reads the nodes of a graph; those with something wrong are reported and left out. */
export function readNodes(jobs: MapNode, at: At): readonly PipelineNode[] {
  return [...jobs.entries.values()].flatMap((entry) => {
    if (!NAME.test(entry.key)) {
      at.problems.add(
        entry.keyPlace,
        `'${entry.key}' is no valid name for a node: lower-case letters, digits and underscores, not starting with a digit.`,
      );
    }
    const node = readNode(entry.key, entry.value, { ...at, path: `${at.path}.${entry.key}` });
    return node === undefined ? [] : [node];
  });
}

function readNode(name: string, node: YamlNode, at: At): PipelineNode | undefined {
  if (node.kind !== 'map') {
    at.problems.add(node.place, `'${at.path}' must be a mapping that describes a node.`);
    return undefined;
  }
  const type = nodeType(node, at);
  if (type === undefined) return undefined;
  const isInline = type === 'command' && member(node, 'component') === undefined;
  const inline = isInline ? readInline(node, at) : undefined;
  const values: NodeValues | undefined =
    inline ?? (type === 'pipeline' ? readPipelineNode(node, at) : isInline ? undefined : readCommandNode(node, at));
  if (values === undefined) return undefined;
  const known: readonly string[] = Object.keys(type === 'pipeline' ? PIPELINE_FIELDS : COMPONENT_FIELDS);
  const unknown = isInline ? [] : [...node.entries.values()].filter(({ key }) => !known.includes(key));
  return {
    name,
    type,
    node,
    place: node.place,
    at,
    values,
    inline,
    inputs: values.inputs ?? new Map(),
    outputs: values.outputs ?? new Map(),
    unknown: unknown.map(({ key, value }) => [key, value]),
  };
}

function nodeType(node: MapNode, at: At): PipelineNode['type'] | undefined {
  const type = member(node, 'type');
  if (type === undefined) return 'command';
  const written = type.kind === 'string' ? type.value.toLowerCase() : '';
  if (written === 'command' || written === 'pipeline') return written;
  at.problems.add(
    type.place,
    `'${at.path}.type' is '${written}': nodes of this type are not supported. Supported are command and pipeline.`,
  );
  return undefined;
}
