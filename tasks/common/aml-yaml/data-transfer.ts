import { inputDefinitions, outputDefinitions } from './component-ports.ts';
import { COMMON_COMPONENT_FIELDS, componentHead, type ComponentPlanner } from './component-types.ts';
import { COMMON_NODE_FIELDS, componentNode, type NodeReader } from './pipeline-node.ts';
import { anyMap, anything, boolean, oneOf, record, type At } from './readers.ts';
import { compact, passThrough, type TemplateObject } from './templates.ts';
import { stringMember, type MapNode } from './yaml-node.ts';

const COPY_MODES = ['merge_with_overwrite', 'fail_if_conflict'] as const;

const readCopyComponent = record(
  {
    ...COMMON_COMPONENT_FIELDS,
    task: oneOf(['copy_data']),
    data_copy_mode: oneOf(COPY_MODES),
    is_deterministic: boolean,
    inputs: inputDefinitions,
    outputs: outputDefinitions,
  },
  { required: ['task'] },
);

/** A component that copies data. */
export const planDataTransferComponent: ComponentPlanner = (_planning, _source, node, at, definedIn) => {
  const values = readCopyComponent(node, at);
  if (values === undefined) return Promise.resolve(undefined);
  const shared = compact({ task: values.task, data_copy_mode: values.data_copy_mode });
  return Promise.resolve({
    ...componentHead('data_transfer', node, definedIn, values),
    forNodes: shared,
    specific: { ...shared, is_deterministic: values.is_deterministic ?? true },
  });
};

const REGISTRY = 'azureml://registries/azureml/components';

/** The service's own components, by task and the kind of the other side. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'import_data database': `${REGISTRY}/import_data_database/versions/0.0.1`,
  'import_data file_system': `${REGISTRY}/import_data_file_system/versions/0.0.1`,
  'export_data database': `${REGISTRY}/export_data_database/versions/0.0.1`,
};

const copyNode = componentNode(
  { ...COMMON_NODE_FIELDS, component: anything, task: anything, data_copy_mode: oneOf(COPY_MODES) },
  (values) => ({
    type: 'data_transfer',
    uses: { kind: 'component', reference: values.component, type: 'data_transfer', idAt: 'componentId' },
    members: compact({ task: 'copy_data', data_copy_mode: values.data_copy_mode }),
    needsCompute: true,
  }),
  { required: ['component'] },
);

function exchangeNode(task: 'import_data' | 'export_data', side: 'source' | 'sink'): NodeReader {
  const read = record({ ...COMMON_NODE_FIELDS, task: anything, [side]: anyMap }, { required: [side] });
  return (node, at) => {
    const values = read(node, at);
    const other = node.entries.get(side)?.value;
    if (values === undefined || other?.kind !== 'map') return undefined;
    return {
      type: 'data_transfer',
      common: values,
      uses: builtIn(task, side, other, at),
      members: { task, [side]: passThrough(other) } satisfies TemplateObject,
      needsCompute: false,
    };
  };
}

function builtIn(task: string, side: string, other: MapNode, at: At) {
  const type = stringMember(other, 'type') ?? '';
  const componentId = BUILT_IN[`${task} ${type}`];
  if (componentId !== undefined) return { kind: 'builtIn' as const, componentId };
  at.problems.add(
    other.place,
    `'${at.path}.${side}.type' is '${type}': the service has no component for that in ${task}.`,
  );
  return { kind: 'nothing' as const };
}

const TASKS: Readonly<Record<string, NodeReader>> = {
  copy_data: copyNode,
  import_data: exchangeNode('import_data', 'source'),
  export_data: exchangeNode('export_data', 'sink'),
};

/** A node that copies data, or brings it in from or out to a database or file system. */
export const dataTransferNode: NodeReader = (node, at) => {
  const task = stringMember(node, 'task') ?? '';
  const read = TASKS[task];
  if (read !== undefined) return read(node, at);
  const place = node.entries.get('task')?.value.place ?? node.place;
  at.problems.add(place, `'${at.path}.task' must be one of ${Object.keys(TASKS).join(', ')}.`);
  return undefined;
};
