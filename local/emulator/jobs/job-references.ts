/** Checks what a job refers to before it is taken: its compute, environment and code. */
import { COLLECTIONS } from '../arm/resource.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import { mfeError } from '../errors.ts';
import { textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { State } from '../state.ts';
import { lastSegment } from './pipeline-plan.ts';

/** Computes a job may name that no workspace lists. */
const BUILT_IN_COMPUTES = new Set(['serverless', 'local', '']);

/**
 * Throws the refusal for a compute, environment or code asset of this workspace that does not exist. Environments of a
 * registry and curated ones (`AzureML-…`) are taken as they are; data is looked for only when the job runs, as on the
 * service. The texts of these refusals were not recorded.
 */
export function checkJobReferences(state: State, workspace: WorkspaceRecord, body: JsonObject): void {
  for (const id of [textAt(body, 'computeId'), textAt(body, 'settings', 'default_compute')]) {
    if (id !== undefined) checkCompute(state, workspace, id);
  }
  const environment = textAt(body, 'environmentId') ?? textAt(body, 'trial', 'environmentId');
  if (environment !== undefined) checkVersion(state, workspace, 'environments', environment);
  const code = textAt(body, 'codeId') ?? textAt(body, 'trial', 'codeId');
  if (code !== undefined) checkVersion(state, workspace, 'codes', code);
}

function checkCompute(state: State, workspace: WorkspaceRecord, id: string): void {
  const name = lastSegment(id);
  if (BUILT_IN_COMPUTES.has(name.toLowerCase()) || /\/virtualclusters\//i.test(id)) return;
  if (state.collection(COLLECTIONS.computes).get(`${workspace.id}/computes/${name}`) !== undefined) return;
  throw mfeError(404, 'UserError', `Compute ${name} not found.`, { innerCodes: ['NotFound', 'ComputeNotFound'] });
}

function checkVersion(state: State, workspace: WorkspaceRecord, kind: 'environments' | 'codes', id: string): void {
  const plain = id.replace(/^azureml:(?!\/\/)/, '');
  const [, name, sort, version] = new RegExp(`/${kind}/([^/]+)/(versions|labels)/([^/]+)$`, 'i').exec(plain) ?? [];
  if (name === undefined || version === undefined || !plain.startsWith('/') || name.startsWith('AzureML-')) return;
  const versions = state.collection<ResourceRecord>(COLLECTIONS[kind]);
  const base = `${workspace.id}/${kind}/${name}/versions/`;
  const exists = sort === 'labels' ? versions.list(base).length > 0 : versions.get(`${base}${version}`) !== undefined;
  if (exists) return;
  const what = kind === 'codes' ? 'Code asset' : 'Environment';
  throw mfeError(404, 'UserError', `${what} ${name}:${version} not found.`, { innerCodes: ['NotFound'] });
}
