/** Evidence of approvals, read by the pipeline service's own client through the agent's proxy and authorities. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../../../local/emulator/emulator.ts';
import { APPROVALS, type ApprovalRecord } from '../../../local/emulator/identity/pipeline-approvals.ts';
import { readApprovals, type ApprovalAgent } from '../../../tasks/common/agent/approvals.ts';
import { RUN } from '../../unit/fakes/fake-agent.ts';
import { emulatedNetwork } from '../azure/emulated-workspace.ts';

describe('approvals of a run', () => {
  let emulator: Emulator;
  let folder: string;

  before(async () => {
    emulator = await startEmulator();
    folder = mkdtempSync(join(tmpdir(), 'approvals-'));
    seed('a', { stage: 'prod', approver: 'Grace Hopper', account: 'grace@contoso.com', status: 'approved' });
    seed('b', { stage: 'prod', approver: 'Ada', account: 'Ada', status: 'rejected' });
    seed('c', { stage: 'dev', approver: 'Somebody', account: 's', status: 'approved' });
    seed('d', { stage: 'waiting', approver: 'Nobody', account: 'n', status: 'pending' });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await emulator.close();
  });

  function seed(key: string, record: Pick<ApprovalRecord, 'stage' | 'approver' | 'account' | 'status'>): void {
    const approvals = emulator.context.state.collection<ApprovalRecord>(APPROVALS);
    approvals.put(key, { buildId: '4711', decidedAt: '2026-01-01T08:00:00Z', ...record });
  }

  const agent = (stageName: string, change: Partial<ApprovalAgent> = {}): ApprovalAgent => ({
    run: { ...RUN, projectId: '', stageName },
    network: emulatedNetwork(emulator),
    pipelineService: {
      accessToken: () => emulator.settings.systemAccessToken,
      environmentName: 'production',
    },
    writeTemporaryFile: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return Promise.resolve(path);
    },
    ...change,
  });

  it('are those of the own stage: who, when and what', async () => {
    assert.deepEqual(await readApprovals(agent('prod')), {
      state: 'read',
      stage: 'prod',
      environment: 'production',
      approvals: [
        { status: 'approved', approver: 'Grace Hopper <grace@contoso.com>', decidedAt: '2026-01-01T08:00:00Z' },
        { status: 'rejected', approver: 'Ada', decidedAt: '2026-01-01T08:00:00Z' },
      ],
    });
  });

  it('are none where nobody was asked, and undecided where nobody has answered', async () => {
    const none = await readApprovals(agent('test'));
    assert.deepEqual(none.state === 'read' && none.approvals, []);
    const waiting = await readApprovals(agent('waiting'));
    assert.deepEqual(waiting.state === 'read' && waiting.approvals.map(({ status, approver }) => [status, approver]), [
      ['pending', ''],
    ]);
  });

  it('are unavailable, with the reason, where they cannot be read', async () => {
    const reasonFor = async (change: Partial<ApprovalAgent>): Promise<string> => {
      const found = await readApprovals(agent('prod', change));
      assert.equal(found.state, 'unavailable');
      return found.reason;
    };
    const service = (token: string | undefined) => ({ accessToken: () => token, environmentName: undefined });
    assert.match(await reasonFor({ pipelineService: service('wrong') }), /401/);
    assert.match(await reasonFor({ pipelineService: service(undefined) }), /no token/);
    assert.match(await reasonFor({ run: { ...RUN, buildId: '' } }), /no run of a YAML pipeline/);
    assert.match(await reasonFor({ run: { ...RUN, collectionUri: 'http://server/' } }), /not an https address/);
    emulator.addFaults([
      { match: { path: 'timeline$' }, action: { kind: 'respond', status: 400, message: 'not today' } },
    ]);
    assert.match(await reasonFor({}), /400/);
    emulator.clearFaults();
  });

  it('are asked for with the token in a header, never in an address', () => {
    const asked = emulator.requests({ plane: 'pipelines' });
    assert.ok(asked.length > 0);
    for (const { path, query } of asked)
      assert.ok(!`${path}${JSON.stringify(query)}`.includes(emulator.settings.systemAccessToken));
  });
});
