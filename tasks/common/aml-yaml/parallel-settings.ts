import { prefixed } from './component-command.ts';
import { resources } from './job-settings.ts';
import { planEnvironmentField } from './environment.ts';
import type { Planning, SourceFile } from './planning.ts';
import { pythonJson } from './python-json.ts';
import {
  anything,
  childAt,
  integer,
  listOf,
  record,
  refuse,
  text,
  textMap,
  type At,
  type Reader,
  type Values,
} from './readers.ts';
import { compact, compactDeep, type TemplateObject } from './templates.ts';
import { localPath, planCode } from './uploads.ts';
import { member, type YamlNode } from './yaml-node.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** `"5"` files or `"1mb"` of a table: the number of files or bytes. */
const miniBatchSize: Reader<number> = (node, at) => {
  const [, digits, unit = ''] = node.kind === 'string' ? (/^(\d+)\s*(kb|mb|gb)?$/i.exec(node.value) ?? []) : [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits !== undefined && factor !== undefined) return Number(digits) * factor;
  refuse(node, at, "a number of files or a size in quotes, like '10' or '1mb'");
  return undefined;
};

/** Fields that parallel components and nodes share. */
export const PARALLEL_FIELDS = {
  task: record({
    type: text,
    code: text,
    entry_script: text,
    program_arguments: text,
    append_row_to: text,
    environment: anything,
    model: text,
  }),
  input_data: text,
  mini_batch_size: miniBatchSize,
  partition_keys: listOf(text),
  mini_batch_error_threshold: integer,
  error_threshold: integer,
  max_concurrency_per_instance: integer,
  retry_settings: record({ max_retries: integer, timeout: integer }),
  logging_level: text,
  resources,
  environment_variables: textMap,
};
export type ParallelValues = Values<typeof PARALLEL_FIELDS>;

/** The settings as a node has them, its task apart. */
export function nodeParallelSettings(values: Omit<ParallelValues, 'task'>): TemplateObject {
  return compact({
    ...inheritedParallelSettings(values),
    error_threshold: values.error_threshold,
    logging_level: values.logging_level,
    environment_variables: values.environment_variables,
  });
}

/** The settings a component hands on to nodes that have none of their own. */
export function inheritedParallelSettings(values: Omit<ParallelValues, 'task'>): TemplateObject {
  return compact({
    input_data: values.input_data,
    mini_batch_size: values.mini_batch_size,
    partition_keys: values.partition_keys && pythonJson(values.partition_keys),
    mini_batch_error_threshold: values.mini_batch_error_threshold,
    max_concurrency_per_instance: values.max_concurrency_per_instance,
    retry_settings: values.retry_settings,
    resources: values.resources,
  });
}

/** The script a parallel step runs on each batch; its code and environment are registered first. */
export async function planTask(
  planning: Planning,
  source: SourceFile,
  values: ParallelValues,
  node: YamlNode,
  at: At,
): Promise<TemplateObject | undefined> {
  const { task } = values;
  if (task === undefined) return undefined;
  const taskNode = member(node, 'task');
  const place = member(taskNode, 'code')?.place ?? node.place;
  const environmentAt = childAt(childAt(at, 'task'), 'environment');
  const environment =
    task.environment && (await planEnvironmentField(planning, source, task.environment, environmentAt, 'anonymous'));
  return compactDeep({
    type: task.type,
    code:
      task.code === undefined
        ? undefined
        : await planCode(planning, localPath(source.folder, task.code, place, 'The code'), 'component', 'azureml:'),
    entry_script: task.entry_script,
    program_arguments: task.program_arguments,
    append_row_to: task.append_row_to,
    model: task.model,
    environment: prefixed(environment),
  });
}
