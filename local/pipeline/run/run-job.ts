/** Runs a planned job: once, once for each leg of its matrix, or once for each hook of a deployment. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REAL_TIME, virtualDelay } from '../../agent/clock.ts';
import type { JobRequest, JobVariable, StepRequest } from '../../agent/job-request.ts';
import { runJob } from '../../agent/job-runner.ts';
import type { JobRecord } from '../../agent/records.ts';
import type { TaskResult } from '../../agent/task-result.ts';
import type { CheckoutStepPlan, JobPlan, StagePlan, StepPlan } from '../plan/plan.ts';
import { runDeployment } from './run-deployment.ts';
import type { JobUnitRecord } from './records.ts';
import { legsOf } from './job-legs.ts';
import type { StartedRun } from './pipeline-run.ts';
import { runtimeValue, worstResult, type UnitScope } from './status.ts';

export interface JobOutcome extends Pick<JobUnitRecord, 'outputs' | 'runs'> {
  readonly result: TaskResult;
  readonly reason?: string | undefined;
}

/** One time a job runs. */
export interface JobPart {
  /** Leg or hook; part of the name of its logs. */
  readonly part: string | undefined;
  readonly displayName: string;
  readonly steps: readonly StepPlan[];
  readonly variables: Readonly<Record<string, string>>;
}

export type RunPart = (part: JobPart) => Promise<JobRecord>;

const MINUTE = 60_000;

/** What fails is in the outcome; rejects only when a job cannot be set up. */
export async function runPlannedJob(
  run: StartedRun,
  stage: StagePlan,
  plan: JobPlan,
  scope: UnitScope,
): Promise<JobOutcome> {
  const runPart: RunPart = (part) => runOne(run, stage, plan, scope, part);
  if (plan.deployment !== undefined) return runDeployment(plan, plan.deployment, run, scope, runPart);
  const legs = legsOf(plan.legs, scope);
  if (typeof legs === 'string') return { result: 'Failed', reason: legs, outputs: {}, runs: [] };
  if (legs === undefined) {
    const record = await runPart({ part: undefined, displayName: plan.displayName, steps: plan.steps, variables: {} });
    return { result: record.result, outputs: record.outputs, runs: [{ part: undefined, record }] };
  }
  const runs: JobOutcome['runs'][number][] = [];
  const outputs: Record<string, JobRecord['outputs'][string]> = {};
  for (const [leg, variables] of legs) {
    const record = await runPart({
      part: leg,
      displayName: `${plan.displayName} ${leg}`,
      steps: plan.steps,
      variables,
    });
    runs.push({ part: leg, record });
    for (const [name, value] of Object.entries(record.outputs)) outputs[`${leg}.${name}`] = value;
  }
  return { result: worstResult(runs.map(({ record }) => record.result)), outputs, runs };
}

async function runOne(
  run: StartedRun,
  stage: StagePlan,
  plan: JobPlan,
  scope: UnitScope,
  part: JobPart,
): Promise<JobRecord> {
  const limit = limitTime(run, plan.timeoutInMinutes);
  const name = part.part === undefined ? plan.name : `${plan.name}.${part.part}`;
  const logs = stage.name === '__default' ? name : `${stage.name}.${name}`;
  // Another job may get another agent: what it needs it fetches.
  await rm(join(run.workFolder, '1'), { recursive: true, force: true });
  try {
    return await runJob({
      ...run.agent,
      name: plan.name,
      displayName: part.displayName,
      steps: part.steps.map((step) => stepRequest(step, run, part.steps)),
      variables: jobVariables(run, stage, plan, scope, part),
      folders: {
        work: run.workFolder,
        sources: join(run.workFolder, '1', sourcesPath(part.steps)),
        logs: run.logsFolder && join(run.logsFolder, logs),
      },
      environment: { ...run.agent.environment, LOCAL_PIPELINE_ARTIFACTS: run.artifactsFolder },
      cancelTimeoutInMinutes: plan.cancelTimeoutInMinutes,
      cancel: limit.cancel,
    });
  } finally {
    limit.forget();
  }
}

/** A limit counts only where the pipeline writes one: computing is not faster when the clock is. */
function limitTime(run: StartedRun, minutes: number | undefined): { cancel: AbortSignal; forget: () => void } {
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
  run: StartedRun,
  stage: StagePlan,
  plan: JobPlan,
  scope: UnitScope,
  part: JobPart,
): JobRequest['variables'] {
  const identifier = part.part === undefined ? plan.name : `${plan.name}.${part.part}`;
  const variables: Record<string, JobVariable> = {
    ...run.variables,
    'Build.BuildId': { value: String(run.buildId) },
    'Build.BuildNumber': { value: run.buildNumber },
    'Build.BuildUri': { value: `vstfs:///Build/Build/${run.buildId}` },
    'System.StageName': { value: stage.name },
    'System.StageDisplayName': { value: stage.displayName },
    'System.JobIdentifier': { value: `${stage.name}.${identifier}` },
  };
  for (const { name, value, readOnly, secret } of [...run.plan.variables, ...stage.variables, ...plan.variables]) {
    variables[name] = { value: runtimeValue(value, scope), readOnly, secret: secret ?? false };
  }
  for (const [name, value] of Object.entries(part.variables)) variables[name] = { value };
  return variables;
}

/** The one repository that is checked out decides where the sources are; with none or several it is `s`. */
function sourcesPath(steps: readonly StepPlan[]): string {
  const [first, ...others] = checkouts(steps);
  return first !== undefined && others.length === 0 ? first.path : 's';
}

function checkouts(steps: readonly StepPlan[]): readonly CheckoutStepPlan[] {
  return steps.filter((step): step is CheckoutStepPlan => step.kind === 'checkout');
}

function stepRequest(step: StepPlan, run: StartedRun, steps: readonly StepPlan[]): StepRequest {
  if (step.kind === 'task') return { ...step, folder: step.definition.folder };
  const from = step.repository === 'self' ? run.sourcesFolder : (run.repositories?.get(step.repository) ?? '');
  return { ...step, from, to: checkouts(steps).length > 1 ? step.path : undefined };
}
