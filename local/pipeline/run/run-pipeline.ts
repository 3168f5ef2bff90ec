/** Runs a planned pipeline on this machine, one job after the other. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { REAL_TIME, virtualNow } from '../../agent/clock.ts';
import { ExpressionError } from '../../agent/expressions/values.ts';
import type { OutputVariable } from '../../agent/records.ts';
import type { TaskResult } from '../../agent/task-result.ts';
import type { JobPlan, PlanVariable, StagePlan } from '../plan/plan.ts';
import { askForStage, refuseApproval, REJECTED } from './approvals.ts';
import { foldedNames, numberOf, publicVariables, scopeFor, type PipelineRun, type StartedRun } from './pipeline-run.ts';
import type { JobUnitRecord, PipelineRecord, StageRecord } from './records.ts';
import { runPlannedJob } from './run-job.ts';
import { runtimeValue, unitRuns, worstResult, type UnitScope } from './status.ts';

interface Stop {
  readonly result: TaskResult;
  readonly reason: string;
}

/** Runs stages and jobs in order. What fails is in the record; rejects only when a job cannot be set up. */
export async function runPipeline(given: PipelineRun): Promise<PipelineRecord> {
  const run: StartedRun = {
    ...given,
    buildNumber: numberOf(given),
    artifactsFolder: join(given.workFolder, '_artifacts'),
    startTime: new Date(virtualNow(given.agent.clock ?? REAL_TIME)).toISOString(),
  };
  await mkdir(run.artifactsFolder, { recursive: true });
  const stages: StageRecord[] = [];
  for (const stage of run.plan.stages) stages.push(await runStage(run, stage, stages));
  return { buildNumber: run.buildNumber, stages, result: worstResult(stages.map((stage) => stage.result)) };
}

async function runStage(run: StartedRun, stage: StagePlan, before: readonly StageRecord[]): Promise<StageRecord> {
  const variables = [...run.plan.variables, ...stage.variables];
  const scope = scopeFor(run, stage, run.plan.stages, before, variables);
  const stop = decide(stage.condition, scope) ?? (await waitForApproval(run, stage, variables));
  const jobs = stop === undefined ? await runJobs(run, stage, before) : [];
  return {
    name: stage.name,
    displayName: stage.displayName,
    result: stop?.result ?? worstResult(jobs.map((job) => job.result)),
    reason: stop?.reason,
    outputs: prefixed(jobs),
    jobs,
  };
}

async function waitForApproval(
  run: StartedRun,
  stage: StagePlan,
  variables: readonly PlanVariable[],
): Promise<Stop | undefined> {
  const known = publicVariables(run, variables);
  const reason = await askForStage(stage, run.approve ?? refuseApproval, (text) => known.expandMacros(text));
  return reason === undefined ? undefined : { result: REJECTED, reason };
}

async function runJobs(run: StartedRun, stage: StagePlan, before: readonly StageRecord[]): Promise<JobUnitRecord[]> {
  const jobs: JobUnitRecord[] = [];
  const earlier = before.filter((each) => foldedNames(stage.dependsOn).has(each.name.toLowerCase()));
  for (const plan of stage.jobs) {
    const variables = [...run.plan.variables, ...stage.variables, ...plan.variables];
    const scope = {
      ...scopeFor(run, plan, stage.jobs, jobs, variables),
      stages: new Map(earlier.map((each) => [each.name, each.jobs])),
    };
    const stop = decide(plan.condition, scope) ?? unknownValue(plan, variables, scope);
    const job = stop === undefined ? await runPlannedJob(run, stage, plan, scope) : undefined;
    const reported = stop?.result ?? job?.result ?? 'Failed';
    jobs.push({
      name: plan.name,
      displayName: plan.displayName,
      result: reported === 'Failed' && plan.continueOnError ? 'SucceededWithIssues' : reported,
      reason: stop?.reason ?? job?.reason,
      outputs: job?.outputs ?? {},
      runs: job?.runs ?? [],
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
function unknownValue(plan: JobPlan, variables: readonly PlanVariable[], scope: UnitScope): Stop | undefined {
  for (const { name, value } of variables) {
    try {
      runtimeValue(value, scope);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return {
        result: 'Failed',
        reason: `The variable '${name}' of ${plan.name} cannot be evaluated: ${error.message}`,
      };
    }
  }
  return undefined;
}

function prefixed(jobs: readonly JobUnitRecord[]): Record<string, OutputVariable> {
  return Object.fromEntries(
    jobs.flatMap((job) => Object.entries(job.outputs).map(([name, value]) => [`${job.name}.${name}`, value])),
  );
}
