import assert from 'node:assert/strict';
import { uploadData } from '../../../tasks/common/operations/upload-source.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';

describe('uploading data', () => {
  it('marks uploads of different content with different names, of equal content with the same', async () => {
    const agent = new FakeAgent({ 'a.csv': '1\n' });
    const upload = async (objectHash: string): Promise<string | undefined> => {
      const workspace = new FakeWorkspace();
      const path = `${agent.run.sourcesDirectory}/a.csv`;
      const files = [{ path, name: 'a.csv', size: 2 }];
      const source = { path, kind: 'file', basename: 'a.csv', files, contentHash: '', objectHash } as const;
      await uploadData(
        { agent, workspace },
        {
          do: 'uploadData',
          key: 'k',
          source,
          datastore: 'workspaceblobstore',
          uriForm: 'short',
          trailingSlash: false,
        },
      );
      return workspace.uploads[0]?.metadata.name;
    };
    const [one, other] = ['1'.repeat(64), '2'.repeat(64)];
    assert.equal(await upload(one), '11111111-1111-1111-1111-111111111111');
    assert.notEqual(await upload(one), await upload(other));
  });
});
