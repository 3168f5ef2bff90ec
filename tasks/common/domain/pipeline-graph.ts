/** The steps of a pipeline job and what each waits for, from the job's own definition. */
import { at, isJsonObject, type Json } from './json.ts';

/** The names of the steps, in the order of the definition. */
export function pipelineSteps(job: Json | undefined): readonly string[] {
  const steps = at(job, 'properties', 'jobs');
  return isJsonObject(steps) ? Object.keys(steps) : [];
}

/** The steps whose outputs a step reads: every `${{parent.jobs.<step>.outputs.…}}` in its definition. */
export function stepsBefore(job: Json | undefined, step: string): readonly string[] {
  const text = JSON.stringify(at(job, 'properties', 'jobs', step) ?? null);
  const names = [...text.matchAll(/\$\{\{\s*parent\.jobs\.([\w-]+)\./g)].map((match) => match[1] ?? '');
  return [...new Set(names)].filter((name) => name !== step);
}

/** The step, and its output, that a pipeline's own output is bound to; undefined when no step writes it. */
export function outputBinding(
  job: Json | undefined,
  output: string,
): { readonly step: string; readonly output: string } | undefined {
  for (const step of pipelineSteps(job)) {
    const outputs = at(job, 'properties', 'jobs', step, 'outputs');
    if (!isJsonObject(outputs)) continue;
    for (const [name, value] of Object.entries(outputs)) {
      const binding = /^\$\{\{\s*parent\.outputs\.([\w-]+)\s*\}\}$/.exec(bindingText(value));
      if (binding?.[1] === output) return { step, output: name };
    }
  }
  return undefined;
}

function bindingText(value: Json | undefined): string {
  const text = isJsonObject(value) ? (value.value ?? value.path) : value;
  return typeof text === 'string' ? text.trim() : '';
}
