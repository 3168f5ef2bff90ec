/** Takes old agents out of service, one by one and never under a job, so that fresh machines take their place. */
import { type Agent, agentsText, listAgents } from './agents.ts';
import { UserError } from './errors.ts';
import { getPool, type Pool } from './organization.ts';
import { change, type Run } from './run.ts';

const BETWEEN_LOOKS_MS = 5000;

export interface RotateWish {
  readonly pool: string;
  readonly prefix: string;
  readonly olderThanDays: number;
  /** Agents of the prefix that stay online and enabled all the time. */
  readonly keepOnline: number;
  readonly timeoutMinutes: number;
}

/**
 * Disables each old agent, waits for its job to end, and removes it from the pool; its machine is deleted by whoever made
 * it. Stops where fewer than `keepOnline` would be left. An agent that is still busy at the time-out stays disabled: the
 * next run goes on with it. Throws a UserError then.
 */
export async function rotate(run: Run, wish: RotateWish): Promise<void> {
  const pool = await getPool(run.organization, wish.pool);
  const agents = await listAgents(run, pool, wish.prefix);
  const before = run.clock.now() - wish.olderThanDays * 86_400_000;
  const old = agents.filter(({ createdAt }) => (createdAt ?? Infinity) <= before);
  let ready = agents.filter(isReady).length;
  let removed = 0;
  for (const agent of old) {
    if (isReady(agent) && ready <= wish.keepOnline) {
      run.say(`${agent.name} stays: no more than ${agentsText(wish.keepOnline)} would be online`);
      continue;
    }
    if (isReady(agent)) ready -= 1;
    await retire(run, pool, agent, wish.timeoutMinutes);
    removed += 1;
  }
  run.say(`${agentsText(removed)} of ${agents.length} in the pool '${wish.pool}' rotated`);
}

function isReady({ isOnline, isEnabled }: Agent): boolean {
  return isOnline && isEnabled;
}

async function retire(run: Run, pool: Pool, agent: Agent, timeoutMinutes: number): Promise<void> {
  const { pools } = run.organization;
  if (agent.isEnabled) {
    await change(run, `disable ${agent.name}`, () =>
      pools.updateAgent({ id: agent.id, enabled: false }, pool.id, agent.id),
    );
  }
  if (!run.isWhatIf) await untilIdle(run, pool, agent, timeoutMinutes);
  await change(run, `remove ${agent.name}`, () => pools.deleteAgent(pool.id, agent.id));
}

async function untilIdle(run: Run, pool: Pool, agent: Agent, timeoutMinutes: number): Promise<void> {
  const deadline = run.clock.now() + timeoutMinutes * 60_000;
  for (let isFirst = true; ; isFirst = false) {
    const now = (await listAgents(run, pool, agent.name)).find(({ id }) => id === agent.id);
    if (now?.isBusy !== true) return;
    if (isFirst) run.say(`${agent.name} has a job; waiting for its end`);
    if (run.clock.now() >= deadline) {
      throw new UserError(
        `${agent.name} still has a job after ${timeoutMinutes} minutes; it stays disabled, run rotate again later`,
      );
    }
    await run.clock.sleep(BETWEEN_LOOKS_MS);
  }
}
