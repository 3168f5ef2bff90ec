/** Checks a new deployment by metrics, by requests of its own and by a command, once or for a while. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { comparesWithOld, judgeMeasures, measuredText, type Measured } from '../domain/rollout-analysis.ts';
import type { Analysis } from '../domain/rollout-plan.ts';
import { trafficText } from '../domain/traffic.ts';
import { ServiceError } from '../errors.ts';
import { measureDeployment } from './deployment-measures.ts';
import type { LiveRollout } from './live-rollout.ts';
import { sendSmokeRequests } from './rollout-smoke-test.ts';
import type { Context } from './task-context.ts';

/** How often values that have not arrived yet are asked for again, in milliseconds. */
const WAIT_MS = 30_000;

/**
 * Passes when every check does, for as long as the analysis says. Throws ServiceError with what failed; values that do not arrive
 * are a failure too, never a pass.
 *
 * @param since when the deployment got the traffic that is judged, in milliseconds since 1970
 */
export async function analyseDeployment(
  context: Context,
  rollout: LiveRollout,
  analysis: Analysis,
  since: number,
): Promise<void> {
  const { clock, signal } = context.agent;
  const started = clock.now();
  for (let verdicts = 0; ;) {
    const missing = await checkOnce(context, rollout, analysis, since);
    const elapsed = clock.now() - started;
    if (missing.length === 0) verdicts += 1;
    if (missing.length > 0 && elapsed >= Math.max(analysis.metricsWithinMs, analysis.forMs)) {
      throw failed(rollout, [
        `Azure Monitor has no value of ${missing.join(', ')} after ${elapsedText(elapsed)}. What is not measured is not passed.`,
      ]);
    }
    if (verdicts > 0 && elapsed >= analysis.forMs && missing.length === 0) return;
    await clock.sleep(missing.length > 0 ? Math.min(WAIT_MS, analysis.everyMs) : analysis.everyMs, signal);
  }
}

/** One round; yields what could not be judged yet. */
async function checkOnce(
  context: Context,
  rollout: LiveRollout,
  analysis: Analysis,
  since: number,
): Promise<readonly string[]> {
  const missing = await checkMeasures(context, rollout, analysis, since);
  await checkSmoke(context, rollout, analysis);
  await checkCommand(context, rollout, analysis);
  return missing;
}

async function checkMeasures(
  context: Context,
  { endpointName, deployment, previous, timeline }: LiveRollout,
  analysis: Analysis,
  since: number,
): Promise<readonly string[]> {
  if (analysis.limits.length === 0) return [];
  const time = { from: since, to: context.agent.clock.now() };
  const measured = await measureDeployment(context, endpointName, deployment, analysis, time);
  const old: Measured | undefined =
    previous === undefined || !comparesWithOld(analysis)
      ? undefined
      : await measureDeployment(context, endpointName, previous, analysis, time);
  const { failures, missing } = judgeMeasures(analysis, measured, old);
  const text = measuredText(analysis, measured);
  if (failures.length > 0) {
    timeline.note(`Analysis of ${deployment} failed: ${text}.`);
    throw failed({ deployment }, failures);
  }
  if (missing.length > 0) context.agent.log.info(`Analysis of ${deployment}: no value yet of ${missing.join(', ')}.`);
  else timeline.note(`Analysis of ${deployment}: ${text}.`);
  return missing;
}

async function checkSmoke(context: Context, rollout: LiveRollout, { smoke }: Analysis): Promise<void> {
  if (smoke === undefined) return;
  await sendSmokeRequests(context, rollout, smoke.requests, smoke.allowedFailures);
}

/** The command's own words go into the log, where everything is neutralised, and their end into the error. */
async function checkCommand(context: Context, rollout: LiveRollout, { command }: Analysis): Promise<void> {
  if (command === undefined) return;
  const { agent } = context;
  const { endpointName, deployment, previous, timeline, found } = rollout;
  const program = command.line.join(' ');
  const { exitCode, output } = await agent.runCommand({
    ...command,
    signal: agent.signal,
    environment: {
      AML_ENDPOINT: endpointName,
      AML_DEPLOYMENT: deployment,
      AML_OLD_DEPLOYMENT: previous ?? '',
      AML_FOUND_TRAFFIC: trafficText(found.traffic),
    },
  });
  if (output !== '') agent.log.info(output.replace(/^/gm, '  '));
  if (exitCode === 0) {
    timeline.note(`Analysis of ${deployment}: '${program}' passed.`);
    return;
  }
  const how = exitCode === undefined ? 'did not run to its end' : `ended with ${exitCode}`;
  timeline.note(`Analysis of ${deployment}: '${program}' ${how}.`);
  throw failed(rollout, [`'${program}' ${how}. ${output.slice(-500)}`.trim()]);
}

function failed({ deployment }: Pick<LiveRollout, 'deployment'>, failures: readonly string[]): ServiceError {
  return new ServiceError({
    status: 200,
    code: 'AnalysisFailed',
    message: `${deployment} did not pass its analysis: ${failures.join('\n')}`,
  });
}
