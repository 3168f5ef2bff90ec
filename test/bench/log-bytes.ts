/** How many bytes are read of a log of 100 MB that grows while it is followed, against its size. */
import { COLLECTIONS } from '../../local/emulator/arm/resource.ts';
import type { WorkspaceRecord } from '../../local/emulator/arm/workspace-scope.ts';
import { ARTIFACT_CONTAINER, openRunLog } from '../../local/emulator/jobs/run-log.ts';
import { artifactFolder } from '../../local/emulator/jobs/data-uri.ts';
import { startEmulator } from '../../local/emulator/emulator.ts';
import { LogFollower } from '../../tasks/common/operations/follow-logs.ts';
import type { Storage } from '../../tasks/common/ports.ts';
import { openEmulated } from '../contract/azure/emulated-workspace.ts';
import { FakeAgent } from '../unit/fakes/fake-agent.ts';
import { times, type Benchmark } from './measurement.ts';

const LOG = 'user_logs/std_log.txt';
const POLLS = 200;
const BYTES_A_POLL = 500_000;
const BUDGET = 1.05;

export const measureLogBytes: Benchmark = async () => {
  const emulator = await startEmulator();
  try {
    const { workspace } = await openEmulated(emulator);
    const { settings, context } = emulator;
    const [place] = context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).list();
    if (place === undefined) throw new Error('The emulator has no workspace.');
    const log = openRunLog(context, place.value, 'bench', LOG);
    await log.flushed();
    const url = context.blobs.sasUrl({
      account: settings.storageAccount,
      container: ARTIFACT_CONTAINER,
      name: `${artifactFolder('bench')}/${LOG}`,
      permissions: 'r',
      lifetimeMs: 24 * 3_600_000,
    });
    const read = { bytes: 0 };
    const agent = new FakeAgent();
    agent.log.info = () => undefined;
    const follower = new LogFollower(
      { agent, workspace: { ...workspace, storage: counted(workspace.storage, read) } },
      true,
    );
    const run = { id: 'bench', logFiles: { [LOG]: url } };
    const chunk = `${'x'.repeat(99)}\n`.repeat(BYTES_A_POLL / 100);
    for (let poll = 0; poll < POLLS; poll += 1) {
      log.write(chunk);
      await log.flushed();
      await follower.follow(run, '', poll === POLLS - 1);
    }
    const size = POLLS * BYTES_A_POLL;
    const again = (POLLS + 1) / 2;
    return [
      {
        what: `bytes read of a log of ${size / 1e6} MB over ${POLLS} polls, against its size`,
        value: read.bytes / size,
        budget: BUDGET,
        bound: 'most',
        format: times,
        beside: `the whole log at each poll would be ${again} ×`,
      },
    ];
  } finally {
    await emulator.close();
  }
};

function counted(storage: Storage, read: { bytes: number }): Storage {
  return {
    ...storage,
    readRange: async (url, fromByte, options) => {
      const bytes = await storage.readRange(url, fromByte, options);
      read.bytes += bytes.length;
      return bytes;
    },
  };
}
