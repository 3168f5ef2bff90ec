/** Runs a planned pipeline on this machine, one job after the other. */
import { join } from 'node:path';
import { REAL_TIME, virtualDelay, virtualNow } from '../agent/clock.ts';
import { ExpressionError } from '../agent/expressions/values.ts';
import type { JobRequest, JobVariable, StepRequest } from '../agent/job-request.ts';
import { runJob } from '../agent/job-runner.ts';
import type { JobRecord, OutputVariable } from '../agent/records.ts';
import type { TaskResult } from '../agent/task-result.ts';
import { Variables } from '../agent/variables.ts';
import { allDependencies, type Dependent } from './dependency-order.ts';
import type { JobPlan, PipelinePlan, PlanVariable, StagePlan, StepPlan } from './plan.ts';
import { runName } from './run-name.ts';
import { runtimeValue, unitRuns, worstResult, type Ended, type UnitScope } from './status.ts';

/** Everything of a job request that does not come from the pipeline. */
export type AgentSettings = Omit<JobRequest, 'name' | 'displayName' | 'steps' | 'variables' | 'folders'>;

export interface PipelineRun {
  readonly plan: PipelinePlan;
  /** What `checkout: self` copies. */
  readonly sourcesFolder: string;
  readonly workFolder: string;
  /** One folder a job is made in it; no log files without it. */
  readonly logsFolder?: string | undefined;
  readonly buildId: number;
  /** Given for this run, secret or not. */
  readonly variables: Readonly<Record<string, JobVariable>>;
  readonly agent: AgentSettings;
}

export interface UnitRecord extends Ended {
  readonly displayName: string;
  /** Why nothing of it ran. */
  readonly reason: string | undefined;
}

export interface JobUnitRecord extends UnitRecord {
  readonly job: JobRecord | undefined;
}

export interface StageRecord extends UnitRecord {
  readonly jobs: readonly JobUnitRecord[];
}

export interface PipelineRecord {
  readonly buildNumber: string;
  readonly result: TaskResult;
  readonly stages: readonly StageRecord[];
}

interface Stop {
  readonly result: TaskResult;
  readonly reason: string;
}

const MINUTE = 60_000;

/** Runs stages and jobs in order. What fails is in the record; rejects only when a job cannot be set up. */
export async function runPipeline(run: PipelineRun): Promise<PipelineRecord> {
  const buildNumber = numberOf(run);
  const stages: StageRecord[] = [];
  for (const stage of run.plan.stages) {
    const scope = scopeFor(run, stage, run.plan.stages, stages, [...run.plan.variables, ...stage.variables]);
    const stop = decide(stage.condition, scope);
    const jobs = stop === undefined ? await runJobs(run, stage, stages, buildNumber) : [];
    const result = stop?.result ?? worstResult(jobs.map((job) => job.result));
    stages.push({
      name: stage.name,
      displayName: stage.displayName,
      result,
      reason: stop?.reason,
      outputs: prefixed(jobs),
      jobs,
    });
  }
  return { buildNumber, stages, result: worstResult(stages.map((stage) => stage.result)) };
}

async function runJobs(
  run: PipelineRun,
  stage: StagePlan,
  before: readonly StageRecord[],
  buildNumber: string,
): Promise<JobUnitRecord[]> {
  const jobs: JobUnitRecord[] = [];
  for (const plan of stage.jobs) {
    const variables = [...run.plan.variables, ...stage.variables, ...plan.variables];
    const scope = {
      ...scopeFor(run, plan, stage.jobs, jobs, variables),
      stages: new Map(
        before
          .filter((each) => names(stage.dependsOn).has(each.name.toLowerCase()))
          .map((each) => [each.name, each.jobs]),
      ),
    };
    const stop = decide(plan.condition, scope) ?? unknownVariable(variables, scope);
    const job = stop === undefined ? await runOne(run, stage, plan, scope, buildNumber) : undefined;
    const reported = stop?.result ?? job?.result ?? 'Failed';
    jobs.push({
      name: plan.name,
      displayName: plan.displayName,
      result: reported === 'Failed' && plan.continueOnError ? 'SucceededWithIssues' : reported,
      reason: stop?.reason,
      outputs: job?.outputs ?? {},
      job,
    });
  }
  return jobs;
}

/** Undefined when the unit runs, else how it ends without. */
function decide(condition: string | undefined, scope: UnitScope): Stop | undefined {
  try {
    return unitRuns(condition, scope) ? undefined : { result: 'Skipped', reason: 'Its condition does not hold.' };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { result: 'Failed', reason: `Its condition cannot be evaluated: ${error.message}` };
  }
}

