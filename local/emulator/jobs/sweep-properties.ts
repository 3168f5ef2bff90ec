/** The tags and properties the service gives to the runs of a sweep and of its trials. */
import type { JsonObject } from '../json.ts';
import type { RunRecord } from './records.ts';
import type { SearchSpace, TrialValues } from './search-space.ts';
import type { SweepPlan } from './sweep-plan.ts';

/** Tags of a new sweep (recorded: sweep_job/create_201_get_running). */
export function sweepTags(plan: SweepPlan): Record<string, string> {
  const minutes = plan.timeoutMs === undefined ? 43_200 : Math.ceil(plan.timeoutMs / 60_000);
  const rule = plan.sampling === 'random' ? { rule: 'Random', logbase: null, seed: plan.seed ?? null } : {};
  return {
    _aml_system_max_concurrent_jobs: String(plan.maxConcurrentTrials),
    _aml_system_max_total_jobs: String(plan.maxTotalTrials),
    _aml_system_max_duration_minutes: String(minutes),
    _aml_system_policy_config: JSON.stringify(policyConfig(plan)),
    _aml_system_generator_config: JSON.stringify({
      name: plan.sampling.toUpperCase(),
      parameter_space: spaceBody(plan.space),
      properties: rule,
    }),
    _aml_system_primary_metric_config: metricConfig(plan),
    _aml_system_platform_config: '{}',
    _aml_system_resume_child_runs: 'null',
    _aml_system_all_jobs_generated: 'false',
    _aml_system_cancellation_requested: 'false',
  };
}

/** Properties of a new sweep (recorded as well). */
export function sweepProperties(plan: SweepPlan): Record<string, string> {
  return {
    primary_metric_config: metricConfig(plan),
    resume_from: 'null',
    runTemplate: 'HyperDrive',
    'azureml.runsource': 'hyperdrive',
    platform: 'AML',
    user_agent: 'managementfrontend',
  };
}

/** The tag of the sweep that names a trial's values. */
export function trialTag(sweep: RunRecord, index: number, values: TrialValues): Record<string, string> {
  return { [`_aml_system_${sweep.id}_${index}`]: JSON.stringify(sorted(values)) };
}

/** Tags of a trial's own run. Not recorded: the names are those its client reads. */
export function trialTags(values: TrialValues): Record<string, string> {
  const text = JSON.stringify(sorted(values));
  return { hyperparameters: text, _aml_system_hyperparameters: text };
}

/** What a sweep says of its best trial; the service's client downloads by `best_child_run_id`. */
export function bestTrialProperties(best: RunRecord, score: number): Record<string, string> {
  return {
    best_child_run_id: best.id,
    score: String(score),
    best_metric_status: 'Succeeded',
    best_data_container_id: `dcid.${best.containerOf}`,
  };
}

function metricConfig({ primaryMetric, goal }: SweepPlan): string {
  return JSON.stringify({ name: primaryMetric, goal });
}

function policyConfig({ policy }: SweepPlan): JsonObject {
  if (policy === undefined) return { name: 'Default', properties: {} };
  const { kind, interval, delay } = policy;
  return { name: kind.toUpperCase(), properties: { evaluation_interval: interval, delay_evaluation: delay } };
}

function spaceBody(space: SearchSpace): JsonObject {
  return Object.fromEntries(space.map(({ name, distribution, args }) => [name, [distribution, [...args]]]));
}

function sorted(values: TrialValues): TrialValues {
  return Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
