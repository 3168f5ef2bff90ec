import assert from 'node:assert/strict';
import { bundleProblems, packagesOf } from '../../../scripts/bundle/inspect-bundle.ts';
import { manifestOf, taskJsonOf, uuidV5 } from '../../../scripts/package/ring.ts';
import { listZip } from '../../../scripts/package/zip-listing.ts';
import type { Task } from '../../../scripts/task-contract.ts';

const manifest = { id: 'mlops', publisher: 'me', version: '0.0.0', name: 'MLOps', public: true };
const task: Task = {
  name: 'AmlTest',
  folder: '',
  json: {
    id: '00000000-0000-4000-8000-000000000001',
    name: 'AmlTest',
    friendlyName: 'Test',
    description: '',
    instanceNameFormat: '',
    version: { Major: 2, Minor: 0, Patch: 0 },
    inputs: [],
  },
};

describe('rings', () => {
  it('leave ids and listing of a release as they are, and stamp its version', () => {
    const stamp = { version: '1.4.2', ring: 'release' } as const;
    assert.deepEqual(manifestOf(manifest, stamp), { ...manifest, version: '1.4.2' });
    assert.deepEqual(taskJsonOf(task, manifest, stamp), { ...task.json, version: { Major: 2, Minor: 4, Patch: 2 } });
  });

  it('give others ids of their own, the same each time', () => {
    const stamp = { version: '1.4.2', ring: 'dev' } as const;
    const dev = manifestOf(manifest, stamp);
    assert.deepEqual(dev, { ...manifest, version: '1.4.2', id: 'mlops-dev', name: 'MLOps (dev)', public: false });
    const ids = [dev, dev, manifestOf(manifest, { ...stamp, ring: 'test' })].map(
      (ring) => (taskJsonOf(task, ring, stamp) as { readonly id: string }).id,
    );
    assert.equal(ids[0], ids[1]);
    assert.equal(new Set([...ids, task.json.id]).size, 3);
  });

  it('make ids as RFC 9562 does', () => {
    // The value Python's uuid.uuid5(uuid.NAMESPACE_URL, …) gives.
    assert.equal(uuidV5('https://example.com/'), 'dd2c1780-811a-5296-81c5-178a0ef488bc');
  });
});

describe('a bundle', () => {
  const output = (...inputs: string[]) =>
    ({
      bytes: 0,
      imports: [],
      exports: [],
      inputs: Object.fromEntries(inputs.map((input) => [input, { bytesInOutput: 1 }])),
    }) satisfies Parameters<typeof packagesOf>[0];

  it('is made of packages, each from one place', () => {
    const good = output(
      'tasks/A/index.ts',
      'node_modules/yaml/a.js',
      'node_modules/yaml/b.js',
      'node_modules/@azure/x/c.js',
    );
    assert.deepEqual(
      packagesOf(good).map(({ name }) => name),
      ['@azure/x', 'yaml'],
    );
    assert.deepEqual(bundleProblems('a.cjs', good), []);
    const twice = output('node_modules/ms/a.js', 'node_modules/debug/node_modules/ms/a.js');
    assert.deepEqual(bundleProblems('a.cjs', twice), [
      'a.cjs holds ms twice: node_modules/debug/node_modules/ms and node_modules/ms',
    ]);
  });

  it('does not hold azure-devops-node-api as a whole', () => {
    const whole = output('node_modules/azure-devops-node-api/WebApi.js');
    assert.match(bundleProblems('a.cjs', whole)[0] ?? '', /by its root/);
    assert.deepEqual(bundleProblems('a.cjs', output('node_modules/azure-devops-node-api/TaskAgentApi.js')), []);
  });
});

describe('listing a zip', () => {
  it('names its files with their sizes', () => {
    // Made by Python's zipfile: folder/, folder/a.txt (5 bytes, stored).
    const zip = Buffer.from(
      'UEsDBBQAAAAAAAAAIVAAAAAAAAAAAAAAAAAHAAAAZm9sZGVyL1BLAwQUAAAAAAAAACFQhqYQNgUAAAAFAAAADAAAAGZvbGRlci9hLnR4dGhlbGxvUEsBAhQDFAAAAAAAAAAhUAAAAAAAAAAAAAAAAAcAAAAAAAAAAAAAAIABAAAAAGZvbGRlci9QSwECFAMUAAAAAAAAACFQhqYQNgUAAAAFAAAADAAAAAAAAAAAAAAAgAElAAAAZm9sZGVyL2EudHh0UEsFBgAAAAACAAIAbwAAAFQAAAAAAA==',
      'base64',
    );
    assert.deepEqual(listZip(zip), [{ name: 'folder/a.txt', size: 5, compressedSize: 5 }]);
  });

  it('refuses anything else', () => {
    assert.throws(() => listZip(Buffer.from('no zip')), /not a zip/);
  });
});
