/** Elastic pools: scale sets whose machines Azure DevOps starts, registers and removes. */
import { UserError } from './errors.ts';
import { findPool } from './organization.ts';
import { change, type Run } from './run.ts';

export interface ElasticPoolWish {
  readonly name: string;
  /** Resource id of the scale set. */
  readonly scaleSet: string;
  /** Ids of the service connection and of the project it belongs to. */
  readonly serviceConnection: string;
  readonly project: string;
  readonly maxAgents: number;
  readonly idleAgents: number;
  readonly idleMinutes: number;
  readonly isRecycled: boolean;
}

/** https://learn.microsoft.com/rest/api/azure/devops/distributedtask/elasticpools; the client has no methods for it. */
interface ElasticPool {
  readonly poolId?: number;
  readonly azureId?: string;
  readonly serviceEndpointId?: string;
  readonly serviceEndpointScope?: string;
  readonly maxCapacity?: number;
  readonly desiredIdle?: number;
  readonly timeToLiveMinutes?: number;
  readonly recycleAfterEachUse?: boolean;
}

const VERSION = 'api-version=7.1';

/** Creates or resizes an elastic pool. Throws a UserError when the name belongs to an ordinary pool or another scale set. */
export async function ensureElasticPool(run: Run, wish: ElasticPoolWish): Promise<void> {
  const { requests } = run.organization;
  const settings = settingsOf(wish);
  const pool = await findPool(run.organization, wish.name);
  if (pool === undefined) {
    const query = `poolName=${encodeURIComponent(wish.name)}&authorizeAllPipelines=false&autoProvisionProjectPools=false`;
    await change(run, `create the elastic pool '${wish.name}' of up to ${wish.maxAgents} agents`, () =>
      requests.send('POST', `/_apis/distributedtask/elasticpools?${query}&${VERSION}`, { ...CREATION, ...settings }),
    );
    return;
  }
  const path = `/_apis/distributedtask/elasticpools/${pool.id}?${VERSION}`;
  const found = await requests.get<ElasticPool>(path);
  if (found === undefined)
    throw new UserError(`the pool '${wish.name}' exists and is no elastic pool; choose another name`);
  if (found.azureId?.toLowerCase() !== wish.scaleSet.toLowerCase()) {
    throw new UserError(
      `the elastic pool '${wish.name}' belongs to ${found.azureId ?? 'no scale set'}; choose another name`,
    );
  }
  const differences = differencesOf(found, settings);
  if (differences.length === 0) run.say(`the elastic pool '${wish.name}' is as wanted`);
  else {
    await change(run, `change the elastic pool '${wish.name}': ${differences.join(', ')}`, () =>
      requests.send('PATCH', path, settings),
    );
  }
}

/** What only a creation takes: Linux, uniform orchestration, and the service's default of machines kept for a look. */
const CREATION = { osType: 'linux', orchestrationType: 'uniform', maxSavedNodeCount: 0, agentInteractiveUI: false };

function settingsOf(wish: ElasticPoolWish): Required<Omit<ElasticPool, 'poolId'>> {
  return {
    azureId: wish.scaleSet,
    serviceEndpointId: wish.serviceConnection,
    serviceEndpointScope: wish.project,
    maxCapacity: wish.maxAgents,
    desiredIdle: wish.idleAgents,
    timeToLiveMinutes: wish.idleMinutes,
    recycleAfterEachUse: wish.isRecycled,
  };
}

function differencesOf(found: ElasticPool, wanted: ElasticPool): readonly string[] {
  const plain = (value: unknown): string => String(value).toLowerCase();
  return (Object.keys(wanted) as (keyof ElasticPool)[])
    .filter((name) => plain(found[name]) !== plain(wanted[name]))
    .map((name) => `${name} from ${String(found[name])} to ${String(wanted[name])}`);
}
