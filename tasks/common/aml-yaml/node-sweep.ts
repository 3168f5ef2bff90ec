import { jobIdentity, queueSettings, resources } from './job-settings.ts';
import { COMMON_NODE_FIELDS, componentNode, type NodeReader } from './pipeline-node.ts';
import { anything } from './readers.ts';
import {
  earlyTermination,
  nodeExpression,
  nodeSampling,
  objective,
  samplingAlgorithm,
  searchSpace,
  sweepLimits,
} from './sweep-settings.ts';
import { compact } from './templates.ts';

/** A node that tries a command component with values of a search space. */
export const sweepNode: NodeReader = componentNode(
  {
    ...COMMON_NODE_FIELDS,
    trial: anything,
    sampling_algorithm: samplingAlgorithm,
    search_space: searchSpace,
    objective,
    early_termination: earlyTermination,
    limits: sweepLimits,
    identity: jobIdentity,
    queue_settings: queueSettings,
    resources,
  },
  (values) => ({
    type: 'sweep',
    uses: { kind: 'component', reference: values.trial, type: 'command', idAt: 'trial' },
    members: compact({
      search_space:
        values.search_space &&
        Object.fromEntries(Object.entries(values.search_space).map(([name, entry]) => [name, nodeExpression(entry)])),
      sampling_algorithm: values.sampling_algorithm && nodeSampling(values.sampling_algorithm),
      objective: values.objective,
      early_termination: values.early_termination,
      limits: values.limits,
      identity: values.identity,
      queue_settings: values.queue_settings,
      resources: values.resources,
    }),
    filledInputs: Object.keys(values.search_space ?? {}),
    needsCompute: true,
  }),
  { required: ['trial', 'search_space', 'objective', 'sampling_algorithm'] },
);
