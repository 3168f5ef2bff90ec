import { COMMON_NODE_FIELDS, type NodeReader } from './pipeline-node.ts';
import { record, text } from './readers.ts';
import { passThrough } from './templates.ts';

/** Members of an AutoML node that are no settings of its task. */
const OF_THE_NODE = new Set([...Object.keys(COMMON_NODE_FIELDS), 'component']);

const readAutoMl = record(
  { ...COMMON_NODE_FIELDS, task: text, training_data: text },
  { required: ['task', 'training_data'], unknown: 'keep' },
);

/** A node that lets AutoML find a model; the service reads it as it is written. */
export const autoMlNode: NodeReader = (node, at) => {
  const values = readAutoMl(node, at);
  if (values === undefined) return undefined;
  const written = [...node.entries.values()].filter(({ key }) => !OF_THE_NODE.has(key));
  return {
    type: 'automl',
    common: { ...values, tags: values.tags ?? {}, properties: values.properties ?? {} },
    uses: { kind: 'nothing' },
    members: {
      log_verbosity: 'info',
      ...Object.fromEntries(written.map(({ key, value }) => [key, passThrough(value)])),
    },
    needsCompute: true,
    leavesOut: ['_source'],
  };
};
