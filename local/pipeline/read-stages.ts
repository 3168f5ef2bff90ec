/** Stages and jobs of a pipeline, their names, dependencies and conditions. */
import type { Node } from 'yaml';
import { dependencyOrder, type Dependent } from './dependency-order.ts';
import { suggestion } from './nearest-name.ts';
import type { JobPlan, PlanVariable, StagePlan } from './plan.ts';
import { readSteps } from './read-steps.ts';
import { readVariables } from './read-variables.ts';
import type { Known } from './references.ts';
import type { TaskCatalog } from './task-catalog.ts';
import { readCondition, readText, type Entry, type YamlSource } from './yaml-source.ts';

export interface Reading {
  readonly source: YamlSource;
  readonly catalog: TaskCatalog;
  /** What a job with these variables knows before it runs. */
  readonly known: (ofStage: readonly PlanVariable[], ofJob: readonly PlanVariable[]) => Known;
}

const STAGE_KEYS = ['stage', 'displayName', 'dependsOn', 'condition', 'variables', 'jobs', 'pool'];
const JOB_KEYS = [
  ...['job', 'displayName', 'dependsOn', 'condition', 'variables', 'steps', 'pool'],
  ...['continueOnError', 'timeoutInMinutes', 'cancelTimeoutInMinutes'],
];
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,98}$/;

/** Stages in the order in which they run. One that does not say what it depends on depends on the one before. */
export function readStages(reading: Reading, node: Node | undefined): readonly StagePlan[] {
  const { source } = reading;
  const stages: StagePlan[] = [];
  const nodes = new Map<string, Node>();
  for (const item of source.sequence(node, '`stages`')) {
    const entries = source.mapping(item, 'a stage', STAGE_KEYS);
    const name = readName(source, item, entries.get('stage'), 'stage', nodes);
    const previous = stages.at(-1);
    const variables = readVariables(source, entries.get('variables'));
    stages.push({
      name,
      displayName: readText(source, entries, 'displayName') ?? name,
      dependsOn: readDependsOn(source, entries.get('dependsOn')) ?? (previous === undefined ? [] : [previous.name]),
      condition: readCondition(source, entries),
      variables,
      jobs: readJobs(reading, entries.get('jobs')?.value ?? item, variables),
    });
  }
  return inRunningOrder(source, stages, nodes, 'stage');
}

/** Jobs of a stage in the order in which they run. */
export function readJobs(
  reading: Reading,
  node: Node | undefined,
  ofStage: readonly PlanVariable[],
): readonly JobPlan[] {
  const { source } = reading;
  const jobs: JobPlan[] = [];
  const nodes = new Map<string, Node>();
  for (const item of source.sequence(node, '`jobs`')) {
    const kind = [...source.mapping(item, 'a job').keys()][0];
    if (kind === 'job') jobs.push(readJob(reading, item, ofStage, nodes));
    else source.report(item, `Only 'job' is possible here, not '${kind ?? ''}'.`);
  }
  return inRunningOrder(source, jobs, nodes, 'job');
}

/** The job that a pipeline of bare steps is. */
export function unnamedJob({ source, catalog, known }: Reading, steps: Node | undefined): JobPlan {
  return {
    name: 'Job',
    displayName: 'Job',
    dependsOn: [],
    condition: undefined,
    continueOnError: false,
    timeoutInMinutes: undefined,
    cancelTimeoutInMinutes: undefined,
    variables: [],
    steps: readSteps(source, steps, catalog, known([], [])),
  };
}

function readJob(
  { source, catalog, known }: Reading,
  item: Node,
  ofStage: readonly PlanVariable[],
  nodes: Map<string, Node>,
): JobPlan {
  const entries = source.mapping(item, 'a job', JOB_KEYS);
  const name = readName(source, item, entries.get('job'), 'job', nodes);
  const minutes = (key: string): number | undefined => {
    const entry = entries.get(key);
    return entry && source.integer(entry.value, key);
  };
  const continueOnError = entries.get('continueOnError');
  const variables = readVariables(source, entries.get('variables'));
  return {
    name,
    displayName: readText(source, entries, 'displayName') ?? name,
    dependsOn: readDependsOn(source, entries.get('dependsOn')) ?? [],
    condition: readCondition(source, entries),
    continueOnError: continueOnError !== undefined && source.boolean(continueOnError.value, 'continueOnError'),
    timeoutInMinutes: minutes('timeoutInMinutes'),
    cancelTimeoutInMinutes: minutes('cancelTimeoutInMinutes'),
    variables,
    steps: readSteps(source, entries.get('steps')?.value ?? item, catalog, known(ofStage, variables)),
  };
}

function inRunningOrder<T extends Dependent>(
  source: YamlSource,
  items: readonly T[],
  nodes: ReadonlyMap<string, Node>,
  what: string,
): readonly T[] {
  const names = items.map(({ name }) => name);
  const known = new Set(names.map((name) => name.toLowerCase()));
  let complete = true;
  for (const { name, dependsOn } of items) {
    for (const missing of dependsOn.filter((other) => !known.has(other.toLowerCase()))) {
      complete = false;
      const hint = suggestion(missing, names);
      source.report(nodes.get(name), `The ${what} '${name}' depends on '${missing}', which is not there.${hint}`);
    }
  }
  const ordered = dependencyOrder(items);
  for (const item of complete ? items.filter((each) => !ordered.includes(each)) : []) {
    source.report(nodes.get(item.name), `The ${what} '${item.name}' waits for itself through its dependencies.`);
  }
  return ordered;
}

function readName(
  source: YamlSource,
  item: Node,
  entry: Entry | undefined,
  what: string,
  nodes: Map<string, Node>,
): string {
  const name = source.text(entry?.value, what);
  if (!NAME.test(name)) source.report(entry?.value ?? item, `'${name}' is no name for a ${what}.`);
  if ([...nodes.keys()].some((other) => other.toLowerCase() === name.toLowerCase())) {
    source.report(entry?.value ?? item, `Two ${what}s have the name '${name}'.`);
  }
  nodes.set(name, item);
  return name;
}

function readDependsOn(source: YamlSource, entry: Entry | undefined): readonly string[] | undefined {
  if (entry === undefined) return undefined;
  if (source.isList(entry.value)) {
    return source.sequence(entry.value, 'dependsOn').map((name) => source.text(name, 'dependsOn'));
  }
  const name = source.text(entry.value, 'dependsOn');
  return name === '' ? [] : [name];
}
