/** How the service rewrites the places of data and models: short URIs become long, blob URLs become datastore paths. */
import { artifactFolder, ARTIFACT_STORE, parseDataUri } from '../jobs/data-uri.ts';
import { defaultContainer, type WorkspaceRecord } from './workspace-scope.ts';

/** Finds where a job's named output lies, as a short datastore URI; undefined when there is no such output. */
export type FindJobOutput = (workspace: WorkspaceRecord, job: string, output: string) => string | undefined;

export interface ResolvedPlace {
  /** Datastore and path on it; undefined for places outside the workspace's datastores. */
  readonly datastore?: string;
  readonly path?: string;
  /** The job it came from, if it did. */
  readonly job?: string;
}

/** What a URI means in this workspace. */
export function resolvePlace(workspace: WorkspaceRecord, uri: string, findJobOutput: FindJobOutput): ResolvedPlace {
  const location = parseDataUri(uri);
  switch (location?.kind) {
    case 'datastore': {
      const job = /^ExperimentRun\/dcid\.([^/]+)/.exec(location.path)?.[1];
      const { datastore, path } = location;
      return { datastore, path, ...(datastore === ARTIFACT_STORE && job !== undefined && { job }) };
    }
    case 'jobOutput': {
      const { job, output, path } = location;
      // `artifacts` is the run's own folder, whether or not the job names its default output.
      if (output === 'artifacts' || output === 'default') {
        return { datastore: ARTIFACT_STORE, path: joined(artifactFolder(job), path), job };
      }
      const found = parseDataUri(findJobOutput(workspace, job, output) ?? '');
      if (found?.kind !== 'datastore') return { job };
      return { datastore: found.datastore, path: joined(found.path, path), job };
    }
    case 'blob': {
      const container = defaultContainer(workspace, 'workspaceblobstore');
      const own = location.account === workspace.storageAccount && location.container === container;
      return own ? { datastore: 'workspaceblobstore', path: location.path } : {};
    }
    case 'asset':
    case 'registryAsset':
    case undefined:
      return {};
  }
}

/** `azureml://subscriptions/…/datastores/{datastore}/paths/{path}`; the service spells resource groups in both ways. */
export function longUri(
  workspace: WorkspaceRecord,
  datastore: string,
  path: string,
  groups: 'resourcegroups' | 'resourceGroups',
): string {
  const { subscriptionId, resourceGroup, name } = workspace;
  return `azureml://subscriptions/${subscriptionId}/${groups}/${resourceGroup}/workspaces/${name}/datastores/${datastore}/paths/${path}`;
}

function joined(folder: string, path: string): string {
  return path === '' ? folder : `${folder.replace(/\/+$/, '')}/${path}`;
}
