/** Checkouts, and the `target:` of steps. */
import { posix } from 'node:path';
import type { Restrictions } from '../../agent/restrictions.ts';
import type { Entries } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';
import type { CheckoutStepPlan, StepControlPlan } from './plan.ts';
import type { Reading } from './reading.ts';

/** Undefined for `checkout: none`. What changes how sources are fetched, and not which, has no effect. */
export function readCheckout(
  reading: Reading,
  entries: Entries,
  control: StepControlPlan,
): CheckoutStepPlan | undefined {
  const { reader, repositories } = reading;
  const node = entries.get('inputs')?.value;
  const inputs: Entries = node === undefined ? new Map() : reader.mapping(node, 'a checkout');
  const at = inputs.get('repository')?.value;
  const repository = reader.optionalText(inputs, 'repository') ?? '';
  if (repository === 'none') return undefined;
  if (at !== undefined && !repositories.has(repository)) {
    reading.refuse(
      at,
      `The repository '${repository}' is not on this machine; give its folder with --repository ${repository}=FOLDER.${suggestion(repository, [...repositories.keys()])}`,
    );
  }
  const path = posix.normalize(reader.optionalText(inputs, 'path') ?? 's');
  const pathNode = inputs.get('path')?.value;
  if (pathNode !== undefined && (path.startsWith('..') || path.startsWith('/') || path === '.')) {
    reader.report(pathNode, `The path '${path}' must be below $(Pipeline.Workspace).`);
  }
  return { kind: 'checkout', ...control, repository, path };
}

/** What a step is allowed to do by its `target:`. Another place than this machine is refused. */
export function readTarget(reading: Reading, entries: Entries): Restrictions | undefined {
  const { reader } = reading;
  const node = entries.get('target')?.value;
  if (node === undefined) return undefined;
  const given =
    node.kind === 'mapping'
      ? reader.mapping(node, 'target', ['container', 'commands', 'settableVariables'])
      : undefined;
  const container =
    given === undefined ? reader.text(node, 'target') : (reader.optionalText(given, 'container') ?? 'host');
  if (container !== 'host') reading.refuse(node, `Steps in containers are not run here: '${container}'.`);
  if (given === undefined) return undefined;
  const commands = reader.optionalText(given, 'commands');
  const variables = given.get('settableVariables')?.value;
  const names = variables === undefined ? undefined : (reader.names(given, 'settableVariables') ?? []);
  return {
    ...(commands !== undefined && { commands: { mode: commands } }),
    ...(names !== undefined && {
      settableVariables: { allowed: names.length === 1 && names[0] === 'none' ? [] : names },
    }),
  };
}
