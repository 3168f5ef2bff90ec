import { finishParallelComponent } from './component-parallel.ts';
import { jobIdentity } from './job-settings.ts';
import { nodeParallelSettings, PARALLEL_FIELDS, type ParallelValues } from './parallel-settings.ts';
import { COMMON_NODE_FIELDS, componentNode, type NodeReader } from './pipeline-node.ts';
import { anything, record, text } from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';
import { member } from './yaml-node.ts';

const FIELDS = { ...COMMON_NODE_FIELDS, ...PARALLEL_FIELDS, identity: jobIdentity };
const readInline = record(FIELDS, { required: ['task', 'input_data'] });

function members(values: Omit<ParallelValues, 'task'> & { readonly identity?: TemplateObject }): TemplateObject {
  return compact({ ...nodeParallelSettings(values), identity: values.identity });
}

/** What a node changes of its component's task; code and environment stay the component's. */
const taskOverride = record({
  type: text,
  entry_script: text,
  program_arguments: text,
  append_row_to: text,
  model: text,
});

const readComponentNode = componentNode({ ...FIELDS, task: taskOverride, component: anything }, (values) => ({
  type: 'parallel',
  uses: { kind: 'component', reference: values.component, type: 'parallel', idAt: 'componentId' },
  members: compact({ ...members(values), task: values.task }),
  needsCompute: true,
}));

/** A node that runs a script over batches: its own, or that of a component. */
export const parallelNode: NodeReader = (node, at) => {
  if (member(node, 'component') !== undefined) return readComponentNode(node, at);
  const values = readInline(node, at);
  return (
    values && {
      type: 'parallel',
      common: values,
      uses: {
        kind: 'inline',
        type: 'parallel',
        plan: (planning, source, head) => finishParallelComponent(planning, source, node, at, head, values),
      },
      members: members(values),
      needsCompute: true,
    }
  );
};
