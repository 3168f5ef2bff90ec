/** Every kind of file that is applied, by the product's own code, against the emulator: once, and once more. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';
import { nodeFiles } from '../../tasks/common/agent/files.ts';
import { applyFiles } from '../../tasks/common/operations/apply-files.ts';
import type { Context } from '../../tasks/common/operations/task-context.ts';
import { silentAgent } from '../conformance/run-case.ts';
import { emulatedClock, openEmulated } from './azure/emulated-workspace.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/aml-yaml', import.meta.url));

interface Applied {
  readonly file: string;
  readonly kind: string;
  /** A secret is never shown, so that it is written again; an asset without a version gets its next one. */
  readonly again?: 'change' | 'create';
  readonly overrides?: readonly string[];
}

/**
 * In an order in which each finds what it refers to. Deployments have tests of their own; of computes the emulator makes clusters
 * and instances.
 */
const FILES: readonly Applied[] = [
  { file: 'environment-image.yml', kind: 'environment' },
  { file: 'environment-conda-file.yml', kind: 'environment', again: 'create' },
  { file: 'data-file.yml', kind: 'data' },
  { file: 'model-custom.yml', kind: 'model', again: 'create' },
  { file: 'components/train.yml', kind: 'component' },
  { file: 'components/train-and-check.yml', kind: 'component' },
  { file: 'compute-cluster.yml', kind: 'compute' },
  { file: 'compute-instance.yml', kind: 'compute' },
  { file: 'datastore-blob.yml', kind: 'datastore' },
  { file: 'connection.yml', kind: 'connection', again: 'change' },
  { file: 'schedule-job.yml', kind: 'schedule' },
  { file: 'schedule-import.yml', kind: 'schedule' },
  // Traffic and defaults name deployments, which come after their endpoint.
  { file: 'online-endpoint.yml', kind: 'onlineEndpoint', overrides: ['traffic={}'] },
  { file: 'batch-endpoint.yml', kind: 'batchEndpoint', overrides: ['defaults={}'] },
];

interface Change {
  readonly kind: string;
  readonly change: string;
  readonly fields?: unknown;
}

describe('applying files of every kind', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  let context: Context;

  before(async () => {
    emulator = await startEmulator({ speed: 1000 });
    const { workspace } = await openEmulated(emulator);
    const agent = silentAgent();
    const run = { ...agent.run, sourcesDirectory: FIXTURES };
    context = { agent: { ...agent, run, files: nodeFiles, clock: emulatedClock(emulator) }, workspace };
  });
  after(() => emulator.close());

  for (const { file, kind, again = 'unchanged', overrides = [] } of FILES) {
    it(`makes ${file}, and then says ${again}`, async () => {
      const apply = async () => {
        const request = { files: [join(FIXTURES, file)], overrides, allowPathsOutsideSources: false };
        const [change] = JSON.parse((await applyFiles(context, request, 'apply')).changes) as readonly Change[];
        return change;
      };
      const first = await apply();
      assert.deepEqual([first?.kind, first?.change], [kind, 'create']);
      const second = await apply();
      assert.equal(second?.change, again, JSON.stringify(second?.fields));
    });
  }

  it('disables and deletes a schedule, whose end is a 404', async () => {
    const { workspace } = context;
    const names = async (query = {}): Promise<readonly unknown[]> => {
      const found: unknown[] = [];
      for await (const { name } of workspace.list('schedules', { query })) found.push(name);
      return found;
    };
    const { properties } = (await workspace.get('schedules/nightly')) ?? {};
    await workspace.put('schedules/nightly', { properties: { ...(properties as object), isEnabled: false } });
    assert.deepEqual(await names(), ['hourly']);
    assert.deepEqual(await names({ listViewType: 'DisabledOnly' }), ['nightly']);
    assert.equal(await workspace.delete('schedules/nightly'), true);
    assert.equal(await workspace.get('schedules/nightly'), undefined);
  });

  it('keeps what a connection signs in with to itself', async () => {
    const { workspace } = context;
    await workspace.put('connections/pat', {
      properties: { authType: 'PAT', category: 'Git', target: 'https://git', credentials: { pat: 'very-secret' } },
    });
    assert.doesNotMatch(JSON.stringify(await workspace.get('connections/pat')), /very-secret/);
    assert.equal(await workspace.delete('connections/pat'), true);
    assert.equal(await workspace.get('connections/pat'), undefined);
  });
});
