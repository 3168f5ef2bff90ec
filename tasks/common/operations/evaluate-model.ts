/** Compares a candidate with the champion and says whether to promote it: what `AmlEvaluateModel` does. */
import { readEvaluationRules } from '../aml-yaml/evaluation-rules.ts';
import { evaluate, type Evaluation, type MetricRule, type Metrics, type RuleResult } from '../domain/evaluation.ts';
import { textAt } from '../domain/json.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import { shownPath } from '../domain/paths.ts';
import { UserError } from '../errors.ts';
import {
  championQuery,
  findChampion,
  findModel,
  type Champion,
  type ChampionQuery,
  type EvaluateContext,
} from './find-champion.ts';
import { jobMetrics, metricsJson } from './job-metrics.ts';
import { modelMetrics } from './model-metrics.ts';
import type { Context, Publish } from './task-context.ts';

export interface EvaluateRequest {
  readonly candidateJob: string | undefined;
  readonly candidateStep: string | undefined;
  readonly candidateModel: string | undefined;
  /** Absolute path. */
  readonly rulesFile: string | undefined;
  readonly rules: string | undefined;
  readonly failWhenNotPromoted: boolean;
  readonly champion: ChampionQuery['kind'];
  readonly championEndpoint: string | undefined;
  readonly championModel: string | undefined;
  readonly championTag: string | undefined;
  readonly championRegistryName: string | undefined;
}

export interface EvaluateOutputs {
  readonly outcome: string;
  readonly decision: string;
  readonly championModelId?: string | undefined;
}

interface Candidate {
  readonly shown: string;
  readonly job: string | undefined;
  readonly model: string | undefined;
  readonly metrics: Metrics;
}

/**
 * Judges the candidate and publishes the outcome.
 * Throws UserError when it cannot be judged (a metric that is missing or not a number), and, only where that is asked for, when
 * it is not promoted.
 */
export async function evaluateModel(
  context: EvaluateContext,
  request: EvaluateRequest,
  publish: Publish<EvaluateOutputs>,
): Promise<EvaluateOutputs> {
  const query = championQuery(request.champion, {
    endpoint: request.championEndpoint,
    model: request.championModel,
    tag: request.championTag,
    registry: request.championRegistryName,
  });
  const rules = await readRules(context, request);
  const candidate = await findCandidate(context, request);
  const champion = await findChampion(context, query, request.candidateStep);
  const evaluation = evaluate(rules, candidate.metrics, champion?.metrics);
  const outputs = {
    outcome: evaluation.outcome,
    decision: decisionJson(evaluation, candidate, champion, request.candidateStep),
    championModelId: champion?.modelId,
  };
  publish(outputs);
  report(context, evaluation, candidate, champion);
  if (evaluation.outcome === 'error') throw notJudged(evaluation, candidate, champion);
  if (evaluation.outcome === 'keepChampion' && request.failWhenNotPromoted) throw notPromoted(evaluation);
  return outputs;
}

async function readRules({ agent }: Context, request: EvaluateRequest): Promise<readonly MetricRule[]> {
  const { rules, rulesFile } = request;
  if ((rules === undefined) === (rulesFile === undefined)) {
    throw new UserError("Give the rules either as 'rulesFile' or as 'rules', not both and not neither.");
  }
  if (rulesFile === undefined) return readEvaluationRules(rules ?? '', "input 'rules'");
  const shown = shownPath(agent.run.sourcesDirectory, rulesFile);
  const text = await agent.files.readText(rulesFile);
  if (text === undefined) throw new UserError(`There is no rules file '${shown}' (looked for ${rulesFile}).`);
  return readEvaluationRules(text, shown);
}

async function findCandidate(context: EvaluateContext, request: EvaluateRequest): Promise<Candidate> {
  const { candidateJob, candidateModel, candidateStep } = request;
  if ((candidateJob === undefined) === (candidateModel === undefined)) {
    throw new UserError(
      "Give the candidate either as 'candidateJob' or as 'candidateModel', not both and not neither.",
    );
  }
  return candidateJob === undefined
    ? modelCandidate(context, candidateModel ?? '', candidateStep)
    : jobCandidate(context, candidateJob, candidateStep);
}

