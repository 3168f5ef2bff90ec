import { dataTransferNode } from './data-transfer.ts';
import { autoMlNode } from './node-automl.ts';
import { commandNode, pipelineNode } from './node-command.ts';
import { doWhileNode, ifElseNode, parallelForNode } from './node-control.ts';
import { parallelNode } from './node-parallel.ts';
import { sparkNode } from './node-spark.ts';
import { sweepNode } from './node-sweep.ts';
import type { NodeReader, PipelineNode } from './pipeline-node.ts';
import type { At } from './readers.ts';
import { member, type MapNode, type YamlNode } from './yaml-node.ts';

/** Every type of node this planner knows. */
const NODE_TYPES: Readonly<Record<string, NodeReader>> = {
  command: commandNode,
  pipeline: pipelineNode,
  parallel: parallelNode,
  sweep: sweepNode,
  spark: sparkNode,
  data_transfer: dataTransferNode,
  automl: autoMlNode,
  do_while: doWhileNode,
  if_else: ifElseNode,
  parallel_for: parallelForNode,
};

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
  const content = readerOf(node, at)?.(node, at);
  if (content === undefined) return undefined;
  const { inputs, outputs } = content.common;
  return { ...content, name, node, at, inputs: inputs ?? new Map(), outputs: outputs ?? new Map() };
}

function readerOf(node: MapNode, at: At): NodeReader | undefined {
  const type = member(node, 'type');
  if (type === undefined) return NODE_TYPES.command;
  const written = type.kind === 'string' ? type.value.toLowerCase() : '';
  const reader = NODE_TYPES[written];
  if (reader === undefined) {
    at.problems.add(
      type.place,
      `'${at.path}.type' is '${written}': nodes of this type are not supported. Supported are ${Object.keys(NODE_TYPES).join(', ')}.`,
    );
  }
  return reader;
}
