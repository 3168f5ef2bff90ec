/** Steps of a job: tasks with their inputs checked against task.json, and checkouts. */
import { findInput } from '../../agent/task-definition.ts';
import type { DocumentNode } from '../document/document-node.ts';
import type { Entries } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';
import { CHECKOUT_TASK, STEP_KEYS } from '../template/normalise.ts';
import type { CheckoutStepPlan, PlanVariable, StepControlPlan, StepPlan } from './plan.ts';
import { readCheckout, readTarget } from './read-checkout.ts';
import type { Reading } from './reading.ts';
import { checkReferences, type ReadTask } from './references.ts';
import { readCondition } from './runtime-text.ts';
import { findTask, type CatalogTask } from './task-catalog.ts';

const TASK_KEYS = ['task', 'inputs', ...STEP_KEYS];
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,98}$/;
const DOWNLOAD = 'DownloadPipelineArtifact';

/** What happens without being written: a job checks out its repository, the deploy hook downloads the run's artifacts. */
export type Automatic = 'checkout' | 'download' | 'nothing';

export function readSteps(
  reading: Reading,
  node: DocumentNode | undefined,
  variables: readonly (readonly PlanVariable[])[],
  automatic: Automatic,
): readonly StepPlan[] {
  const { reader } = reading;
  const steps: StepPlan[] = [];
  const tasks: ReadTask[] = [];
  const written = { checkout: false, download: false };
  for (const item of reader.sequence(node, '`steps`')) {
    const entries = reader.mapping(item, 'a step', TASK_KEYS);
    const reference = reader.optionalText(entries, 'task') ?? '';
    if (isCheckout(reference)) {
      written.checkout = true;
      const checkout = readCheckout(reading, entries, readControl(reading, entries));
      if (checkout !== undefined) steps.push(checkout);
      continue;
    }
    const task = readTask(reading, item, entries, reference);
    if (task?.step.definition.name === DOWNLOAD) written.download = true;
    if (task === undefined || isNoDownload(task)) continue;
    tasks.push(task);
    steps.push(task.step);
  }
  checkNames(reading, node, steps);
  checkReferences(reading, tasks, steps, reading.known(...variables));
  const first = automaticStep(reading, automatic, written);
  return withCheckoutFolders(reading, first === undefined ? steps : [first, ...steps]);
}

function isCheckout(reference: string): boolean {
  return reference.toLowerCase() === CHECKOUT_TASK || /^checkout@\d+$/i.test(reference);
}

/** `download: none` only says that nothing is downloaded by itself. */
function isNoDownload({ step }: ReadTask): boolean {
  return step.definition.name === DOWNLOAD && step.inputs.buildType === 'none';
}

const NO_CONTROL: StepControlPlan = {
  name: undefined,
  displayName: undefined,
  condition: undefined,
  continueOnError: false,
  enabled: true,
  timeoutInMinutes: undefined,
};

function automaticStep(
  { catalog }: Reading,
  automatic: Automatic,
  written: { readonly checkout: boolean; readonly download: boolean },
): StepPlan | undefined {
  if (automatic === 'checkout' && !written.checkout) {
    return { kind: 'checkout', ...NO_CONTROL, repository: 'self', path: 's' };
  }
  if (automatic !== 'download' || written.download) return undefined;
  const task = catalog.find(({ name }) => name === DOWNLOAD);
  return (
    task && {
      ...{ kind: 'task' as const, ...NO_CONTROL, displayName: 'Download artifacts', definition: task.definition },
      ...{ inputs: {}, env: {}, retryCountOnTaskFailure: 0, target: undefined },
    }
  );
}

/** One repository is checked out as `s`; several each get a folder of their own below it. */
function withCheckoutFolders({ repositories }: Reading, steps: readonly StepPlan[]): readonly StepPlan[] {
  const checkouts = steps.filter((step): step is CheckoutStepPlan => step.kind === 'checkout');
  if (checkouts.length < 2) return steps;
  return steps.map((step) =>
    step.kind === 'checkout' && step.path === 's'
      ? { ...step, path: `s/${repositories.get(step.repository) ?? step.repository}` }
      : step,
  );
}

