import { finishCommandComponent, include } from './component-command.ts';
import {
  commandLimits,
  distribution,
  jobIdentity,
  jobServices,
  nodeDistribution,
  queueSettings,
  resources,
} from './job-settings.ts';
import { COMMON_NODE_FIELDS, componentNode, type NodeReader } from './pipeline-node.ts';
import { anyMap, anything, listOf, mapped, record, text, type Values } from './readers.ts';
import { compact, passThrough, type TemplateObject } from './templates.ts';
import { member } from './yaml-node.ts';

const FIELDS = {
  ...COMMON_NODE_FIELDS,
  environment_variables: mapped(anyMap, passThrough),
  resources,
  distribution,
  limits: commandLimits,
  identity: jobIdentity,
  services: jobServices,
  queue_settings: queueSettings,
};

const readInline = record(
  { ...FIELDS, code: text, command: text, environment: anything, additional_includes: listOf(include) },
  { required: ['command', 'environment'] },
);

function members(values: Values<typeof FIELDS>): TemplateObject {
  return compact({
    environment_variables: values.environment_variables,
    resources: values.resources,
    distribution: values.distribution && nodeDistribution(values.distribution),
    limits: values.limits,
    identity: values.identity,
    services: values.services,
    queue_settings: values.queue_settings,
  });
}

const readComponentNode = componentNode({ ...FIELDS, component: anything }, (values) => ({
  type: 'command',
  uses: { kind: 'component', reference: values.component, type: 'command', idAt: 'componentId' },
  members: members(values),
  needsCompute: true,
}));

/** A node that runs a command: its own, or that of a component. */
export const commandNode: NodeReader = (node, at) => {
  if (member(node, 'component') !== undefined) return readComponentNode(node, at);
  const values = readInline(node, at);
  return (
    values && {
      type: 'command',
      common: values,
      uses: {
        kind: 'inline',
        type: 'command',
        plan: (planning, source, head) => finishCommandComponent(planning, source, node, at, head, values),
      },
      members: members(values),
      needsCompute: true,
    }
  );
};

/** A node that runs a pipeline component; its settings stay with the component. */
export const pipelineNode: NodeReader = componentNode(
  { ...COMMON_NODE_FIELDS, component: anything, settings: anyMap },
  (values) => ({
    type: 'pipeline',
    uses: { kind: 'component', reference: values.component, type: 'pipeline', idAt: 'componentId' },
    members: {},
    needsCompute: false,
  }),
  { required: ['component'] },
);
