/** The order of a job's steps: pre-job handlers, the steps themselves, post-job handlers in reverse. */
import { randomUUID } from 'node:crypto';
import type { JobRequest, StepRequest } from './job-request.ts';
import { stageTask } from './staging.ts';
import type { Phase, TaskDefinition } from './task-definition.ts';
import { Variables } from './variables.ts';

export interface PlannedStep {
  readonly id: string;
  /** Place in the job, from 1. */
  readonly number: number;
  readonly phase: Phase;
  readonly request: StepRequest;
  /** Undefined for a checkout. */
  readonly definition: TaskDefinition | undefined;
  /** `name:` of the step; outputs of all three phases stand under it. */
  readonly name: string;
  readonly displayName: string;
  readonly condition: string | undefined;
  /** Shared by the three phases of one step. */
  readonly taskVariables: Variables;
}

const PREFIXES: Readonly<Record<Phase, string>> = { pre: 'Pre-job: ', main: '', post: 'Post-job: ' };

/** Stages every task and lays out the steps. Disabled steps are absent. Throws when a task's folder is not one. */
export async function planSteps(request: JobRequest, workFolder: string): Promise<PlannedStep[]> {
  const plan: Record<Phase, Omit<PlannedStep, 'number'>[]> = { pre: [], main: [], post: [] };
  const enabled = request.steps.filter((step) => step.enabled ?? true);
  for (const [index, step] of enabled.entries()) {
    const definition = step.kind === 'task' ? await stageTask(step.folder, workFolder) : undefined;
    const taskVariables = new Variables();
    const kind = definition?.name ?? 'checkout';
    for (const phase of ['pre', 'main', 'post'] as const) {
      if (phase !== 'main' && definition?.handlers[phase] === undefined) continue;
      plan[phase].push({
        id: randomUUID(),
        phase,
        request: step,
        definition,
        name: step.name ?? `${kind}${index + 1}`,
        displayName: PREFIXES[phase] + (step.displayName ?? definition?.friendlyName ?? 'Checkout'),
        condition: phase === 'post' ? 'always()' : step.condition,
        taskVariables,
      });
    }
  }
  return [...plan.pre, ...plan.main, ...plan.post.reverse()].map((step, index) => ({ ...step, number: index + 1 }));
}
