/** Stages of a pipeline, their names, dependencies and conditions. */
import type { DocumentNode } from '../document/document-node.ts';
import type { Entries } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';
import { dependencyOrder, type Dependent } from './dependency-order.ts';
import type { PlanVariable, StagePlan } from './plan.ts';
import { readJobs } from './read-jobs.ts';
import type { Reading } from './reading.ts';
import { readVariables } from './read-variables.ts';
import { readCondition, runtimeExpression } from './runtime-text.ts';

const STAGE_KEYS = [
  ...['stage', 'displayName', 'dependsOn', 'condition', 'variables', 'jobs', 'pool'],
  ...['lockBehavior', 'trigger', 'isSkippable', 'templateContext'],
];
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,98}$/;

/** Stages in the order in which they run. One that does not say what it depends on depends on the one before. */
export function readStages(
  reading: Reading,
  node: DocumentNode | undefined,
  ofRoot: readonly PlanVariable[],
): readonly StagePlan[] {
  const { reader } = reading;
  const stages: StagePlan[] = [];
  const nodes = new Map<string, DocumentNode>();
  for (const item of reader.sequence(node, '`stages`')) {
    const entries = reader.mapping(item, 'a stage', STAGE_KEYS);
    const name = readName(reading, item, entries, 'stage', nodes);
    const previous = stages.at(-1);
    const variables = readVariables(reading, entries);
    if (!entries.has('jobs')) reader.report(item, `The stage '${name}' has no jobs.`);
    if (entries.get('trigger') !== undefined) reading.note(`'trigger' of the stage '${name}' has no effect: it runs.`);
    stages.push({
      name,
      displayName: reader.optionalText(entries, 'displayName') ?? name,
      dependsOn: reader.names(entries, 'dependsOn') ?? (previous === undefined ? [] : [previous.name]),
      condition: readCondition(reader, entries, 'stage'),
      variables,
      jobs: readJobs(reading, entries.get('jobs')?.value, [ofRoot, variables]),
    });
  }
  for (const stage of stages) noteUnseenDependencies(reading, 'stage', stage);
  return inRunningOrder(reading, stages, nodes, 'stage');
}

/** Every item after those it depends on; what depends on nothing that is there, or on itself, is reported. */
export function inRunningOrder<T extends Dependent>(
  { reader }: Reading,
  items: readonly T[],
  nodes: ReadonlyMap<string, DocumentNode>,
  what: string,
): readonly T[] {
  const names = items.map(({ name }) => name);
  const known = new Set(names.map((name) => name.toLowerCase()));
  let complete = true;
  for (const { name, dependsOn } of items) {
    const node = nodes.get(name);
    for (const missing of dependsOn.filter((other) => !known.has(other.toLowerCase()))) {
      complete = false;
      const hint = suggestion(missing, names);
      const sentence = `The ${what} '${name}' depends on '${missing}', which is not there.${hint}`;
      if (node !== undefined) reader.report(node, sentence);
    }
  }
  const ordered = dependencyOrder(items);
  for (const item of complete ? items.filter((each) => !ordered.includes(each)) : []) {
    const node = nodes.get(item.name);
    if (node !== undefined) {
      reader.report(node, `The ${what} '${item.name}' waits for itself through its dependencies.`);
    }
  }
  return ordered;
}

/** Says which results and outputs an item reads that it will never see: `dependencies` has direct dependencies only. */
export function noteUnseenDependencies(
  reading: Reading,
  what: string,
  item: Dependent & { readonly condition: string | undefined; readonly variables: readonly PlanVariable[] },
): void {
  const seen = item.dependsOn.map((name) => name.toLowerCase());
  const texts = [item.condition ?? '', ...item.variables.map(({ value }) => runtimeExpression(value) ?? '')];
  for (const text of texts) {
    for (const [, dotted, quoted] of text.matchAll(/\bdependencies(?:\.([\w-]+)|\['([^']+)'\])/gi)) {
      const name = dotted ?? quoted ?? '';
      if (seen.includes(name.toLowerCase())) continue;
      reading.note(
        `The ${what} '${item.name}' reads 'dependencies.${name}', which is empty: it does not depend on it.`,
      );
    }
  }
}

/** The name of a stage or job; one that is left empty is made up, as the service does it. */
export function readName(
  { reader }: Reading,
  item: DocumentNode,
  entries: Entries,
  kind: 'stage' | 'job' | 'deployment',
  nodes: Map<string, DocumentNode>,
): string {
  const node = entries.get(kind)?.value ?? item;
  const written = reader.optionalText(entries, kind) ?? '';
  const name = written === '' ? `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${nodes.size + 1}` : written;
  if (!NAME.test(name)) {
    reader.report(node, `'${name}' is no name for a ${kind}: letters, digits, '_' and '-', not starting with a digit.`);
  }
  if ([...nodes.keys()].some((other) => other.toLowerCase() === name.toLowerCase())) {
    reader.report(node, `Two ${kind === 'stage' ? 'stages' : 'jobs'} have the name '${name}'.`);
  }
  nodes.set(name, item);
  return name;
}
