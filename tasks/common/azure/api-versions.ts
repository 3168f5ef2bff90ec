/**
 * The api-version of each kind of resource, as the current `az ml` sends it: the service's answers, and so the fields a
 * body may carry, depend on it. A child without an entry of its own is spoken to in its parent's version.
 */
import type { JsonObject } from '../domain/json.ts';
import { textAt } from '../domain/json.ts';

const workspaceVersion = '2024-10-01-preview';

const byCollection: Readonly<Record<string, string>> = {
  '': workspaceVersion,
  codes: '2023-04-01',
  components: '2024-01-01-preview',
  environments: '2023-04-01-preview',
  data: '2023-04-01-preview',
  models: '2023-08-01-preview',
  datastores: '2024-07-01-preview',
  computes: '2023-08-01-preview',
  onlineendpoints: '2022-02-01-preview',
  'onlineendpoints/deployments': '2023-04-01-preview',
  batchendpoints: '2023-10-01',
  'batchendpoints/deployments': '2024-01-01-preview',
  schedules: '2023-06-01-preview',
  connections: '2024-04-01-preview',
  jobs: '2024-01-01-preview',
  registries: '2022-10-01-preview',
};

/** Writing a job depends on its type: newer keys of command jobs, an older contract for Spark. */
const byJobType: Readonly<Record<string, string>> = {
  command: '2025-01-01-preview',
  spark: '2023-04-01-preview',
};

const cancelVersion = '2023-04-01-preview';
const pipelineComponentDeploymentVersion = '2023-02-01-preview';

/** The api-version for a path in the workspace (`jobs/x`, `onlineEndpoints/e/deployments/d`, `` for itself). */
export function apiVersion(method: string, path: string, body?: JsonObject): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  const collection = (segments[0] ?? '').toLowerCase();
  const child = `${collection}/${(segments[2] ?? '').toLowerCase()}`;
  if (collection === 'jobs') return jobVersion(method, segments, body);
  if (child === 'batchendpoints/deployments' && isPipelineComponentDeployment(body)) {
    return pipelineComponentDeploymentVersion;
  }
  return byCollection[child] ?? byCollection[collection] ?? workspaceVersion;
}

function jobVersion(method: string, segments: readonly string[], body: JsonObject | undefined): string {
  if (segments[2]?.toLowerCase() === 'cancel') return cancelVersion;
  const type = method === 'PUT' ? textAt(body, 'properties', 'jobType') : undefined;
  return byJobType[type?.toLowerCase() ?? ''] ?? byCollection.jobs ?? workspaceVersion;
}

function isPipelineComponentDeployment(body: JsonObject | undefined): boolean {
  return (
    textAt(body, 'properties', 'deploymentConfiguration', 'deploymentConfigurationType')?.toLowerCase() ===
    'pipelinecomponent'
  );
}
