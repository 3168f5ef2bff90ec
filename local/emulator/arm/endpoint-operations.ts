/** Long-running operations on endpoints and deployments, online and batch, noted on the record they change. */
import type { EmulatorContext } from '../context.ts';
import type { Incoming } from '../http.ts';
import type { OperationVerb, StartedOperation } from '../operations.ts';
import { apiVersionOf, workspaceOf } from './workspace-scope.ts';

export interface NotedOperation {
  readonly verb: OperationVerb;
  readonly durationMs: number;
  readonly complete: () => void | Promise<void>;
  readonly fail: () => void;
}

/**
 * Starts an operation and notes where it is polled; also gives the record with that note.
 *
 * @param note writes the note into the store; undefined when the record is gone
 */
export function startNotedOperation<Target extends { readonly id: string }>(
  context: EmulatorContext,
  request: Incoming,
  family: 'onlineEndpoint' | 'onlineDeployment' | 'batchEndpoint' | 'batchDeployment',
  target: Target,
  note: (id: string, change: { readonly operationUri: string }) => Target | undefined,
  { verb, durationMs, complete, fail }: NotedOperation,
): StartedOperation & { readonly record: Target } {
  const workspace = workspaceOf(context, request);
  const started = context.operations.start({
    family,
    verb,
    target: target.id,
    subscriptionId: workspace.subscriptionId,
    region: workspace.region,
    workspaceId: workspace.workspaceId,
    apiVersion: apiVersionOf(request),
    durationMs,
    complete: async () => {
      await complete();
      return undefined;
    },
    fail,
  });
  const operationUri = started.headers['Azure-AsyncOperation'] ?? '';
  return { ...started, record: note(target.id, { operationUri }) ?? target };
}
