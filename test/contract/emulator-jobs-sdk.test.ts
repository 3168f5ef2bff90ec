import assert from 'node:assert/strict';
import { runClient } from './emulator.ts';
import { startJobWorkspace } from './job-workspace.ts';

describe('jobs of the emulator, by the official client', function () {
  this.timeout(60_000);

  it('are made, followed, cancelled, listed and deleted', async () => {
    const workspace = await startJobWorkspace();
    try {
      assert.deepEqual(await runClient(workspace.emulator, './emulator-clients/azure-sdk-jobs.ts'), {
        first: 'Starting',
        jobType: 'Command',
        outputs: ['out', 'default'],
        completed: 'Completed',
        cancelled: 'Canceled',
        listed: ['to-cancel', 'by-sdk'],
        afterDelete: 'UserError',
      });
    } finally {
      await workspace.close();
    }
  });
});
