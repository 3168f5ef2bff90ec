/** Names of endpoints: unique in a region over online and batch, because they are host names. */
import { mfeError } from '../errors.ts';
import type { State } from '../state.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

/** Throws the service's 400 when an endpoint of that name is in the workspace's region. */
export function requireFreeName(state: State, workspace: WorkspaceRecord, name: string): void {
  const isTaken = ['onlineEndpoints', 'batchEndpoints'].some((collection) =>
    state
      .collection<{ readonly name: string; readonly location: string }>(collection)
      .list()
      .some(({ value }) => value.name.toLowerCase() === name.toLowerCase() && value.location === workspace.region),
  );
  if (!isTaken) return;
  throw mfeError(
    400,
    'UserError',
    'An endpoint with this name already exists. If you are trying to create a new endpoint, use a different name.',
  );
}
