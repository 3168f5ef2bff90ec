/** What a run of a pipeline is given, and what all its stages and jobs see. */
import { REAL_TIME, virtualNow } from '../../agent/clock.ts';
import type { JobRequest, JobVariable } from '../../agent/job-request.ts';
import { Variables } from '../../agent/variables.ts';
import type { Value } from '../../agent/expressions/values.ts';
import { allDependencies, type Dependent } from '../plan/dependency-order.ts';
import type { PipelinePlan, PlanVariable } from '../plan/plan.ts';
import type { Approve } from './approvals.ts';
import { runName } from './run-name.ts';
import type { Ended, UnitScope } from './status.ts';

/** Everything of a job request that does not come from the pipeline. */
export type AgentSettings = Omit<JobRequest, 'name' | 'displayName' | 'steps' | 'variables' | 'folders'>;

export interface PipelineRun {
  readonly plan: PipelinePlan;
  /** What `checkout: self` copies. */
  readonly sourcesFolder: string;
  /** Folders of other repositories, by alias. */
  readonly repositories?: ReadonlyMap<string, string>;
  readonly workFolder: string;
  /** One folder a job is made in it; no log files without it. */
  readonly logsFolder?: string | undefined;
  readonly buildId: number;
  /** Given for this run, secret or not. */
  readonly variables: Readonly<Record<string, JobVariable>>;
  readonly agent: AgentSettings;
  /** Asked before a stage with deployments starts; without it, such stages do not run. */
  readonly approve?: Approve | undefined;
}

/** A run that has started. */
export interface StartedRun extends PipelineRun {
  readonly buildNumber: string;
  /** Of this run's artifacts, one a folder. */
  readonly artifactsFolder: string;
  readonly startTime: string;
}

/** What decides whether a stage or job runs, and what its `$[ … ]` see. */
export function scopeFor(
  run: StartedRun,
  unit: Dependent,
  units: readonly Dependent[],
  ended: readonly Ended[],
  declared: readonly PlanVariable[],
): UnitScope {
  const find = (wanted: ReadonlySet<string>): Ended[] => ended.filter(({ name }) => wanted.has(name.toLowerCase()));
  // What is evaluated when a unit starts is not there yet when it is decided whether it does.
  const known = declared.filter(({ value }) => !value.trim().startsWith('$['));
  return {
    variables: new Map([...publicVariables(run, known).entries()].map(([name, { value }]) => [name, value])),
    pipeline: new Map<string, Value>([['startTime', run.startTime]]),
    buildId: run.buildId,
    direct: find(foldedNames(unit.dependsOn)),
    all: find(foldedNames(allDependencies(unit, units).map(({ name }) => name))),
    cancelled: run.agent.cancel?.aborted ?? false,
  };
}

/** Variables given for the run and written in the YAML, expanded, without secrets. */
export function publicVariables(run: PipelineRun, declared: readonly PlanVariable[]): Variables {
  const variables = new Variables();
  for (const [name, { value, secret }] of Object.entries(run.variables)) {
    if (secret !== true) variables.set(name, value);
  }
  for (const { name, value, secret } of declared) if (secret !== true) variables.set(name, value);
  variables.expand();
  return variables;
}

export function foldedNames(list: readonly string[]): ReadonlySet<string> {
  return new Set(list.map((name) => name.toLowerCase()));
}

/** The number of the run, by the `name:` of the pipeline. */
export function numberOf(run: PipelineRun): string {
  const buildId = { name: 'Build.BuildId', value: String(run.buildId), readOnly: true };
  const variables = publicVariables(run, [...run.plan.variables, buildId]);
  return runName(run.plan.name, {
    buildId: run.buildId,
    revision: run.buildId,
    now: virtualNow(run.agent.clock ?? REAL_TIME),
    valueOf: (name) => variables.get(name),
  });
}
