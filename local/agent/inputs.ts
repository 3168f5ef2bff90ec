/** How a step's inputs become what the task sees (agent source: TaskRunner.cs). */
import { isAbsolute, join, resolve } from 'node:path';
import { SYSTEM_CONNECTION, type Endpoint } from './endpoints.ts';
import type { SecureFile } from './environment.ts';
import { NamedMap } from './named-map.ts';
import { findInput, type TaskDefinition } from './task-definition.ts';
import { replaceMacros, type Variables } from './variables.ts';

export interface InputContext {
  readonly definition: TaskDefinition;
  readonly variables: Variables;
  /** The agent process's own environment: `$(HOME)` is found there when no variable has the name. */
  readonly agentEnvironment: Readonly<Record<string, string>>;
  /** Where relative paths start, and what an empty path becomes. */
  readonly defaultRoot: string;
  readonly endpoints: readonly Endpoint[];
  readonly secureFiles: readonly SecureFile[];
}

export interface ResolvedInputs {
  readonly values: NamedMap<string>;
  /** The connections the inputs name, and the system's own. */
  readonly endpoints: readonly Endpoint[];
  readonly secureFiles: readonly SecureFile[];
}

/**
 * Defaults, then the step's values (trimmed, `$(x)` replaced once), rooted paths, connections by their id. Inputs the task
 * does not declare are passed too. Throws when an input names a connection that is not there.
 */
export function resolveInputs(given: Readonly<Record<string, string>>, context: InputContext): ResolvedInputs {
  const { definition, variables } = context;
  const trim = variables.isTrue('DISABLE_INPUT_TRIMMING') ? (text: string) => text : (text: string) => text.trim();
  const values = new NamedMap<string>();
  for (const input of definition.inputs) values.set(input.name, input.defaultValue?.trim() ?? '');
  for (const [key, value] of Object.entries(given)) {
    // Aliases are resolved by the service, before an agent sees the step.
    values.set(findInput(definition, key)?.name ?? trim(key), trim(value));
  }
  const environment = new NamedMap(Object.entries(context.agentEnvironment));
  for (const [name, value] of [...values.entries()]) {
    values.set(
      name,
      replaceMacros(variables.expandMacros(value), (macro) => environment.get(macro)),
    );
  }
  for (const input of definition.inputs.filter(({ type }) => type === 'filePath')) {
    values.set(input.name, rootedPath(values.get(input.name) ?? '', context.defaultRoot));
  }
  return {
    values,
    endpoints: resolveReferences(values, context, 'connectedService', 'service connection', context.endpoints),
    secureFiles: resolveReferences(values, context, 'secureFile', 'secure file', context.secureFiles),
  };
}

function rootedPath(path: string, root: string): string {
  if (path === '') return root;
  return isAbsolute(path) ? resolve(path) : join(root, path);
}

/** Names become ids, as the service does it. Only what an input of the right type names reaches the task. */
function resolveReferences<T extends { readonly id: string; readonly name: string }>(
  values: NamedMap<string>,
  context: InputContext,
  type: string,
  kind: string,
  known: readonly T[],
): T[] {
  const used = known.filter(({ id }) => id === SYSTEM_CONNECTION);
  for (const input of context.definition.inputs.filter((each) => each.type.startsWith(type))) {
    const names = (values.get(input.name) ?? '').split(',').map((name) => name.trim());
    const found = names.filter((name) => name !== '').map((name) => findByName(known, name, kind, input.name));
    for (const each of found) if (!used.includes(each)) used.push(each);
    values.set(input.name, found.map(({ id }) => id).join(','));
  }
  return used;
}

function findByName<T extends { readonly id: string; readonly name: string }>(
  known: readonly T[],
  nameOrId: string,
  kind: string,
  input: string,
): T {
  const wanted = nameOrId.toLowerCase();
  const found = known.find(({ id, name }) => id.toLowerCase() === wanted || name.toLowerCase() === wanted);
  if (found === undefined) {
    throw new Error(`The step references the ${kind} '${nameOrId}', which could not be found (input ${input}).`);
  }
  return found;
}
