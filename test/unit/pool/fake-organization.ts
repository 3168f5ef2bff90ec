/** An organization in memory and a clock that jumps, for the verbs of the pool tool. */
import { type TaskAgent, TaskAgentStatus } from 'azure-devops-node-api/interfaces/TaskAgentInterfaces.js';
import type { ITaskAgentApi } from 'azure-devops-node-api/TaskAgentApi.js';
import type { Run } from '../../../agent-bootstrap/pool/run.ts';

export const START = Date.UTC(2026, 0, 1);
export const HOUR = 3_600_000;

export interface FakeRun extends Run {
  readonly said: string[];
  readonly agents: TaskAgent[];
  /** Answers of the entitlement service, in order; the last one stays. */
  readonly entitlementAnswers: object[];
  readonly sent: { readonly path: string; readonly body: unknown }[];
  /** What happens as time passes, by its moment. */
  readonly events: Map<number, () => void>;
}

export function agent(id: number, name: string, more: Partial<TaskAgent> & { ageHours?: number } = {}): TaskAgent {
  const { ageHours = 0, ...rest } = more;
  const since = new Date(START - ageHours * HOUR);
  return { id, name, status: TaskAgentStatus.Online, enabled: true, createdOn: since, statusChangedOn: since, ...rest };
}

/** A run on one pool, `pool`, with these agents. */
export function fakeRun(agents: readonly TaskAgent[], isWhatIf = false): FakeRun {
  const run = {
    said: [] as string[],
    agents: [...agents],
    entitlementAnswers: [] as object[],
    sent: [] as FakeRun['sent'],
  };
  const events = new Map<number, () => void>();
  let now = START;
  const pools: Partial<ITaskAgentApi> = {
    getAgentPools: () => Promise.resolve([{ id: 1, name: 'pool', autoUpdate: false }]),
    getAgents: () => Promise.resolve(run.agents.map((found) => ({ ...found }))),
    updateAgent: (change, _pool, id) => {
      const found = run.agents.find((candidate) => candidate.id === id);
      return Promise.resolve(Object.assign(found ?? {}, change));
    },
    deleteAgent: (_pool, id) => {
      run.agents.splice(0, Infinity, ...run.agents.filter((found) => found.id !== id));
      return Promise.resolve();
    },
  };
  const send = <Answer>(_method: string, path: string, body: unknown): Promise<Answer> => {
    run.sent.push({ path, body });
    const answer = run.entitlementAnswers.length > 1 ? run.entitlementAnswers.shift() : run.entitlementAnswers[0];
    return Promise.resolve((answer ?? {}) as Answer);
  };
  const requests = { get: () => Promise.resolve(undefined), send };
  return {
    ...run,
    events,
    isWhatIf,
    organization: {
      url: 'https://dev.azure.com/contoso',
      pools: pools as ITaskAgentApi,
      requests,
      entitlements: requests,
    },
    clock: {
      now: () => now,
      sleep: (milliseconds) => {
        now += milliseconds;
        for (const [moment, event] of events) if (moment <= now) event();
        return Promise.resolve();
      },
    },
    say: (line) => run.said.push(line),
  };
}
