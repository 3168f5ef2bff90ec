/** Checks what steps name: outputs of earlier steps and service connections. */
import type { Variables } from '../../agent/variables.ts';
import type { DocumentNode } from '../document/document-node.ts';
import { nearestName, suggestion } from '../nearest-name.ts';
import type { StepPlan, TaskStepPlan } from './plan.ts';
import type { Reading } from './reading.ts';

export interface ReadTask {
  readonly step: TaskStepPlan;
  /** Where each input and environment value stands. */
  readonly nodes: ReadonlyMap<string, DocumentNode>;
}

/** Reports what can be told to be wrong before the run; a macro nobody knows may still be set by a step. */
export function checkReferences(
  reading: Reading,
  tasks: readonly ReadTask[],
  steps: readonly StepPlan[],
  variables: Variables,
): void {
  for (const [index, task] of tasks.entries()) {
    const earlier = tasks.slice(0, index).map(({ step }) => step);
    for (const [name, value] of Object.entries({ ...task.step.inputs, ...task.step.env })) {
      const sentence = findBadOutput(value, earlier, steps);
      const node = task.nodes.get(name);
      if (sentence !== undefined && node !== undefined) reading.reader.report(node, sentence);
    }
    checkConnections(reading, task, variables);
  }
}

/** `$(step.output)` of a step of this job must be an output that an earlier step declares. */
function findBadOutput(text: string, earlier: readonly TaskStepPlan[], steps: readonly StepPlan[]): string | undefined {
  for (const [, stepName = '', output = ''] of text.matchAll(/\$\(([\w-]+)\.([\w-]+)\)/g)) {
    const isNamed = (step: StepPlan): boolean => step.name?.toLowerCase() === stepName.toLowerCase();
    const step = earlier.find(isNamed);
    if (step === undefined) {
      if (steps.some(isNamed)) return `The step '${stepName}' runs only after this one.`;
      continue;
    }
    const outputs = step.definition.outputVariables;
    // A script may set any output.
    if (outputs.length === 0) continue;
    if (!outputs.some((name) => name.toLowerCase() === output.toLowerCase())) {
      return `${step.definition.name} has no output '${output}'.${suggestion(output, outputs)}`;
    }
  }
  return undefined;
}

function checkConnections({ reader, connections }: Reading, { step, nodes }: ReadTask, variables: Variables): void {
  for (const input of step.definition.inputs.filter(({ type }) => type.startsWith('connectedService'))) {
    const node = nodes.get(input.name);
    const value = variables.expandMacros(step.inputs[input.name] ?? '');
    if (node === undefined || value === '' || value.includes('$(')) continue;
    if (!connections.some((name) => name.toLowerCase() === value.toLowerCase())) {
      const nearest = nearestName(value, connections) ?? connections[0] ?? '';
      reader.report(node, `There is no service connection '${value}' here; there is '${nearest}'.`);
    }
  }
}
