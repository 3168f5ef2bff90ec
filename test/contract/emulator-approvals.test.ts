/** Decisions told to the control plane are what the pipeline service then answers. */
import assert from 'node:assert/strict';
import { startJobWorkspace, type JobWorkspace } from './job-workspace.ts';

const DECISION = {
  buildId: '7',
  stage: 'deployProd',
  status: 'approved',
  approver: 'Ada',
  account: 'ada@contoso.com',
  decidedAt: '2026-01-02T03:04:05.000Z',
};

describe('approvals of environments', function () {
  this.timeout(30_000);
  let workspace: JobWorkspace;
  before(async () => {
    workspace = await startJobWorkspace();
  });
  after(() => workspace.close());

  const tell = (decision: unknown): Promise<Response> =>
    fetch(`${workspace.emulator.url}/_emulator/approvals`, { method: 'POST', body: JSON.stringify(decision) });

  async function timeline(buildId: string): Promise<unknown> {
    const { settings } = workspace.emulator;
    const { organization, project } = settings.connection;
    const url = `https://dev.azure.com/${organization}/${project}/_apis/build/builds/${buildId}/timeline`;
    const { body } = await workspace.open(url, { authorization: `Bearer ${settings.systemAccessToken}` });
    return Array.isArray(body.records) ? body.records.map(({ type }: { type?: unknown }) => type) : body;
  }

  it('appear in the timeline of their run alone', async () => {
    assert.equal((await tell(DECISION)).status, 204);
    assert.deepEqual(await timeline('7'), ['Stage', 'Checkpoint', 'Checkpoint.Approval']);
    assert.deepEqual(await timeline('8'), []);
  });

  it('are refused in one sentence where something is missing', async () => {
    const answer = await tell({ ...DECISION, approver: '' });
    assert.equal(answer.status, 400);
    assert.deepEqual(await answer.json(), { error: "An approval needs 'approver' as text." });
    const odd = await tell({ ...DECISION, status: 'maybe' });
    assert.deepEqual(await odd.json(), { error: "An approval's status is one of approved, rejected, pending." });
  });
});
