/** The deployments that run in this emulator: which generation serves, which is on its way, and what they logged. */
import type { EmulatorContext } from '../context.ts';
import type { RunStore } from '../jobs/run-store.ts';
import { createContainerLog, type ContainerLog } from './container-log.ts';
import { startInstance, type DeploymentDescription, type DeploymentInstance } from './deployment-instance.ts';

/** A generation on its way up. */
export interface Rollout {
  /** Resolves when it is ready to serve; rejects with OperationFailure. */
  readonly ready: Promise<void>;
  /** Lets it serve instead of the generation before, which ends once its requests have ended. */
  activate(): Promise<void>;
  /** Gives it up; the generation before goes on. Its log stays readable. */
  abandon(): Promise<void>;
}

export interface Deployments {
  /** Begins a new generation beside the one that serves. */
  begin(description: DeploymentDescription): Rollout;
  /** The one that serves, waiting for one that comes back after a restart of the emulator; undefined when none does. */
  serving(id: string): Promise<DeploymentInstance | undefined>;
  /** The log of the newest generation. */
  log(id: string): ContainerLog | undefined;
  /** Ends everything of a deployment and forgets it. */
  remove(id: string): Promise<void>;
}

type Started = Promise<DeploymentInstance | undefined>;

interface Entry {
  serving: Started;
  /** Every generation that may have a process: on its way up, serving, or ending. */
  readonly alive: Map<Started, AbortController>;
  log: ContainerLog;
}

/** No deployment at first. All processes end when the emulator closes. */
export function createDeployments(context: EmulatorContext, store: RunStore): Deployments {
  const entries = new Map<string, Entry>();

  context.onClose(async () => {
    await Promise.all([...entries.values()].map(endAll));
  });

  const begin = (description: DeploymentDescription): Rollout => {
    const key = description.id.toLowerCase();
    const log = createContainerLog(context.clock);
    const entry = entries.get(key) ?? { serving: Promise.resolve(undefined), alive: new Map(), log };
    entry.log = log;
    entries.set(key, entry);

    const aborting = new AbortController();
    const instance = startInstance(context, store, description, log, aborting.signal);
    const started: Started = instance.catch(() => undefined);
    entry.alive.set(started, aborting);
    return {
      ready: instance.then(() => undefined),
      activate: async () => {
        const before = entry.serving;
        entry.serving = started;
        void before.then(async (old) => {
          await old?.retire();
          entry.alive.delete(before);
        });
        await started;
      },
      abandon: () => end(entry, started),
    };
  };

  return {
    begin,
    serving: async (id) => entries.get(id.toLowerCase())?.serving,
    log: (id) => entries.get(id.toLowerCase())?.log,
    remove: async (id) => {
      const entry = entries.get(id.toLowerCase());
      entries.delete(id.toLowerCase());
      if (entry !== undefined) await endAll(entry);
    },
  };
}

async function end(entry: Entry, started: Started): Promise<void> {
  entry.alive.get(started)?.abort();
  await (await started)?.stop();
  entry.alive.delete(started);
}

async function endAll(entry: Entry): Promise<void> {
  await Promise.all([...entry.alive.keys()].map((started) => end(entry, started)));
}