async function jobCandidate(context: Context, name: string, step: string | undefined): Promise<Candidate> {
  const { workspace, agent } = context;
  const job = await workspace.get(`jobs/${name}`, { signal: agent.signal });
  if (job === undefined) throw new UserError(`Input 'candidateJob': the workspace has no job '${name}'.`);
  const status = textAt(job, 'properties', 'status') ?? 'Unknown';
  if (status !== 'Completed') {
    throw new UserError(
      `Input 'candidateJob': the job ${name} has not completed (it is ${status}), so its metrics do not count.`,
    );
  }
  const metrics = await jobMetrics(context, name, job, step);
  return {
    shown: step === undefined ? `job ${name}` : `step ${step} of the job ${name}`,
    job: name,
    model: undefined,
    metrics,
  };
}

async function modelCandidate(context: EvaluateContext, text: string, step: string | undefined): Promise<Candidate> {
  const found = await findModel(context, text);
  if (found === undefined) {
    throw new UserError(`Input 'candidateModel' must be name:version or a model's id, not '${text}'.`);
  }
  const { model, shown } = found;
  if (model === undefined) throw new UserError(`Input 'candidateModel': there is no model ${shown}.`);
  const { metrics, job } = await modelMetrics(context, model, step);
  return { shown: `model ${shown}`, job, model: shown, metrics };
}

function decisionJson(
  { outcome, results }: Evaluation,
  candidate: Candidate,
  champion: Champion | undefined,
  step: string | undefined,
): string {
  const decision = {
    outcome,
    reasons: results.map(({ metric, reason }) => `${metric}: ${reason}`),
    candidate: { job: candidate.job, step, model: candidate.model },
    champion: champion === undefined ? null : { model: champion.model, modelId: champion.modelId, job: champion.job },
    rules: results.map(({ metric, candidate: own, champion: other, outcome: result, reason }) => ({
      metric,
      candidate: own === undefined ? undefined : readable(own),
      champion: other === undefined ? undefined : readable(other),
      passed: result === 'passed',
      reason,
    })),
  };
  return JSON.stringify(decision);
}

function readable(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

const OUTCOME_TEXT = {
  promote: 'Promote the candidate.',
  keepChampion: 'Keep the champion.',
  error: 'The candidate could not be judged.',
} as const;

function report({ agent }: Context, { outcome, results }: Evaluation, candidate: Candidate, champion?: Champion): void {
  const against = champion === undefined ? 'no champion' : `${champion.model} (${champion.found})`;
  agent.log.info(`Candidate: ${candidate.shown}\nChampion: ${against}`);
  for (const result of results) agent.log.info(`  ${mark(result)} ${result.metric}: ${result.reason}`);
  agent.log.info(OUTCOME_TEXT[outcome]);
  agent.log.debug(`Metrics of the candidate: ${metricsJson(candidate.metrics)}`);
  const rows = results.map((result) => [
    escapeMarkdown(result.metric),
    valueText(result.candidate),
    valueText(result.champion),
    { passed: '✔ passed', notPassed: '✘ not passed', error: '⚠ error' }[result.outcome],
    escapeMarkdown(result.reason),
  ]);
  const table = markdownTable(['Metric', 'Candidate', 'Champion', 'Result', 'Reason'], rows);
  agent.addSummary(
    `### ${OUTCOME_TEXT[outcome]}\n\nCandidate: ${escapeMarkdown(candidate.shown)}. Champion: ${escapeMarkdown(against)}.\n\n${table}`,
  );
}

function mark({ outcome }: RuleResult): string {
  return { passed: '✔', notPassed: '✘', error: '⚠' }[outcome];
}

function valueText(value: number | undefined): string {
  return value === undefined
    ? ''
    : escapeMarkdown(Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value));
}

function notJudged({ results }: Evaluation, candidate: Candidate, champion: Champion | undefined): UserError {
  const names = (metrics: Metrics | undefined): string => Object.keys(metrics ?? {}).join(', ') || 'none';
  const known = `The candidate's metrics: ${names(candidate.metrics)}.`;
  const others = champion === undefined ? '' : ` The champion's: ${names(champion.metrics)}.`;
  return new UserError(
    results
      .filter(({ outcome }) => outcome === 'error')
      .map(({ metric, reason }) => ({ message: `'${metric}' cannot be judged: ${reason} ${known}${others}` })),
  );
}

function notPromoted({ results }: Evaluation): UserError {
  const reasons = results
    .filter(({ outcome }) => outcome === 'notPassed')
    .map(({ metric, reason }) => `${metric}: ${reason}`);
  return new UserError(`The candidate is not promoted. ${reasons.join(' ')}`);
}
