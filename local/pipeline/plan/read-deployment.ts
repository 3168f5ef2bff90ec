/** Deployment jobs: their environment and the hooks of runOnce (documentation: "Deployment jobs"). */
import type { DocumentNode } from '../document/document-node.ts';
import type { Entries } from '../document/node-reader.ts';
import { DEPLOYMENT_STRATEGIES } from '../template/normalise.ts';
import { HOOKS, type DeploymentPlan, type Hook, type PlanVariable, type StepPlan } from './plan.ts';
import type { Reading } from './reading.ts';
import { readSteps } from './read-steps.ts';

const ENVIRONMENT_KEYS = ['name', 'resourceName', 'resourceId', 'resourceType', 'tags'];

export function readDeployment(
  reading: Reading,
  item: DocumentNode,
  entries: Entries,
  variables: readonly (readonly PlanVariable[])[],
): DeploymentPlan {
  const environment = readEnvironment(reading, item, entries);
  return { ...environment, hooks: readHooks(reading, item, entries, variables) };
}

/** `environment: name.resource` is a resource of an environment. */
function readEnvironment(
  { reader }: Reading,
  item: DocumentNode,
  entries: Entries,
): Pick<DeploymentPlan, 'environment' | 'resource'> {
  const node = entries.get('environment')?.value;
  if (node?.kind === 'mapping') {
    const given = reader.mapping(node, 'environment', ENVIRONMENT_KEYS);
    const name = reader.optionalText(given, 'name') ?? '';
    if (name === '') reader.report(node, 'An environment needs a name.');
    return { environment: name, resource: reader.optionalText(given, 'resourceName') };
  }
  const text = node === undefined ? '' : reader.text(node, 'environment');
  if (text === '') reader.report(node ?? item, 'A deployment needs an environment.');
  // The dots of a macro are not the one before a resource.
  const dot = text.replaceAll(/\$\([^)]*\)/g, (macro) => '_'.repeat(macro.length)).indexOf('.');
  return dot < 0
    ? { environment: text, resource: undefined }
    : { environment: text.slice(0, dot), resource: text.slice(dot + 1) };
}

function readHooks(
  reading: Reading,
  item: DocumentNode,
  entries: Entries,
  variables: readonly (readonly PlanVariable[])[],
): ReadonlyMap<Hook, readonly StepPlan[]> {
  const { reader } = reading;
  const hooks = new Map<Hook, readonly StepPlan[]>();
  const node = entries.get('strategy')?.value;
  const strategy = node && reader.mapping(node, 'strategy', DEPLOYMENT_STRATEGIES);
  const [[name, body] = []] = strategy ?? [];
  if (name === undefined || body === undefined) {
    reader.report(node ?? item, `A deployment needs a strategy: ${DEPLOYMENT_STRATEGIES.join(', ')}.`);
    return hooks;
  }
  const known = [...HOOKS, 'on', ...(name === 'runOnce' ? [] : ['maxParallel', 'increments'])];
  if (name !== 'runOnce') reading.refuse(body.key, `The strategy '${name}' is not run here; runOnce is.`);
  const given = reader.mapping(body.value, `the strategy '${name}'`, known);
  const read = (key: Hook, from: Entries): void => {
    const entry = from.get(key);
    if (entry === undefined) return;
    const hook = reader.mapping(entry.value, `the hook '${key}'`, ['steps', 'pool']);
    hooks.set(key, readSteps(reading, hook.get('steps')?.value, variables, key === 'deploy' ? 'download' : 'nothing'));
  };
  for (const hook of HOOKS) read(hook, given);
  const on = given.get('on');
  const outcomes = on === undefined ? undefined : reader.mapping(on.value, "'on'", ['success', 'failure']);
  if (outcomes !== undefined) for (const hook of ['success', 'failure'] as const) read(hook, outcomes);
  return hooks;
}
