/** A pool with agents that do not update themselves, with its administrators and its maintenance. */
import {
  type TaskAgentPoolMaintenanceDefinition,
  TaskAgentPoolMaintenanceScheduleDays,
  TaskAgentPoolType,
} from 'azure-devops-node-api/interfaces/TaskAgentInterfaces.js';
import { ensureAdministrator } from './administrators.ts';
import { findPool, listOf, type Pool } from './organization.ts';
import { change, type Run } from './run.ts';

export interface PoolWish {
  readonly name: string;
  /** Entra object ids of service principals and managed identities. */
  readonly administrators: readonly string[];
  /** Days after which unused work folders are removed; undefined for no maintenance. */
  readonly keepWorkFoldersDays: number | undefined;
}

/**
 * Creates or corrects the pool. Agents get no updates from the service: which package runs is decided where its hash is
 * checked. Runs twice without changing anything the second time.
 */
export async function ensurePool(run: Run, wish: PoolWish): Promise<void> {
  const pool = await ensureItself(run, wish.name);
  if (wish.keepWorkFoldersDays !== undefined) await ensureMaintenance(run, pool, wish.name, wish.keepWorkFoldersDays);
  for (const principal of wish.administrators) await ensureAdministrator(run, pool, wish.name, principal);
}

/** Undefined when there is no pool and --what-if makes none. */
async function ensureItself(run: Run, name: string): Promise<Pool | undefined> {
  const { pools } = run.organization;
  const found = await findPool(run.organization, name);
  if (found === undefined) {
    const created = await change(run, `create the pool '${name}' without automatic updates`, () =>
      pools.addAgentPool({ name, autoProvision: false, autoUpdate: false, poolType: TaskAgentPoolType.Automation }),
    );
    return created?.id === undefined ? undefined : { ...created, id: created.id };
  }
  if (found.autoUpdate === false) {
    run.say(`the pool '${name}' is as wanted`);
    return found;
  }
  await change(run, `turn the automatic updates of the pool '${name}' off`, () =>
    pools.updateAgentPool({ autoUpdate: false }, found.id),
  );
  return found;
}

async function ensureMaintenance(run: Run, pool: Pool | undefined, name: string, days: number): Promise<void> {
  const { pools } = run.organization;
  const found = pool === undefined ? [] : listOf(await pools.getAgentPoolMaintenanceDefinitions(pool.id));
  const [definition] = found;
  if (definition?.enabled === true && definition.options?.workingDirectoryExpirationInDays === days) {
    run.say(`the maintenance of the pool '${name}' is as wanted`);
    return;
  }
  await change(run, `let the pool '${name}' remove work folders unused for ${days} days, every night`, async () => {
    if (pool === undefined) return;
    const id = definition?.id;
    const wanted = { ...maintenance(pool, days), ...(id === undefined ? {} : { id }) };
    if (id === undefined) await pools.createAgentPoolMaintenanceDefinition(wanted, pool.id);
    else await pools.updateAgentPoolMaintenanceDefinition(wanted, pool.id, id);
  });
}

/** Every day at 02:00 UTC, on a quarter of the agents at a time. */
function maintenance(pool: Pool, days: number): TaskAgentPoolMaintenanceDefinition {
  return {
    enabled: true,
    pool: { id: pool.id },
    jobTimeoutInMinutes: 60,
    maxConcurrentAgentsPercentage: 25,
    options: { workingDirectoryExpirationInDays: days },
    retentionPolicy: { numberOfHistoryRecordsToKeep: 10 },
    scheduleSetting: {
      daysToBuild: TaskAgentPoolMaintenanceScheduleDays.All,
      startHours: 2,
      startMinutes: 0,
      timeZoneId: 'UTC',
    },
  };
}
