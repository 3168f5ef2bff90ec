/** Reads azure-pipelines.yml into a plan, or refuses it with every problem at once. */
import { Variables } from '../agent/variables.ts';
import { readParameters } from './parameters.ts';
import type { PipelinePlan, PlanVariable, StagePlan } from './plan.ts';
import { PipelineRefused } from './problems.ts';
import { readJobs, readStages, unnamedJob, type Reading } from './read-stages.ts';
import { readVariables } from './read-variables.ts';
import type { TaskCatalog } from './task-catalog.ts';
import { readText, YamlSource, type Entry } from './yaml-source.ts';

export interface PipelineInput {
  /** As problems name it. */
  readonly file: string;
  readonly text: string;
  readonly catalog: TaskCatalog;
  /** Values for the pipeline's parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Variables given when the run is queued. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of service connections; inputs that name another are refused. */
  readonly connections: readonly string[];
}

const IGNORED: Readonly<Record<string, string>> = {
  trigger: 'it runs when it is told to',
  pr: 'it runs when it is told to',
  schedules: 'it runs when it is told to',
  pool: 'everything runs on this machine',
};
const ROOT_KEYS = ['name', 'parameters', 'variables', 'stages', 'jobs', 'steps', ...Object.keys(IGNORED)];

/** Throws PipelineRefused when anything is wrong or not supported here. */
export function readPipeline(input: PipelineInput): PipelinePlan {
  const source = new YamlSource(input.file, input.text);
  if (source.problems.length > 0) throw new PipelineRefused(source.problems);
  const root = source.mapping(source.root, 'a pipeline', ROOT_KEYS);
  source.parameters = readParameters(source, root.get('parameters')?.value, input.parameters ?? {});
  const variables = readVariables(source, root.get('variables'));
  refuseFixedVariables(source, root.get('variables'), variables, input.variables ?? {});
  const plan: PipelinePlan = {
    file: input.file,
    name: readText(source, root, 'name'),
    variables,
    stages: readBody(reading(source, input, variables), root),
    notes: Object.keys(IGNORED)
      .filter((key) => root.has(key))
      .map((key) => `'${key}' has no effect: ${IGNORED[key] ?? ''}.`),
  };
  if (source.problems.length > 0) {
    throw new PipelineRefused(source.problems.toSorted((a, b) => a.line - b.line || a.column - b.column));
  }
  return plan;
}

function reading(source: YamlSource, input: PipelineInput, ofRoot: readonly PlanVariable[]): Reading {
  return {
    source,
    catalog: input.catalog,
    known: (ofStage, ofJob) => {
      const variables = new Variables();
      for (const [name, value] of Object.entries(input.variables ?? {})) variables.set(name, value);
      for (const { name, value } of [...ofRoot, ...ofStage, ...ofJob]) variables.set(name, value);
      variables.expand();
      return { variables, connections: input.connections };
    },
  };
}

/** `stages`, or `jobs` of one unnamed stage, or `steps` of one unnamed job. */
function readBody(context: Reading, root: ReadonlyMap<string, Entry>): readonly StagePlan[] {
  const { source } = context;
  const [first, ...others] = ['stages', 'jobs', 'steps'].filter((key) => root.has(key));
  for (const other of others) source.report(root.get(other)?.key, `'${other}' cannot stand beside '${first ?? ''}'.`);
  const body = first === undefined ? undefined : root.get(first)?.value;
  switch (first) {
    case 'stages':
      return readStages(context, body);
    case 'jobs':
      return [unnamedStage(readJobs(context, body, []))];
    case 'steps':
      return [unnamedStage([unnamedJob(context, body)])];
    default:
      source.report(source.root, "A pipeline needs 'stages', 'jobs' or 'steps'.");
      return [];
  }
}

function unnamedStage(jobs: StagePlan['jobs']): StagePlan {
  return { name: '__default', displayName: '__default', dependsOn: [], condition: undefined, variables: [], jobs };
}

/** In the service the YAML's value wins over one given at queue time, silently; here that is said. */
function refuseFixedVariables(
  source: YamlSource,
  entry: Entry | undefined,
  variables: readonly PlanVariable[],
  given: Readonly<Record<string, string>>,
): void {
  for (const name of Object.keys(given)) {
    if (variables.some((variable) => variable.name.toLowerCase() === name.toLowerCase())) {
      source.report(
        entry?.key,
        `The variable '${name}' is fixed by this file; a value given for the run does not change it. Use a parameter.`,
      );
    }
  }
}
