/** Checks what steps name: outputs of earlier steps and service connections. */
import type { Node } from 'yaml';
import type { Variables } from '../agent/variables.ts';
import { nearestName, suggestion } from './nearest-name.ts';
import type { StepPlan, TaskStepPlan } from './plan.ts';
import type { YamlSource } from './yaml-source.ts';

export interface ReadTask {
  readonly step: TaskStepPlan;
  /** Where each input and environment value stands. */
  readonly nodes: ReadonlyMap<string, Node | undefined>;
}

export interface Known {
  readonly connections: readonly string[];
  /** Variables of the YAML and of the run, as far as they are known before it. */
  readonly variables: Variables;
}

/** Reports what can be told to be wrong before the run; a macro nobody knows may still be set by a step. */
export function checkReferences(
  source: YamlSource,
  tasks: readonly ReadTask[],
  steps: readonly StepPlan[],
  known: Known,
): void {
  for (const [index, task] of tasks.entries()) {
    const earlier = tasks.slice(0, index).map(({ step }) => step);
    for (const [name, value] of Object.entries({ ...task.step.inputs, ...task.step.env })) {
      const sentence = findBadOutput(value, earlier, steps);
      if (sentence !== undefined) source.report(task.nodes.get(name), sentence);
    }
    checkConnections(source, task, known);
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
    if (!outputs.some((name) => name.toLowerCase() === output.toLowerCase())) {
      return `${step.definition.name} has no output '${output}'.${suggestion(output, outputs)}`;
    }
  }
  return undefined;
}

function checkConnections(source: YamlSource, { step, nodes }: ReadTask, { variables, connections }: Known): void {
  for (const input of step.definition.inputs.filter(({ type }) => type.startsWith('connectedService'))) {
    const value = variables.expandMacros(step.inputs[input.name] ?? '');
    if (value === '' || value.includes('$(')) continue;
    if (!connections.some((name) => name.toLowerCase() === value.toLowerCase())) {
      const nearest = nearestName(value, connections) ?? connections[0] ?? '';
      source.report(nodes.get(input.name), `There is no service connection '${value}' here; there is '${nearest}'.`);
    }
  }
}
