import { jobIdentity } from './job-settings.ts';
import { COMMON_NODE_FIELDS, componentNode, type NodeReader } from './pipeline-node.ts';
import { anything } from './readers.ts';
import { nodeEntry, SPARK_FIELDS, sparkResources } from './spark-settings.ts';
import { compact, passThrough } from './templates.ts';

/** A node that runs a Spark component. */
export const sparkNode: NodeReader = componentNode(
  { ...COMMON_NODE_FIELDS, ...SPARK_FIELDS, component: anything, identity: jobIdentity, resources: sparkResources },
  (values) => ({
    type: 'spark',
    uses: { kind: 'component', reference: values.component, type: 'spark', idAt: 'componentId' },
    members: compact({
      entry: values.entry && nodeEntry(values.entry),
      conf: values.conf && passThrough(values.conf),
      args: values.args,
      py_files: values.py_files,
      jars: values.jars,
      files: values.files,
      archives: values.archives,
      resources: values.resources,
      // An attached pool works with its own identity, serverless Spark with the caller's, unless the file says otherwise.
      identity: values.identity ?? { identity_type: values.compute === undefined ? 'UserIdentity' : 'Managed' },
    }),
    needsCompute: false,
  }),
  { required: ['component'] },
);
