/** Approvals of environments. They are not in the YAML: whoever runs the pipeline decides. */
import type { TaskResult } from '../../agent/task-result.ts';
import type { StagePlan } from '../plan/plan.ts';

export interface ApprovalRequest {
  readonly environment: string;
  readonly stage: string;
  /** Deployment jobs of the stage that go to the environment. */
  readonly jobs: readonly string[];
}

export interface ApprovalAnswer {
  readonly approved: boolean;
  /** Why not, in a sentence. */
  readonly reason?: string;
}

export type Approve = (request: ApprovalRequest) => Promise<ApprovalAnswer>;

/** How a stage ends whose environment was not approved. What the service makes of it is not documented. */
export const REJECTED: TaskResult = 'Failed';

/** Nobody is there to be asked. */
export const refuseApproval: Approve = ({ environment }) =>
  Promise.resolve({
    approved: false,
    reason: `The environment '${environment}' waits for an approval; give it with --approve ${environment}=yes.`,
  });

/** Asks for every environment of a stage, once each. Undefined when all are approved, else the reason why not. */
export async function askForStage(
  stage: StagePlan,
  approve: Approve,
  expand: (text: string) => string,
): Promise<string | undefined> {
  const jobs = new Map<string, string[]>();
  for (const { name, deployment } of stage.jobs) {
    if (deployment === undefined) continue;
    const environment = expand(deployment.environment);
    jobs.set(environment, [...(jobs.get(environment) ?? []), name]);
  }
  for (const [environment, names] of jobs) {
    const { approved, reason } = await approve({ environment, stage: stage.name, jobs: names });
    if (!approved) return reason ?? `The environment '${environment}' was not approved.`;
  }
  return undefined;
}
