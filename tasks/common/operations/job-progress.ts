/** Shows what goes on inside a job: the states of a pipeline's steps or a sweep's trials, and the logs of what runs. */
import { hasEnded } from '../domain/job-states.ts';
import { at, textAt } from '../domain/json.ts';
import { pipelineSteps } from '../domain/pipeline-graph.ts';
import type { Resource, Run } from '../ports.ts';
import type { LogFollower } from './follow-logs.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

export class JobProgress {
  readonly #context: Context;
  readonly #name: string;
  readonly #logs: LogFollower;
  readonly #say: (text: string) => void;
  readonly #states = new Map<string, string>();
  /** Runs whose logs have been read to their end. */
  readonly #closed = new Set<string>();
  #steps: readonly Run[] = [];

  constructor(context: Context, name: string, logs: LogFollower, say: (text: string) => void) {
    this.#context = context;
    this.#name = name;
    this.#logs = logs;
    this.#say = say;
  }

  /** A pipeline's steps or a sweep's trials as last seen; empty for other jobs. */
  get steps(): readonly Run[] {
    return this.#steps;
  }

  /** Writes what is new. True when a step has changed its state. */
  async update(job: Resource, ended: boolean, showLogs: boolean): Promise<boolean> {
    const status = textAt(job, 'properties', 'status') ?? '';
    const type = textAt(job, 'properties', 'jobType');
    if (type !== 'Pipeline' && showLogs) await this.#follow({ id: this.#name, status }, '', ended);
    if (type !== 'Pipeline' && type !== 'Sweep') return false;
    const { workspace, agent } = this.#context;
    const steps = await tolerant(agent.log, `the steps of ${this.#name}`, () =>
      workspace.runs.children(this.#name, { signal: agent.signal }),
    );
    if (steps === undefined) return false;
    this.#steps = steps;
    const changed = this.#noteStates(plannedSteps(job));
    if (showLogs) {
      // A sweep may have a thousand trials: of those only one that explains the failure is read.
      const read = type === 'Pipeline' ? steps : ended ? steps.filter(isFailed).slice(0, 1) : [];
      for (const step of read) {
        if (!isReused(step)) await this.#follow(step, step.displayName, hasEnded(step.status) || ended);
      }
    }
    return changed;
  }

  #noteStates(planned: number): boolean {
    let changed = false;
    for (const step of this.#steps) {
      if (this.#states.get(step.id) === step.status) continue;
      this.#states.set(step.id, step.status);
      this.#say(`  ${step.displayName}: ${step.status}${isReused(step) ? ' (reused from an earlier job)' : ''}`);
      changed = true;
    }
    const total = Math.max(planned, this.#steps.length);
    const done = this.#steps.filter(({ status }) => hasEnded(status)).length;
    if (changed && total > 0) this.#context.agent.log.progress((100 * done) / total, `${done} of ${total} steps`);
    return changed;
  }

  async #follow(run: Pick<Run, 'id' | 'status'>, label: string, ended: boolean): Promise<void> {
    const { workspace, agent } = this.#context;
    const hasStarted = /^(Running|Finalizing|CancelRequested|NotResponding)$/.test(run.status) || ended;
    if (!hasStarted || this.#closed.has(run.id) || !this.#logs.isReachable) return;
    const details = await tolerant(agent.log, `the logs of ${run.id}`, () =>
      workspace.runs.details(run.id, { signal: agent.signal }),
    );
    if (details === undefined) return;
    await this.#logs.follow(details, label, ended);
    if (ended) this.#closed.add(run.id);
  }
}

/** How many steps or trials there will be, as far as the job says. */
function plannedSteps(job: Resource): number {
  const trials = at(job, 'properties', 'limits', 'maxTotalTrials');
  return typeof trials === 'number' ? trials : pipelineSteps(job).length;
}

function isFailed({ status }: Run): boolean {
  return status === 'Failed';
}

/** True for a step that did not run: the service took the results of an equal one. */
export function isReused(step: Run): boolean {
  return step.properties['azureml.isreused'] === 'true';
}
