/** The verbs of the command line: their options, and how each begins. */
import { ensureElasticPool } from './elastic-pool.ts';
import { ensurePool } from './ensure-pool.ts';
import { count, guid, NAME_PREFIX, numberOf, type Option, POOL, requiredText, textOf, type Values } from './options.ts';
import { reap } from './reap.ts';
import { rotate } from './rotate.ts';
import type { Run } from './run.ts';
import { waitOnline } from './wait-online.ts';

export interface Verb {
  readonly summary: string;
  readonly options: readonly Option[];
  readonly run: (run: Run, values: Values) => Promise<void>;
}

const ADMINISTRATOR: Option = {
  ...guid(
    'administrator',
    'OBJECT-ID',
    'a managed identity or service principal that registers agents, by its object id in Entra',
  ),
  isRepeatable: true,
};
const KEEP_WORK_FOLDERS = count(
  'keep-work-folders',
  'days after which unused work folders are removed, 0 for no maintenance',
  7,
  0,
  365,
);
const SCALE_SET: Option = {
  name: 'scale-set',
  value: 'ID',
  help: 'the resource id of the scale set',
  isRequired: true,
  accepts: (value) =>
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/virtualMachineScaleSets\/[^/]+$/i.test(
      value,
    ),
  rule: 'must be /subscriptions/…/providers/Microsoft.Compute/virtualMachineScaleSets/<name>',
};
const SERVICE_CONNECTION: Option = {
  ...guid('service-connection', 'ID', 'the id of the service connection that may manage the scale set'),
  isRequired: true,
};
const PROJECT: Option = {
  ...guid('project', 'ID', 'the id of the project the service connection belongs to'),
  isRequired: true,
};
const MAX = count('max', 'the most agents at a time', undefined, 1, 1000);
const IDLE = count('idle', 'agents kept waiting for jobs', 0, 0, 1000);
const IDLE_MINUTES = count('idle-minutes', 'minutes before an idle agent is removed', 30, 1, 10_000);
const RECYCLE: Option = { name: 'recycle', help: 'a fresh machine for each job' };
const AGENTS = count('count', 'agents to wait for', 1, 1, 1000);
const TIMEOUT = count('timeout-minutes', 'minutes to wait at most', 20, 1, 1440);
const OFFLINE_HOURS = count('offline-hours', 'hours an agent must have been offline', 24, 1, 8760);
const OLDER_THAN_DAYS = count('older-than-days', 'days since an agent registered', 30, 0, 3650);
const KEEP_ONLINE = count('keep-online', 'agents that stay online all the time', 1, 0, 1000);
const REQUIRED_PREFIX: Option = { ...NAME_PREFIX, isRequired: true };

export const VERBS: Readonly<Record<string, Verb>> = {
  'ensure-pool': {
    summary: 'creates or corrects a pool: no automatic updates, maintenance, administrators',
    options: [POOL, ADMINISTRATOR, KEEP_WORK_FOLDERS],
    run: (run, values) => {
      const days = numberOf(values, KEEP_WORK_FOLDERS);
      return ensurePool(run, {
        name: requiredText(values, POOL),
        administrators: values.get(ADMINISTRATOR.name) ?? [],
        keepWorkFoldersDays: days === 0 ? undefined : days,
      });
    },
  },
  'ensure-elastic-pool': {
    summary: 'creates or resizes a pool of the machines of a scale set',
    options: [POOL, SCALE_SET, SERVICE_CONNECTION, PROJECT, MAX, IDLE, IDLE_MINUTES, RECYCLE],
    run: (run, values) =>
      ensureElasticPool(run, {
        name: requiredText(values, POOL),
        scaleSet: requiredText(values, SCALE_SET),
        serviceConnection: requiredText(values, SERVICE_CONNECTION),
        project: requiredText(values, PROJECT),
        maxAgents: numberOf(values, MAX),
        idleAgents: numberOf(values, IDLE),
        idleMinutes: numberOf(values, IDLE_MINUTES),
        isRecycled: values.has(RECYCLE.name),
      }),
  },
  'wait-online': {
    summary: 'waits until agents are online',
    options: [POOL, NAME_PREFIX, AGENTS, TIMEOUT],
    run: (run, values) =>
      waitOnline(run, {
        pool: requiredText(values, POOL),
        prefix: textOf(values, NAME_PREFIX),
        count: numberOf(values, AGENTS),
        timeoutMinutes: numberOf(values, TIMEOUT),
      }),
  },
  reap: {
    summary: 'removes agents whose machines are gone: offline for long, never with a job',
    options: [POOL, REQUIRED_PREFIX, OFFLINE_HOURS],
    run: (run, values) =>
      reap(run, {
        pool: requiredText(values, POOL),
        prefix: requiredText(values, REQUIRED_PREFIX),
        offlineHours: numberOf(values, OFFLINE_HOURS),
      }),
  },
  rotate: {
    summary: 'takes old agents out of service, after their job, so that fresh machines take their place',
    options: [POOL, REQUIRED_PREFIX, OLDER_THAN_DAYS, KEEP_ONLINE, TIMEOUT],
    run: (run, values) =>
      rotate(run, {
        pool: requiredText(values, POOL),
        prefix: requiredText(values, REQUIRED_PREFIX),
        olderThanDays: numberOf(values, OLDER_THAN_DAYS),
        keepOnline: numberOf(values, KEEP_ONLINE),
        timeoutMinutes: numberOf(values, TIMEOUT),
      }),
  },
};
