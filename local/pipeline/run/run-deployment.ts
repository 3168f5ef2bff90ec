/** Runs the hooks of a deployment in their order, each as a job of its own (documentation: "Deployment jobs"). */
import type { JobRecord, OutputVariable } from '../../agent/records.ts';
import type { TaskResult } from '../../agent/task-result.ts';
import { HOOKS, type DeploymentPlan, type Hook, type JobPlan } from '../plan/plan.ts';
import type { StartedRun } from './pipeline-run.ts';
import { publicVariables } from './pipeline-run.ts';
import type { JobRun } from './records.ts';
import type { JobOutcome, RunPart } from './run-job.ts';
import { worstResult, type UnitScope } from './status.ts';

const GOOD: readonly TaskResult[] = ['Succeeded', 'SucceededWithIssues'];

/** After the first hook that fails only `on: failure` runs; it does not make the deployment succeed. */
export async function runDeployment(
  plan: JobPlan,
  deployment: DeploymentPlan,
  run: StartedRun,
  scope: UnitScope,
  runPart: RunPart,
): Promise<JobOutcome> {
  const expand = (text: string): string => expandWith(run, scope, text);
  const environment = expand(deployment.environment);
  const resource = deployment.resource === undefined ? undefined : expand(deployment.resource);
  const runs: JobRun[] = [];
  const outputs: Record<string, OutputVariable> = {};
  const runHook = async (hook: Hook): Promise<TaskResult> => {
    const steps = deployment.hooks.get(hook);
    if (steps === undefined) return 'Succeeded';
    const record = await runPart({
      part: hook,
      displayName: `${plan.displayName} ${hook}`,
      steps,
      variables: hookVariables(hook, environment, resource),
    });
    runs.push({ part: hook, record });
    Object.assign(outputs, namedOutputs(record, plan.name, hook, resource));
    return record.result;
  };
  const results: TaskResult[] = [];
  for (const hook of HOOKS) {
    results.push(await runHook(hook));
    if (!GOOD.includes(results.at(-1) ?? 'Failed')) break;
  }
  const result = worstResult(results);
  const after = result === 'Canceled' ? [] : [await runHook(GOOD.includes(result) ? 'success' : 'failure')];
  return { result: worstResult([result, ...after]), outputs, runs };
}

function expandWith(run: StartedRun, { variables }: UnitScope, text: string): string {
  const declared = [...variables].map(([name, value]) => ({ name, value, readOnly: false }));
  return publicVariables(run, declared).expandMacros(text);
}

function hookVariables(hook: Hook, environment: string, resource: string | undefined): Record<string, string> {
  const cycle = hook === 'preDeploy' ? 'PreIteration' : isOutcome(hook) ? 'PostIteration' : 'Iteration';
  return {
    'Strategy.Name': 'runOnce',
    'Strategy.CycleName': cycle,
    'Environment.Name': environment,
    ...(resource !== undefined && { 'Environment.ResourceName': resource }),
  };
}

function isOutcome(hook: Hook): boolean {
  return hook === 'success' || hook === 'failure';
}

/** Sources name these outputs after the job, the hook, or the hook and the resource; each of them is found. */
function namedOutputs(
  record: JobRecord,
  job: string,
  hook: Hook,
  resource: string | undefined,
): Record<string, OutputVariable> {
  const prefixes = [job, hook, ...(resource === undefined ? [] : [`${hook}_${resource}`])];
  return Object.fromEntries(
    Object.entries(record.outputs).flatMap(([name, value]) => prefixes.map((prefix) => [`${prefix}.${name}`, value])),
  );
}
