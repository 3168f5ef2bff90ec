/** The files of a run in the artifact store, and links to them that need no token. */
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { ARTIFACT_CONTAINER } from '../jobs/run-log.ts';
import type { RunRecord } from '../jobs/records.ts';

export interface ArtifactFile {
  /** Below the folder that was asked for. */
  readonly path: string;
  readonly size: number;
  /** URL with a signature that lets its holder read for eight hours. */
  readonly contentUri: string;
}

type Parts = Pick<EmulatorContext, 'blobs'>;

const LINK_LIFETIME = 8 * 3600 * 1000;
const LOG_FOLDERS = ['user_logs/', 'system_logs/', 'logs/azureml/', 'azureml-logs/'];

/** `origin/container`, the folder of a run being `ExperimentRun/dcid.{run}`. */
export const artifactRoot = (origin: string, container: string): string => `${origin}/${container}`;

/** All files below `root` whose path starts with `prefix`. */
export async function listArtifacts(
  { blobs }: Parts,
  workspace: WorkspaceRecord,
  root: string,
  prefix: string,
): Promise<readonly ArtifactFile[]> {
  const found = await blobs.list(workspace.storageAccount, ARTIFACT_CONTAINER, `${root}/${prefix}`);
  return found.map(({ name, size }) => ({
    path: name.slice(root.length + 1),
    size,
    contentUri: artifactUrl({ blobs }, workspace, name, 'r'),
  }));
}

/** The logs of a run by path, as `details.logFiles` has them. */
export async function logFiles(
  parts: Parts,
  workspace: WorkspaceRecord,
  run: RunRecord,
): Promise<Readonly<Record<string, string>>> {
  const all = await listArtifacts(parts, workspace, artifactRoot('ExperimentRun', `dcid.${run.containerOf}`), '');
  const logs = all.filter(({ path }) => LOG_FOLDERS.some((folder) => path.startsWith(folder)));
  return Object.fromEntries(logs.map(({ path, contentUri }) => [path, contentUri]));
}

/** A URL of one file of the artifact store with a signature for `permissions` (`r`, `rcw`). */
export function artifactUrl({ blobs }: Parts, workspace: WorkspaceRecord, name: string, permissions: string): string {
  return blobs.sasUrl({
    account: workspace.storageAccount,
    container: ARTIFACT_CONTAINER,
    name,
    permissions,
    lifetimeMs: LINK_LIFETIME,
  });
}
