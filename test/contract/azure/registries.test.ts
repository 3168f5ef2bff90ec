/** Registries and blobs as streams, by the product's own code against the emulator. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { startEmulator, type Emulator } from '../../../local/emulator/emulator.ts';
import { createRegistry } from '../../../local/emulator/registry/registry-record.ts';
import { INSTANT_TIMINGS } from '../../../local/emulator/timings.ts';
import { openRegistry, openSourceAndTarget } from '../../../tasks/common/azure/workspace.ts';
import { ServiceError, UserError } from '../../../tasks/common/errors.ts';
import type { BlobTarget, Registry } from '../../../tasks/common/ports.ts';
import { emulatedClock, emulatedConnection, emulatedNetwork, openEmulated } from './emulated-workspace.ts';
import { taskDouble } from './task-double.ts';

describe('registries, opened by their names', () => {
  let emulator: Emulator;
  let secrets: readonly string[];

  before(async () => {
    emulator = await startEmulator({ timings: INSTANT_TIMINGS, speed: 50 });
    const { subscriptionId, resourceGroup, region } = emulator.settings;
    createRegistry(emulator.context, { subscriptionId, resourceGroup, name: 'shared', body: { location: region } });
  });
  after(() => emulator.close());

  const taskAgent = () => {
    const task = taskDouble(emulatedNetwork(emulator));
    secrets = task.secrets;
    return { ...task.agent, clock: emulatedClock(emulator), connection: () => emulatedConnection(emulator) };
  };
  const open = (name = 'shared'): Promise<Registry> => openRegistry(taskAgent(), 'connection', name);

  it('make an asset, wait for it and read it back', async () => {
    const registry = await open();
    const body = { properties: { image: 'ubuntu', tags: { team: 'risk' } } };
    const made = await registry.put('environments/plain/versions/1', body);
    assert.equal(made.id, 'azureml://registries/shared/environments/plain/versions/1');
    assert.equal(await registry.get('environments/plain/versions/2'), undefined);
    const listed: unknown[] = [];
    for await (const { name } of registry.list('environments/plain/versions')) listed.push(name);
    assert.deepEqual(listed, ['1']);
  });

  it('name the registry that is not there, and the role that is missing', async () => {
    const missing = await open('nowhere');
    await assert.rejects(
      missing.get('models/m/versions/1'),
      (error) => error instanceof ServiceError && error.message.includes("no registry 'nowhere'"),
    );
    const registry = await open();
    emulator.addFaults([
      {
        match: { path: 'models/refused' },
        action: { kind: 'respond', status: 401, code: 'UserError', message: 'not allowed to access registry shared' },
      },
    ]);
    await assert.rejects(
      registry.put('models/refused/versions/1', { properties: { modelUri: 'https://x/y' } }),
      (error) => error instanceof ServiceError && (error.hint ?? '').includes('AzureML Registry User'),
    );
    emulator.clearFaults();
    await assert.rejects(open('a b'), UserError);
  });

  it('hand out places whose signature never shows', async () => {
    const registry = await open();
    const assetId = 'azureml://registries/shared/models/m/versions/1';
    const found = await registry.put('tempdatarefs/m/versions/1', { assetId });
    const { sasUri } = (found.blobReferenceForConsumption as { credential: { sasUri: string } }).credential;
    const target: BlobTarget = { kind: 'sas', containerUrl: sasUri, prefix: 'model' };
    await registry.storage.write(target, 'weights', bytes(Buffer.from('0.5')));
    assert.deepEqual(await registry.storage.fingerprints(target), [
      { name: 'weights', size: 3, sha256: createHash('sha256').update('0.5').digest('hex') },
    ]);
    const signature = new URL(sasUri).searchParams.get('sig') ?? '';
    assert.ok(secrets.includes(signature));
    assert.ok(emulator.requests({ plane: 'blob' }).length > 0);
  });

  it('are one of the two places of a promotion, and each place is named once', async () => {
    const inputs = {
      sourceAzureSubscription: 'a',
      sourceSubscriptionId: undefined,
      sourceResourceGroupName: 'rg-mlops',
      sourceWorkspaceName: 'mlw-mlops',
      sourceRegistryName: undefined,
      targetAzureSubscription: undefined,
      targetSubscriptionId: undefined,
      targetResourceGroupName: undefined,
      targetWorkspaceName: undefined,
      targetRegistryName: 'shared',
      allowStorageKey: false,
    };
    const { source, target, sameConnection } = await openSourceAndTarget(taskAgent(), inputs);
    assert.deepEqual([source.kind, target.kind, sameConnection], ['workspace', 'registry', true]);
    const others = await openSourceAndTarget(taskAgent(), { ...inputs, targetAzureSubscription: 'b' });
    assert.equal(others.sameConnection, false);
    await assert.rejects(
      openSourceAndTarget(taskAgent(), { ...inputs, sourceRegistryName: 'x', targetRegistryName: undefined }),
      (error) => error instanceof UserError && error.problems.length === 2,
    );
  });

  describe('blobs as streams', () => {
    const target = (prefix: string): BlobTarget => ({ kind: 'datastore', datastore: 'workspaceblobstore', prefix });
    const sha = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

    it('go through whole, whatever their size', async () => {
      const { workspace } = await openEmulated(emulator);
      const contents = {
        'a/big.bin': randomBytes(8_500_000),
        'a/größe.txt': Buffer.from('ü'),
        empty: Buffer.alloc(0),
      };
      for (const [name, content] of Object.entries(contents))
        await workspace.storage.write(target('in'), name, bytes(content));
      const found = await workspace.storage.fingerprints(target('in'));
      assert.deepEqual(
        found,
        Object.entries(contents).map(([name, content]) => ({ name, size: content.length, sha256: sha(content) })),
      );
      for (const { name } of found) {
        await workspace.storage.write(target('out'), name, workspace.storage.read(target('in'), name));
      }
      assert.deepEqual(await workspace.storage.fingerprints(target('out')), found);
    });

    it('are one blob where the place is a blob, and none where nothing is', async () => {
      const { workspace } = await openEmulated(emulator);
      await workspace.storage.write(target('single/m.pkl'), '', bytes(Buffer.from('weights')));
      const [only, ...others] = await workspace.storage.fingerprints(target('single/m.pkl'));
      assert.deepEqual([only?.name, only?.size, others.length], ['', 7, 0]);
      assert.deepEqual(await workspace.storage.fingerprints(target('nothing/here')), []);
    });

    it('are taken up where a connection broke off', async () => {
      const { workspace } = await openEmulated(emulator);
      const content = randomBytes(300_000);
      await workspace.storage.write(target('broken'), 'b.bin', bytes(content));
      emulator.addFaults([
        {
          match: { plane: 'blob', method: 'GET', path: 'b\\.bin$' },
          count: 2,
          action: { kind: 'truncate', bytes: 1000 },
        },
      ]);
      const [found] = await workspace.storage.fingerprints(target('broken'));
      emulator.clearFaults();
      assert.equal(found?.sha256, sha(content));
    });
  });
});

async function* bytes(content: Buffer): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < content.length; offset += 1 << 20) {
    yield await Promise.resolve(content.subarray(offset, offset + (1 << 20)));
  }
}
