import { inputDefinitions, outputDefinitions } from './component-ports.ts';
import {
  COMMON_COMPONENT_FIELDS,
  componentHead,
  type ComponentHead,
  type ComponentPlanner,
  type LocalComponent,
} from './component-types.ts';
import { inheritedParallelSettings, PARALLEL_FIELDS, planTask, type ParallelValues } from './parallel-settings.ts';
import type { Planning, SourceFile } from './planning.ts';
import { pythonJson } from './python-json.ts';
import { boolean, record, type At } from './readers.ts';
import { compact } from './templates.ts';
import type { YamlNode } from './yaml-node.ts';

const readParallelComponent = record(
  {
    ...COMMON_COMPONENT_FIELDS,
    ...PARALLEL_FIELDS,
    is_deterministic: boolean,
    inputs: inputDefinitions,
    outputs: outputDefinitions,
  },
  { required: ['task', 'input_data'] },
);

/** A parallel component: a script that runs over the batches of its data. */
export const planParallelComponent: ComponentPlanner = (planning, source, node, at, definedIn) => {
  const values = readParallelComponent(node, at);
  if (values === undefined) return Promise.resolve(undefined);
  const head = componentHead('parallel', node, definedIn, values);
  return finishParallelComponent(planning, source, node, at, head, values);
};

/** Plans the task and puts the spec together. */
export async function finishParallelComponent(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  head: ComponentHead,
  values: ParallelValues & { readonly is_deterministic?: boolean },
): Promise<LocalComponent> {
  const task = await planTask(planning, source, values, node, at);
  const shared = {
    task,
    is_deterministic: values.is_deterministic ?? true,
    input_data: values.input_data,
    // Texts in a spec, numbers on a node.
    mini_batch_size: values.mini_batch_size === undefined ? undefined : String(values.mini_batch_size),
    mini_batch_error_threshold: values.mini_batch_error_threshold,
    error_threshold: values.error_threshold,
    max_concurrency_per_instance: values.max_concurrency_per_instance,
    retry_settings: values.retry_settings,
    logging_level: values.logging_level,
    resources: values.resources,
  };
  const keys = values.partition_keys;
  return {
    ...head,
    forNodes: compact({ ...inheritedParallelSettings(values), task }),
    specific: { ...shared, partition_keys: keys && pythonJson(keys) },
    ...(keys === undefined ? {} : { hashedSpecific: { ...shared, partition_keys: keys } }),
  };
}
