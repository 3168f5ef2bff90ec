/** A pipeline ready to run: everything is resolved but what only the run can know. */
import type { Restrictions } from '../../agent/restrictions.ts';
import type { TaskDefinition } from '../../agent/task-definition.ts';

/** A variable of the YAML; `$[ … ]` is evaluated when the job starts, macros when a step does. */
export interface PlanVariable {
  readonly name: string;
  readonly value: string;
  readonly readOnly: boolean;
  /** Secrets come from variable groups only. */
  readonly secret?: boolean;
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
  /** Restrictions of `target:`. */
  readonly target: Restrictions | undefined;
}

export interface CheckoutStepPlan extends StepControlPlan {
  readonly kind: 'checkout';
  /** `self`, or an alias of `resources: repositories:`. */
  readonly repository: string;
  /** Below the job's folder (`$(Pipeline.Workspace)`). */
  readonly path: string;
}

export type StepPlan = TaskStepPlan | CheckoutStepPlan;

/** How many times a job runs, and with which variables each time. */
export type Legs =
  | { readonly kind: 'matrix'; readonly legs: ReadonlyMap<string, Readonly<Record<string, string>>> }
  /** `$[ … ]` that gives the legs as JSON when the job starts. */
  | { readonly kind: 'expression'; readonly expression: string }
  | { readonly kind: 'parallel'; readonly count: number };

export const HOOKS = ['preDeploy', 'deploy', 'routeTraffic', 'postRouteTraffic'] as const;
export type Hook = (typeof HOOKS)[number] | 'success' | 'failure';

export interface DeploymentPlan {
  /** Both may hold macros of variables. */
  readonly environment: string;
  readonly resource: string | undefined;
  /** Steps of the hooks that are written. */
  readonly hooks: ReadonlyMap<Hook, readonly StepPlan[]>;
}

export interface JobPlan {
  readonly name: string;
  readonly displayName: string;
  readonly dependsOn: readonly string[];
  readonly condition: string | undefined;
  readonly continueOnError: boolean;
  readonly timeoutInMinutes: number | undefined;
  readonly cancelTimeoutInMinutes: number | undefined;
  readonly variables: readonly PlanVariable[];
  /** None of a deployment. */
  readonly steps: readonly StepPlan[];
  readonly legs: Legs | undefined;
  readonly deployment: DeploymentPlan | undefined;
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
