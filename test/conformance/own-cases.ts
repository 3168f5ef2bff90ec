import { join, resolve } from 'node:path';
import { planFile } from '../../tasks/common/aml-yaml/plan-file.ts';
import type { Json } from '../../tasks/common/domain/json.ts';
import { workspaceArmId } from '../../tasks/common/domain/workspace-id.ts';
import { applyPlan } from '../../tasks/common/operations/apply-plan.ts';
import { diskFiles } from './disk-files.ts';
import { RecordedWorkspace } from './recorded-workspace.ts';
import { silentAgent, WORKSPACE } from './run-case.ts';

export const FIXTURES = resolve(import.meta.dirname, '../fixtures/aml-yaml');

/** What is in the workspace before a fixture is applied. */
const EXISTING = ['computes/cpu-cluster', 'computes/gpu-cluster', 'onlineEndpoints/shapes', 'batchEndpoints/nightly'];

export interface Write {
  /** Relative to the workspace. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly userToken?: true;
  readonly body: Json;
}

/** Plans a fixture, carries the plan out, and yields what was written to the workspace. */
export async function writesOf(fixture: string): Promise<readonly Write[]> {
  const plan = await planFile({
    file: fixture,
    absolutePath: join(FIXTURES, fixture),
    files: diskFiles,
    workspace: WORKSPACE,
    sourcesDirectory: FIXTURES,
    job: { name: 'generated-name', experimentName: 'the-pipeline' },
  });
  const root = workspaceArmId(WORKSPACE);
  const existing = EXISTING.map((path) => ({ method: 'GET', path: `${root}/${path}`, status: 200, response: {} }));
  const workspace = new RecordedWorkspace(WORKSPACE, existing);
  await applyPlan({ agent: silentAgent(), workspace }, plan);
  return workspace.captured
    .filter(({ method }) => method === 'PUT')
    .map(({ path, query, headers, body }) => ({
      path: path.slice(root.length + 1),
      ...(Object.keys(query).length === 0 ? {} : { query }),
      ...(headers['x-azureml-token'] === undefined ? {} : { userToken: true as const }),
      body: JSON.parse((body ?? 'null').replaceAll(root, '{workspace}')) as Json,
    }));
}
