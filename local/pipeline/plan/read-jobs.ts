/** Jobs of a stage, ordinary and deployment ones, and how often they run. */
import type { DocumentNode } from '../document/document-node.ts';
import { isEmpty, type Entries } from '../document/node-reader.ts';
import type { DeploymentPlan, JobPlan, Legs, PlanVariable } from './plan.ts';
import { readDeployment } from './read-deployment.ts';
import type { Reading } from './reading.ts';
import { inRunningOrder, noteUnseenDependencies, readName } from './read-stages.ts';
import { readSteps } from './read-steps.ts';
import { readVariables } from './read-variables.ts';
import { checkRuntimeText, readCondition, runtimeExpression } from './runtime-text.ts';

const SHARED_KEYS = [
  ...['displayName', 'dependsOn', 'condition', 'variables', 'continueOnError', 'timeoutInMinutes'],
  ...['cancelTimeoutInMinutes', 'pool', 'workspace', 'uses', 'container', 'services', 'templateContext', 'strategy'],
];
const JOB_KEYS = ['job', 'steps', ...SHARED_KEYS];
const DEPLOYMENT_KEYS = ['deployment', 'environment', ...SHARED_KEYS];

/** Jobs in the order in which they run. `outer` are the variables of the pipeline and of the stage. */
export function readJobs(
  reading: Reading,
  node: DocumentNode | undefined,
  outer: readonly (readonly PlanVariable[])[],
): readonly JobPlan[] {
  const { reader } = reading;
  const nodes = new Map<string, DocumentNode>();
  const jobs = reader.sequence(node, '`jobs`').map((item) => {
    const isDeployment = item.kind === 'mapping' && item.entries[0]?.key.text === 'deployment';
    const kind = isDeployment ? 'deployment' : 'job';
    const entries = reader.mapping(item, `a ${kind}`, isDeployment ? DEPLOYMENT_KEYS : JOB_KEYS);
    const name = readName(reading, item, entries, kind, nodes);
    refuseOtherPlaces(reading, entries);
    const variables = readVariables(reading, entries);
    const levels = [...outer, variables];
    const deployment = isDeployment ? readDeployment(reading, item, entries, levels) : undefined;
    if (deployment === undefined && !entries.has('steps')) reader.report(item, `The job '${name}' has no steps.`);
    return { ...readJob(reading, entries, name, variables), ...body(reading, entries, levels, deployment) };
  });
  for (const job of jobs) noteUnseenDependencies(reading, 'job', job);
  return inRunningOrder(reading, jobs, nodes, 'job');
}

function readJob(
  { reader }: Reading,
  entries: Entries,
  name: string,
  variables: readonly PlanVariable[],
): Omit<JobPlan, 'steps' | 'legs' | 'deployment'> {
  return {
    name,
    displayName: reader.optionalText(entries, 'displayName') ?? name,
    dependsOn: reader.names(entries, 'dependsOn') ?? [],
    condition: readCondition(reader, entries, 'job'),
    continueOnError: reader.boolean(entries, 'continueOnError', false),
    timeoutInMinutes: reader.integer(entries, 'timeoutInMinutes'),
    cancelTimeoutInMinutes: reader.integer(entries, 'cancelTimeoutInMinutes'),
    variables,
  };
}

function body(
  reading: Reading,
  entries: Entries,
  levels: readonly (readonly PlanVariable[])[],
  deployment: DeploymentPlan | undefined,
): Pick<JobPlan, 'steps' | 'legs' | 'deployment'> {
  if (deployment !== undefined) return { steps: [], legs: undefined, deployment };
  const steps = readSteps(reading, entries.get('steps')?.value, levels, 'checkout');
  return { steps, legs: readLegs(reading, entries), deployment: undefined };
}

/** Everything runs on this machine, outside of containers. */
function refuseOtherPlaces(reading: Reading, entries: Entries): void {
  for (const key of ['container', 'services']) {
    const entry = entries.get(key);
    if (entry !== undefined) reading.refuse(entry.key, `Jobs with '${key}' are not run here: there are no containers.`);
  }
  const pool = entries.get('pool');
  if (pool === undefined) return;
  if (pool.value.kind === 'scalar' && pool.value.text === 'server') {
    reading.refuse(pool.value, 'Jobs without an agent (pool: server) are not run here.');
  } else reading.note("'pool' has no effect: everything runs on this machine.");
}

function readLegs(reading: Reading, entries: Entries): Legs | undefined {
  const { reader } = reading;
  const node = entries.get('strategy')?.value;
  if (node === undefined) return undefined;
  const strategy = reader.mapping(node, 'strategy', ['matrix', 'parallel', 'maxParallel']);
  const matrix = strategy.get('matrix')?.value;
  reader.integer(strategy, 'maxParallel');
  if (matrix === undefined) {
    const count = reader.integer(strategy, 'parallel');
    return count === undefined ? undefined : { kind: 'parallel', count };
  }
  if (matrix.kind !== 'scalar') return { kind: 'matrix', legs: readMatrix(reading, matrix) };
  const expression = runtimeExpression(matrix.text);
  checkRuntimeText(reader, matrix, matrix.text);
  if (expression === undefined && !isEmpty(matrix)) reader.report(matrix, 'A matrix must be a mapping or $[ … ].');
  return { kind: 'expression', expression: expression ?? '' };
}

function readMatrix({ reader }: Reading, node: DocumentNode): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const legs = new Map<string, Readonly<Record<string, string>>>();
  for (const [name, { key, value }] of reader.mapping(node, 'matrix')) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      reader.report(key, `'${name}' is no name for a leg of a matrix: letters, digits and '_'.`);
    }
    const variables = [...reader.mapping(value, `the leg '${name}'`)];
    legs.set(
      name,
      Object.fromEntries(variables.map(([variable, entry]) => [variable, reader.text(entry.value, variable)])),
    );
  }
  return legs;
}
