/** Steps of a job: tasks with their inputs checked against task.json, and checkouts. */
import type { Node } from 'yaml';
import { findInput, type TaskDefinition } from '../agent/task-definition.ts';
import { suggestion } from './nearest-name.ts';
import type { StepControlPlan, StepPlan } from './plan.ts';
import { checkReferences, type Known, type ReadTask } from './references.ts';
import { findTask, type TaskCatalog } from './task-catalog.ts';
import { readCondition, type Entry, type YamlSource } from './yaml-source.ts';

const CONTROL_KEYS = ['name', 'displayName', 'condition', 'continueOnError', 'enabled', 'timeoutInMinutes'];
const TASK_KEYS = ['task', 'inputs', 'env', 'retryCountOnTaskFailure', ...CONTROL_KEYS];
/** Beside the common ones: what changes how sources are fetched, not which. */
const CHECKOUT_KEYS = ['checkout', 'clean', 'fetchDepth', 'fetchTags', 'lfs', 'persistCredentials', ...CONTROL_KEYS];
const OTHER_KINDS = [
  'script',
  'bash',
  'pwsh',
  'powershell',
  'download',
  'publish',
  'template',
  'getPackage',
  'reviewApp',
];
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,98}$/;

/** Reads the steps of a job. One without a checkout starts with one, as in the service; `checkout: none` leaves it out. */
export function readSteps(
  source: YamlSource,
  node: Node | undefined,
  catalog: TaskCatalog,
  known: Known,
): readonly StepPlan[] {
  const steps: StepPlan[] = [];
  const tasks: ReadTask[] = [];
  let checkouts = 0;
  for (const item of source.sequence(node, '`steps`')) {
    const kind = [...source.mapping(item, 'a step').keys()][0] ?? '';
    if (kind === 'checkout') {
      checkouts++;
      const step = readCheckout(source, item);
      if (step !== undefined) steps.push(step);
    } else if (kind === 'task') {
      const task = readTask(source, item, catalog);
      if (task !== undefined) {
        tasks.push(task);
        steps.push(task.step);
      }
    } else reportKind(source, item, kind);
  }
  checkNames(source, node, steps);
  checkReferences(source, tasks, steps, known);
  return checkouts === 0 ? [{ kind: 'checkout', ...NO_CONTROL }, ...steps] : steps;
}

const NO_CONTROL: StepControlPlan = {
  name: undefined,
  displayName: undefined,
  condition: undefined,
  continueOnError: false,
  enabled: true,
  timeoutInMinutes: undefined,
};

function reportKind(source: YamlSource, item: Node, kind: string): void {
  source.report(
    item,
    OTHER_KINDS.includes(kind)
      ? `Steps of the kind '${kind}' are not run here; only 'task' and 'checkout' are.`
      : `A step must start with 'task' or 'checkout', not '${kind}'.${suggestion(kind, ['task', 'checkout'])}`,
  );
}

function readCheckout(source: YamlSource, item: Node): StepPlan | undefined {
  const entries = source.mapping(item, 'a checkout', CHECKOUT_KEYS);
  const repository = entries.get('checkout')?.value;
  const name = source.text(repository, 'checkout');
  if (name !== 'self' && name !== 'none') {
    source.report(repository, `Only 'checkout: self' and 'checkout: none' are possible here, not '${name}'.`);
  }
  return name === 'self' ? { kind: 'checkout', ...readControl(source, entries) } : undefined;
}

function readTask(source: YamlSource, item: Node, catalog: TaskCatalog): ReadTask | undefined {
  const entries = source.mapping(item, 'a task step', TASK_KEYS);
  const nodes = new Map<string, Node | undefined>();
  const control = readControl(source, entries);
  const retries = entries.get('retryCountOnTaskFailure');
  const env = readEnv(source, entries.get('env'), nodes);
  const reference = entries.get('task')?.value;
  const definition = findTask(catalog, source.text(reference, 'task'));
  if (typeof definition === 'string') {
    source.report(reference, definition);
    return undefined;
  }
  const step = {
    kind: 'task' as const,
    ...control,
    definition,
    inputs: readInputs(source, entries.get('inputs'), definition, { reference, nodes }),
    env,
    retryCountOnTaskFailure: retries === undefined ? 0 : source.integer(retries.value, 'retryCountOnTaskFailure'),
  };
  return { step, nodes };
}

/** Inputs by the name task.json gives them. Reports unknown, doubled and missing ones. */
function readInputs(
  source: YamlSource,
  entry: Entry | undefined,
  definition: TaskDefinition,
  { reference, nodes }: { reference: Node | undefined; nodes: Map<string, Node | undefined> },
): Record<string, string> {
  const inputs: Record<string, string> = {};
  const entries = entry === undefined ? new Map<string, Entry>() : source.mapping(entry.value, 'inputs');
  for (const [name, { key, value }] of entries) {
    const input = findInput(definition, name);
    const known = definition.inputs.flatMap((each) => [each.name, ...each.aliases]);
    if (input === undefined) source.report(key, `${definition.name} has no input '${name}'.${suggestion(name, known)}`);
    else if (input.name in inputs) source.report(key, `The input '${input.name}' is given twice.`);
    else {
      inputs[input.name] = source.text(value, `the input '${name}'`);
      nodes.set(input.name, value);
    }
  }
  for (const { name, required, visibleRule, defaultValue } of definition.inputs) {
    if (required && visibleRule === undefined && (defaultValue ?? '') === '' && (inputs[name] ?? '') === '') {
      source.report(entry?.key ?? reference, `${definition.name} needs the input '${name}'.`);
    }
  }
  return inputs;
}

function readControl(source: YamlSource, entries: ReadonlyMap<string, Entry>): StepControlPlan {
  const text = (key: string): string | undefined => {
    const entry = entries.get(key);
    return entry && source.text(entry.value, key);
  };
  const flag = (key: string, fallback: boolean): boolean => {
    const entry = entries.get(key);
    return entry === undefined ? fallback : source.boolean(entry.value, key);
  };
  const timeout = entries.get('timeoutInMinutes');
  const name = text('name');
  if (name !== undefined && !NAME.test(name)) {
    source.report(
      entries.get('name')?.value,
      `'${name}' is no name: letters, digits, '_' and '-', not starting with a digit.`,
    );
  }
  return {
    name,
    displayName: text('displayName'),
    condition: readCondition(source, entries),
    continueOnError: flag('continueOnError', false),
    enabled: flag('enabled', true),
    timeoutInMinutes: timeout && source.integer(timeout.value, 'timeoutInMinutes'),
  };
}

function readEnv(
  source: YamlSource,
  entry: Entry | undefined,
  nodes: Map<string, Node | undefined>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, { value }] of entry === undefined ? [] : source.mapping(entry.value, 'env')) {
    env[name] = source.text(value, `env '${name}'`);
    nodes.set(name, value);
  }
  return env;
}

function checkNames(source: YamlSource, node: Node | undefined, steps: readonly StepPlan[]): void {
  const seen = new Set<string>();
  for (const { name } of steps) {
    if (name === undefined) continue;
    if (seen.has(name.toLowerCase())) source.report(node, `Two steps of this job have the name '${name}'.`);
    seen.add(name.toLowerCase());
  }
}
