/** Reads an expanded pipeline into a plan, or refuses it with every problem at once. */
import { Variables } from '../../agent/variables.ts';
import type { MappingNode } from '../document/document-node.ts';
import { NodeReader, type Entries } from '../document/node-reader.ts';
import { ProblemList } from '../problems.ts';
import type { PipelinePlan, PlanVariable } from './plan.ts';
import type { Reading, VariableGroup } from './reading.ts';
import { readStages } from './read-stages.ts';
import { readVariables } from './read-variables.ts';
import type { TaskCatalog } from './task-catalog.ts';

export interface PlanInput {
  /** What `expandPipeline` gave. */
  readonly document: MappingNode;
  readonly catalog: TaskCatalog;
  /** Variables given when the run is queued. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of service connections; inputs that name another are refused. */
  readonly connections: readonly string[];
  readonly groups?: ReadonlyMap<string, VariableGroup>;
  /** Repositories whose files are on this machine, and the folders they get when several are checked out. */
  readonly repositories?: ReadonlyMap<string, string>;
  /** To check only, what is right but not run here is let through. */
  readonly purpose?: 'run' | 'check';
}

const IGNORED: Readonly<Record<string, string>> = {
  trigger: 'it runs when it is told to',
  pr: 'it runs when it is told to',
  schedules: 'it runs when it is told to',
  pool: 'everything runs on this machine',
};

/** Throws PipelineRefused when anything is wrong or not supported here. */
export function readPlan(input: PlanInput): PipelinePlan {
  const problems = new ProblemList();
  const reader = new NodeReader(problems);
  const notes = new Set<string>();
  const root = reader.mapping(input.document, 'a pipeline');
  const reading: Reading = {
    reader,
    catalog: input.catalog,
    connections: input.connections,
    groups: input.groups ?? new Map(),
    repositories: input.repositories ?? new Map([['self', 'self']]),
    known: (...levels) => knownVariables(input.variables ?? {}, levels),
    refuse: (at, sentence) => {
      if (input.purpose !== 'check') reader.report(at, sentence);
    },
    note: (sentence) => {
      notes.add(sentence);
    },
  };
  for (const [key, why] of Object.entries(IGNORED)) if (root.has(key)) reading.note(`'${key}' has no effect: ${why}.`);
  const variables = readVariables(reading, root);
  refuseFixedVariables(reader, root, variables, input.variables ?? {});
  const plan: PipelinePlan = {
    file: input.document.place.file,
    name: reader.optionalText(root, 'name'),
    variables,
    stages: readStages(reading, root.get('stages')?.value, variables),
    notes: [...notes],
  };
  problems.throwIfAny();
  return plan;
}

function knownVariables(
  given: Readonly<Record<string, string>>,
  levels: readonly (readonly PlanVariable[])[],
): Variables {
  const variables = new Variables();
  for (const [name, value] of Object.entries(given)) variables.set(name, value);
  for (const { name, value } of levels.flat()) variables.set(name, value);
  variables.expand();
  return variables;
}

/** In the service the YAML's value wins over one given at queue time, silently; here that is said. */
function refuseFixedVariables(
  reader: NodeReader,
  root: Entries,
  variables: readonly PlanVariable[],
  given: Readonly<Record<string, string>>,
): void {
  const at = root.get('variables')?.key;
  for (const name of at === undefined ? [] : Object.keys(given)) {
    if (at !== undefined && variables.some((variable) => variable.name.toLowerCase() === name.toLowerCase())) {
      reader.report(
        at,
        `The variable '${name}' is fixed by this file; a value given for the run does not change it. Use a parameter.`,
      );
    }
  }
}