function readTask(reading: Reading, item: DocumentNode, entries: Entries, reference: string): ReadTask | undefined {
  const { reader } = reading;
  const nodes = new Map<string, DocumentNode>();
  const control = readControl(reading, entries);
  const env = readTexts(reading, entries.get('env')?.value, 'env', nodes);
  const retryCountOnTaskFailure = reader.integer(entries, 'retryCountOnTaskFailure') ?? 0;
  const target = readTarget(reading, entries);
  const at = entries.get('task')?.value ?? item;
  const found = findTask(reading.catalog, reference);
  if (found.kind === 'found') {
    const inputs = readInputs(reading, entries, found.task, { at, nodes });
    const { definition } = found.task;
    refuseOtherRuns(reading, definition.name, inputs, at);
    return { step: { kind: 'task', ...control, definition, inputs, env, retryCountOnTaskFailure, target }, nodes };
  }
  readTexts(reading, entries.get('inputs')?.value, 'inputs', nodes);
  if (found.kind === 'wrong') reader.report(at, found.sentence);
  else reading.refuse(at, found.sentence);
  return undefined;
}

/** Only what this run has published is here. */
function refuseOtherRuns(
  reading: Reading,
  task: string,
  { buildType = 'current' }: Readonly<Record<string, string>>,
  at: DocumentNode,
): void {
  if (task !== DOWNLOAD || ['current', 'none'].includes(buildType)) return;
  reading.refuse(at, `Artifacts of other runs are not on this machine: '${buildType}'.`);
}

/** Inputs by the name task.json gives them. Reports unknown, doubled and missing ones. */
function readInputs(
  reading: Reading,
  entries: Entries,
  { definition, standIn }: CatalogTask,
  { at, nodes }: { at: DocumentNode; nodes: Map<string, DocumentNode> },
): Record<string, string> {
  const { reader } = reading;
  const entry = entries.get('inputs');
  if (standIn === true) return readTexts(reading, entry?.value, 'inputs', nodes);
  const inputs: Record<string, string> = {};
  const given = entry === undefined ? [] : reader.mapping(entry.value, 'inputs');
  for (const [name, { key, value }] of given) {
    const input = findInput(definition, name);
    const known = definition.inputs.flatMap((each) => [each.name, ...each.aliases]);
    if (input === undefined) reader.report(key, `${definition.name} has no input '${name}'.${suggestion(name, known)}`);
    else if (Object.hasOwn(inputs, input.name)) reader.report(key, `The input '${input.name}' is given twice.`);
    else {
      inputs[input.name] = reader.text(value, `the input '${name}'`);
      nodes.set(input.name, value);
    }
  }
  for (const { name, required, visibleRule, defaultValue } of definition.inputs) {
    if (required && visibleRule === undefined && (defaultValue ?? '') === '' && (inputs[name] ?? '') === '') {
      reader.report(entry?.key ?? at, `${definition.name} needs the input '${name}'.`);
    }
  }
  return inputs;
}

function readControl({ reader }: Reading, entries: Entries): StepControlPlan {
  const name = reader.optionalText(entries, 'name');
  const at = entries.get('name')?.value;
  if (name !== undefined && at !== undefined && !NAME.test(name)) {
    reader.report(at, `'${name}' is no name: letters, digits, '_' and '-', not starting with a digit.`);
  }
  return {
    name,
    displayName: reader.optionalText(entries, 'displayName'),
    condition: readCondition(reader, entries, 'step'),
    continueOnError: reader.boolean(entries, 'continueOnError', false),
    enabled: reader.boolean(entries, 'enabled', true),
    timeoutInMinutes: reader.integer(entries, 'timeoutInMinutes'),
  };
}

function readTexts(
  { reader }: Reading,
  node: DocumentNode | undefined,
  what: string,
  nodes: Map<string, DocumentNode>,
): Record<string, string> {
  const entries = node === undefined ? [] : [...reader.mapping(node, what)];
  for (const [name, { value }] of entries) nodes.set(name, value);
  return Object.fromEntries(entries.map(([name, { value }]) => [name, reader.text(value, `${what} '${name}'`)]));
}

function checkNames({ reader }: Reading, node: DocumentNode | undefined, steps: readonly StepPlan[]): void {
  const seen = new Set<string>();
  for (const { name } of steps) {
    if (name === undefined || node === undefined) continue;
    if (seen.has(name.toLowerCase())) reader.report(node, `Two steps of this job have the name '${name}'.`);
    seen.add(name.toLowerCase());
  }
}
