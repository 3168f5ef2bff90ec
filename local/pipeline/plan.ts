/** A pipeline ready to run: everything is resolved but what only the run can know. */
import type { TaskDefinition } from '../agent/task-definition.ts';

/** A variable of the YAML; `$[ … ]` is evaluated when the job starts, macros when a step does. */
export interface PlanVariable {
  readonly name: string;
  readonly value: string;
  readonly readOnly: boolean;
}

export interface StepControlPlan {
  readonly name: string | undefined;
  readonly displayName: string | undefined;
  readonly condition: string | undefined;
  readonly continueOnError: boolean;
  readonly enabled: boolean;
  readonly timeoutInMinutes: number | undefined;
}

export interface TaskStepPlan extends StepControlPlan {
  readonly kind: 'task';
  readonly definition: TaskDefinition;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly retryCountOnTaskFailure: number;
}

export interface CheckoutStepPlan extends StepControlPlan {
  readonly kind: 'checkout';
}

export type StepPlan = TaskStepPlan | CheckoutStepPlan;

export interface JobPlan {
  readonly name: string;
  readonly displayName: string;
  readonly dependsOn: readonly string[];
  readonly condition: string | undefined;
  readonly continueOnError: boolean;
  readonly timeoutInMinutes: number | undefined;
  readonly cancelTimeoutInMinutes: number | undefined;
  readonly variables: readonly PlanVariable[];
  readonly steps: readonly StepPlan[];
}

export interface StagePlan {
  readonly name: string;
  readonly displayName: string;
  readonly dependsOn: readonly string[];
  readonly condition: string | undefined;
  readonly variables: readonly PlanVariable[];
  /** In an order that runs every job after those it depends on. */
  readonly jobs: readonly JobPlan[];
}

export interface PipelinePlan {
  readonly file: string;
  /** The format of the run's number. */
  readonly name: string | undefined;
  readonly variables: readonly PlanVariable[];
  /** In an order that runs every stage after those it depends on. */
  readonly stages: readonly StagePlan[];
  /** What is in the file and has no effect here. */
  readonly notes: readonly string[];
}
