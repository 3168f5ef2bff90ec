/** A run's log as an append blob, written while the run goes on. */
import type { EmulatorContext } from '../context.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import { artifactFolder } from './data-uri.ts';

export interface RunLog {
  /** Queues what is to be added; returns at once. */
  write(chunk: Buffer | string): void;
  /** Resolves when all that was written is in the blob. */
  flushed(): Promise<void>;
}

/** Container of the workspace's account that holds what runs leave behind. */
export const ARTIFACT_CONTAINER = 'azureml';

/**
 * Opens `path` (`user_logs/std_log.txt`) in the run's folder of the artifact store. The blob is there from the start.
 * What comes while an append is under way goes into the next one.
 */
export function openRunLog(
  { blobs }: Pick<EmulatorContext, 'blobs'>,
  workspace: WorkspaceRecord,
  runId: string,
  path: string,
): RunLog {
  const name = `${artifactFolder(runId)}/${path}`;
  const blob = { account: workspace.storageAccount, container: ARTIFACT_CONTAINER, name };
  let waiting: Buffer[] = [];
  let failure: unknown;
  let working: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const all = Buffer.concat(waiting);
      waiting = [];
      await blobs.append(blob, all);
    }
  };
  const start = (first: Promise<void>): void => {
    working = first.then(drain).then(
      () => {
        working = undefined;
      },
      (error: unknown) => {
        failure = error;
      },
    );
  };
  start(blobs.append(blob, ''));

  return {
    write: (chunk) => {
      waiting.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
      if (working === undefined) start(Promise.resolve());
    },
    flushed: async () => {
      while (working !== undefined && failure === undefined) await working;
      if (failure !== undefined) throw failure instanceof Error ? failure : new Error('The log could not be written.');
    },
  };
}
