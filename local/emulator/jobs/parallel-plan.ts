/** A parallel step as a command: a driver that has the entry script run over mini batches of the input's files. */
import { fileURLToPath } from 'node:url';
import { mfeError } from '../errors.ts';
import { asObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { CommandPlan } from './command-plan.ts';
import { plainText } from './pipeline-graph.ts';

const DRIVER = fileURLToPath(new URL('parallel_run.py', import.meta.url));

/** What a node says comes before what its component says; numbers are texts in what the service keeps. */
type Settings = JsonObject;

/** Throws the refusal for a parallel node that cannot be run; 501 for what the emulator does not run. */
export function checkParallel(name: string, node: JsonObject, spec: JsonObject): void {
  const { task, settings } = settingsOf(node, spec);
  const kind = textAt(task, 'type') ?? 'run_function';
  if (kind !== 'run_function' && kind !== 'function') {
    throw mfeError(501, 'NotImplemented', `The emulator does not run parallel tasks of type ${kind} (node ${name}).`);
  }
  if (settings.partition_keys !== undefined && settings.partition_keys !== null) {
    throw mfeError(501, 'NotImplemented', `The emulator does not partition tables by keys (node ${name}).`);
  }
  if (textAt(task, 'entry_script') === undefined || inputName(settings) === undefined) {
    throw mfeError(400, 'UserError', `Node ${name} needs task.entry_script and input_data.`);
  }
}

/** The step's command; `plan` has its inputs, outputs and environment. */
export function parallelPlan(node: JsonObject, spec: JsonObject, plan: CommandPlan): CommandPlan {
  const { task, settings } = settingsOf(node, spec);
  const retry = { ...asObject(spec.retry_settings), ...asObject(node.retry_settings) };
  const resources = { ...asObject(spec.resources), ...asObject(node.resources) };
  const instances = Number(plainText(resources.instance_count) ?? 1);
  const options: Readonly<Record<string, string | undefined>> = {
    'entry-script': textAt(task, 'entry_script'),
    input: `\${{inputs.${inputName(settings) ?? ''}}}`,
    'append-row-to': textAt(task, 'append_row_to'),
    'mini-batch-size': plainText(settings.mini_batch_size),
    concurrency: String(instances * Number(plainText(settings.max_concurrency_per_instance) ?? 1)),
    'error-threshold': plainText(settings.error_threshold),
    'mini-batch-error-threshold': plainText(settings.mini_batch_error_threshold),
    'max-retries': plainText(retry.max_retries),
    timeout: plainText(retry.timeout),
  };
  const written = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}="${value}"`],
  );
  const own = textAt(task, 'program_arguments') ?? '';
  return {
    ...plan,
    codeId: textAt(task, 'code')?.replace(/^azureml:(?=\/)/, ''),
    command: `python "${DRIVER}" ${written.join(' ')} -- ${own}`,
  };
}

function settingsOf(node: JsonObject, spec: JsonObject): { readonly task: JsonObject; readonly settings: Settings } {
  const given = Object.entries(node).filter(([, value]) => value !== undefined && value !== null);
  return {
    task: { ...asObject(spec.task), ...asObject(node.task) },
    settings: { ...spec, ...(Object.fromEntries(given) as Record<string, Json>) },
  };
}

/** The input whose files are split: `${{inputs.x}}`. */
function inputName(settings: Settings): string | undefined {
  return /^\$\{\{\s*inputs\.([\w-]+)\s*\}\}$/.exec(textAt(settings, 'input_data')?.trim() ?? '')?.[1];
}
