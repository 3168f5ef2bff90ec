/** The workspace a data-plane request is about, and how the services there refuse one that does not exist. */
import { findWorkspace } from '../arm/workspace-scope.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { dataPlaneError } from '../errors.ts';
import type { Incoming } from '../http.ts';
import type { RunRecord } from '../jobs/records.ts';
import type { RunStore } from '../jobs/run-store.ts';

/** The workspace of the request's path; 404 in the words of the component that answers. */
export function regionalWorkspace(
  context: Pick<EmulatorContext, 'state'>,
  request: Incoming,
  component: string,
): WorkspaceRecord {
  const found = findWorkspace(context, request);
  if (found !== undefined) return found;
  throw dataPlaneError(component, 404, 'UserError', `Workspace ${request.params.workspace ?? ''} not found.`, {
    innerCodes: ['NotFoundError'],
  });
}

/** The run of that id; 404 in the words of the component that answers. */
export function requireRun(store: RunStore, workspace: WorkspaceRecord, id: string, component: string): RunRecord {
  const run = store.find(workspace.id, id);
  if (run !== undefined) return run;
  throw dataPlaneError(component, 404, 'UserError', `Run ${id} was not found.`, { innerCodes: ['NotFoundError'] });
}
