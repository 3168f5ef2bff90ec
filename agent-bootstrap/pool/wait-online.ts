/** Waits until agents are there to take jobs. */
import { agentsText, listAgents } from './agents.ts';
import { UserError } from './errors.ts';
import { getPool } from './organization.ts';
import type { Run } from './run.ts';

const BETWEEN_LOOKS_MS = 5000;

export interface WaitWish {
  readonly pool: string;
  readonly prefix: string | undefined;
  readonly count: number;
  readonly timeoutMinutes: number;
}

/** Returns once enough agents are online and enabled. Throws a UserError that names the missing ones at the time-out. */
export async function waitOnline(run: Run, wish: WaitWish): Promise<void> {
  const pool = await getPool(run.organization, wish.pool);
  const deadline = run.clock.now() + wish.timeoutMinutes * 60_000;
  let told = '';
  for (;;) {
    const agents = await listAgents(run, pool, wish.prefix);
    const ready = agents.filter(({ isOnline, isEnabled }) => isOnline && isEnabled);
    const state = `${ready.length} of ${agentsText(wish.count)} online in the pool '${wish.pool}'`;
    if (state !== told) run.say(state);
    told = state;
    if (ready.length >= wish.count) return;
    if (run.clock.now() >= deadline) {
      const others = agents
        .filter((agent) => !ready.includes(agent))
        .map(({ name, isOnline }) => `${name} (${isOnline ? 'disabled' : 'offline'})`);
      const rest = others.length === 0 ? 'no other agent has registered' : `not ready: ${others.join(', ')}`;
      throw new UserError(`only ${state} after ${wish.timeoutMinutes} minutes; ${rest}`);
    }
    await run.clock.sleep(BETWEEN_LOOKS_MS);
  }
}
