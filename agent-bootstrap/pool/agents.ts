/** Agents of a pool, as far as they are waited for, retired and removed. */
import { type TaskAgent, TaskAgentStatus } from 'azure-devops-node-api/interfaces/TaskAgentInterfaces.js';
import { listOf, type Pool } from './organization.ts';
import type { Run } from './run.ts';

export interface Agent {
  readonly id: number;
  readonly name: string;
  readonly isOnline: boolean;
  readonly isEnabled: boolean;
  readonly isBusy: boolean;
  /** Milliseconds since 1970; undefined where the service does not say. */
  readonly statusSince: number | undefined;
  readonly createdAt: number | undefined;
}

/** The agents whose name begins so; all of them without a prefix. Busy means that a job is assigned. */
export async function listAgents(run: Run, pool: Pool, prefix = ''): Promise<readonly Agent[]> {
  const found = listOf(await run.organization.pools.getAgents(pool.id, undefined, false, true));
  return found.map(agentOf).filter(({ name }) => name.startsWith(prefix));
}

function agentOf(agent: TaskAgent): Agent {
  return {
    id: agent.id ?? 0,
    name: agent.name ?? '',
    isOnline: agent.status === TaskAgentStatus.Online,
    isEnabled: agent.enabled !== false,
    // Absent as undefined or as null.
    isBusy: (agent.assignedRequest ?? null) !== null,
    statusSince: agent.statusChangedOn?.getTime(),
    createdAt: agent.createdOn?.getTime(),
  };
}

/** "1 agent", "3 agents". */
export function agentsText(count: number): string {
  return `${count} agent${count === 1 ? '' : 's'}`;
}
