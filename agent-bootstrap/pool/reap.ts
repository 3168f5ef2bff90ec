/** Removes agents whose machines are gone. */
import { agentsText, listAgents } from './agents.ts';
import { getPool } from './organization.ts';
import { change, type Run } from './run.ts';

export interface ReapWish {
  readonly pool: string;
  /** Required: a pool may hold machines of others. */
  readonly prefix: string;
  readonly offlineHours: number;
}

/** Removes agents of that prefix that have been offline for so long, never one with a job. */
export async function reap(run: Run, wish: ReapWish): Promise<void> {
  const pool = await getPool(run.organization, wish.pool);
  const agents = await listAgents(run, pool, wish.prefix);
  const before = run.clock.now() - wish.offlineHours * 3_600_000;
  // Without a time nobody knows how long it has been offline: it stays.
  const ghosts = agents.filter(
    ({ isOnline, isBusy, statusSince }) => !isOnline && !isBusy && (statusSince ?? Infinity) <= before,
  );
  for (const { id, name, statusSince = 0 } of ghosts) {
    await change(run, `remove ${name}, offline since ${new Date(statusSince).toISOString()}`, () =>
      run.organization.pools.deleteAgent(pool.id, id),
    );
  }
  run.say(
    `${agentsText(ghosts.length)} of ${agents.length} in the pool '${wish.pool}' offline for ${wish.offlineHours} hours`,
  );
}