/** A `$[ … ]` that cannot be evaluated fails the job. */
function unknownVariable(variables: readonly PlanVariable[], scope: UnitScope): Stop | undefined {
  for (const { name, value } of variables) {
    try {
      runtimeValue(value, scope);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return { result: 'Failed', reason: `The variable '${name}' cannot be evaluated: ${error.message}` };
    }
  }
  return undefined;
}

async function runOne(
  run: PipelineRun,
  stage: StagePlan,
  plan: JobPlan,
  scope: UnitScope,
  buildNumber: string,
): Promise<JobRecord> {
  const limit = limitTime(run, plan.timeoutInMinutes);
  const folder = stage.name === '__default' ? plan.name : `${stage.name}.${plan.name}`;
  try {
    return await runJob({
      ...run.agent,
      name: plan.name,
      displayName: plan.displayName,
      steps: plan.steps.map((step) => stepRequest(step, run.sourcesFolder)),
      variables: jobVariables(run, stage, plan, scope, buildNumber),
      folders: { work: run.workFolder, logs: run.logsFolder && join(run.logsFolder, folder) },
      cancelTimeoutInMinutes: plan.cancelTimeoutInMinutes,
      cancel: limit.cancel,
    });
  } finally {
    limit.forget();
  }
}

/** A limit counts only where the pipeline writes one: computing is not faster when the clock is. */
function limitTime(run: PipelineRun, minutes: number | undefined): { cancel: AbortSignal; forget: () => void } {
  const over = new AbortController();
  const forget = new AbortController();
  if (minutes !== undefined && minutes > 0) {
    virtualDelay(run.agent.clock ?? REAL_TIME, minutes * MINUTE, forget.signal).then(
      () => {
        over.abort();
      },
      () => undefined,
    );
  }
  const signals = run.agent.cancel === undefined ? [over.signal] : [over.signal, run.agent.cancel];
  return {
    cancel: AbortSignal.any(signals),
    forget: () => {
      forget.abort();
    },
  };
}

function jobVariables(
  run: PipelineRun,
  stage: StagePlan,
  plan: JobPlan,
  scope: UnitScope,
  buildNumber: string,
): Record<string, JobVariable> {
  const variables: Record<string, JobVariable> = {
    ...run.variables,
    'Build.BuildId': { value: String(run.buildId) },
    'Build.BuildNumber': { value: buildNumber },
    'Build.BuildUri': { value: `vstfs:///Build/Build/${run.buildId}` },
    'System.StageName': { value: stage.name },
    'System.StageDisplayName': { value: stage.displayName },
    'System.JobIdentifier': { value: `${stage.name}.${plan.name}` },
  };
  for (const { name, value, readOnly } of [...run.plan.variables, ...stage.variables, ...plan.variables]) {
    variables[name] = { value: runtimeValue(value, scope), readOnly };
  }
  return variables;
}

function stepRequest(step: StepPlan, sourcesFolder: string): StepRequest {
  return step.kind === 'checkout' ? { ...step, from: sourcesFolder } : { ...step, folder: step.definition.folder };
}

function scopeFor(
  run: PipelineRun,
  unit: Dependent,
  units: readonly Dependent[],
  ended: readonly Ended[],
  declared: readonly PlanVariable[],
): UnitScope {
  const find = (wanted: ReadonlySet<string>): Ended[] => ended.filter(({ name }) => wanted.has(name.toLowerCase()));
  const variables = new Variables();
  for (const [name, { value, secret }] of Object.entries(run.variables))
    if (secret !== true) variables.set(name, value);
  // What is evaluated when a unit starts is not there yet when it is decided whether it does.
  for (const { name, value } of declared) if (!value.trim().startsWith('$[')) variables.set(name, value);
  variables.expand();
  return {
    variables: new Map([...variables.entries()].map(([name, { value }]) => [name, value])),
    direct: find(names(unit.dependsOn)),
    all: find(names(allDependencies(unit, units).map(({ name }) => name))),
    cancelled: run.agent.cancel?.aborted ?? false,
  };
}

function names(list: readonly string[]): ReadonlySet<string> {
  return new Set(list.map((name) => name.toLowerCase()));
}

function prefixed(jobs: readonly JobUnitRecord[]): Record<string, OutputVariable> {
  return Object.fromEntries(
    jobs.flatMap((job) => Object.entries(job.outputs).map(([name, value]) => [`${job.name}.${name}`, value])),
  );
}

function numberOf(run: PipelineRun): string {
  const variables = new Variables();
  for (const [name, { value, secret }] of Object.entries(run.variables))
    if (secret !== true) variables.set(name, value);
  for (const { name, value } of run.plan.variables) variables.set(name, value);
  variables.set('Build.BuildId', String(run.buildId));
  variables.expand();
  return runName(run.plan.name, {
    buildId: run.buildId,
    revision: run.buildId,
    now: virtualNow(run.agent.clock ?? REAL_TIME),
    valueOf: (name) => variables.get(name),
  });
}
