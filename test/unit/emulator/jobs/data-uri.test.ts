import assert from 'node:assert/strict';
import { longDatastoreUri, parseDataUri } from '../../../../local/emulator/jobs/data-uri.ts';

describe('addresses of a job’s data', () => {
  const workspace = '/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w';
  const store = (path: string) => ({ kind: 'datastore', datastore: 'blobs', path });

  it('name a path on a datastore, short or long, with or without provider', () => {
    assert.deepEqual(parseDataUri('azureml://datastores/blobs/paths/a/b.csv'), store('a/b.csv'));
    assert.deepEqual(
      parseDataUri('azureml://subscriptions/s/resourcegroups/r/workspaces/w/datastores/blobs/paths/a/'),
      store('a/'),
    );
    assert.deepEqual(parseDataUri(`azureml:/${workspace}/datastores/blobs/paths/a`), store('a'));
  });
  it('name the default output of a job, which the service writes without "paths"', () => {
    assert.deepEqual(parseDataUri('azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j'), {
      kind: 'datastore',
      datastore: 'workspaceartifactstore',
      path: 'ExperimentRun/dcid.j',
    });
  });
  it('name an asset by ARM id, by location or shortly', () => {
    const data = { kind: 'asset', type: 'data', name: 'iris', version: '2' };
    assert.deepEqual(parseDataUri(`${workspace}/data/iris/versions/2`), data);
    assert.deepEqual(parseDataUri(`azureml:${workspace}/data/iris/versions/2`), data);
    assert.deepEqual(parseDataUri('azureml:iris:2'), data);
    assert.deepEqual(parseDataUri('azureml://locations/westeurope/workspaces/guid/models/iris/versions/2'), {
      ...data,
      type: 'models',
    });
    assert.deepEqual(parseDataUri('azureml:iris:2', 'models'), { ...data, type: 'models' });
  });
  it('name an output of another job, or a file in it', () => {
    const output = { kind: 'jobOutput', job: 'train', output: 'model' };
    assert.deepEqual(parseDataUri('azureml://jobs/train/outputs/model'), { ...output, path: '' });
    assert.deepEqual(parseDataUri('azureml://jobs/train/outputs/model/paths/a/m.pkl'), { ...output, path: 'a/m.pkl' });
    assert.deepEqual(parseDataUri('runs:/train/model'), {
      kind: 'datastore',
      datastore: 'workspaceartifactstore',
      path: 'ExperimentRun/dcid.train/model',
    });
  });
  it('name a blob by URL, without its signature', () => {
    const blob = { kind: 'blob', account: 'st', container: 'c', path: 'a b/x.csv' };
    assert.deepEqual(parseDataUri('https://st.blob.core.windows.net/c/a%20b/x.csv?sig=1'), blob);
    assert.deepEqual(parseDataUri('wasbs://c@st.blob.core.windows.net/a%20b/x.csv'), blob);
  });
  it('are nothing when nobody knows their scheme', () => {
    assert.equal(parseDataUri('./data/x.csv'), undefined);
    assert.equal(parseDataUri('https://example.org/x.csv'), undefined);
  });
  it('are lengthened as the data service answers them', () => {
    assert.equal(
      longDatastoreUri(workspace, 'blobs', 'a/'),
      'azureml://subscriptions/s/resourcegroups/r/workspaces/w/datastores/blobs/paths/a/',
    );
  });
});
