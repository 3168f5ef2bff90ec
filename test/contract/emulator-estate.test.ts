/** What an emulator is told to start with is there, and a kept state has it only once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textAt } from '../../local/emulator/json.ts';
import { startJobWorkspace, type JobWorkspace } from './job-workspace.ts';

describe('the estate an emulator starts with', function () {
  this.timeout(30_000);
  let stateFolder: string;
  beforeEach(() => {
    stateFolder = mkdtempSync(join(tmpdir(), 'emulator-estate-'));
  });
  afterEach(() => {
    rmSync(stateFolder, { recursive: true, force: true });
  });

  const open = (): Promise<JobWorkspace> =>
    startJobWorkspace({
      workspace: 'mlw-dev',
      furtherWorkspaces: ['mlw-prod'],
      registries: ['mlr-models'],
      stateFolder,
    });

  async function namesAt(workspace: JobWorkspace, path: string): Promise<unknown> {
    const { body } = await workspace.arm('GET', workspace.id.replace(/workspaces\/[^/]+$/, path));
    return Array.isArray(body.value) ? body.value.map((each: { name?: unknown }) => each.name) : body.name;
  }

  /** Images come from a private container registry, and are built on the workspace's own compute. */
  async function assertPrivateImages(workspace: JobWorkspace): Promise<void> {
    const { body } = await workspace.arm('GET', workspace.id);
    assert.equal(textAt(body, 'properties', 'imageBuildCompute'), 'cpu-cluster');
    const registry = textAt(body, 'properties', 'containerRegistry') ?? '';
    const found = await workspace.arm('GET', registry, undefined, '2023-07-01');
    assert.equal(textAt(found.body, 'properties', 'publicNetworkAccess'), 'Disabled');
    assert.equal((await workspace.arm('GET', `${registry}x`)).status, 404);
  }

  it('holds each workspace with its compute, and each registry, again after a restart', async () => {
    for (let start = 0; start < 2; start++) {
      const workspace = await open();
      try {
        assert.deepEqual(await namesAt(workspace, 'workspaces'), ['mlw-dev', 'mlw-prod']);
        assert.equal(await namesAt(workspace, 'workspaces/mlw-prod/computes/cpu-cluster'), 'cpu-cluster');
        assert.deepEqual(await namesAt(workspace, 'registries'), ['mlr-models']);
        await assertPrivateImages(workspace);
      } finally {
        await workspace.close();
      }
    }
  });
});
