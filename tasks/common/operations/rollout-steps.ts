/** Carries the steps of a rollout plan out, on an endpoint that is reserved for it. */
import { elapsedText } from '../domain/elapsed-time.ts';
import type { OldDeployment, RolloutStep } from '../domain/rollout-plan.ts';
import { withShare, type Traffic } from '../domain/traffic.ts';
import { analyseDeployment } from './analyse-deployment.ts';
import { readEndpoint } from './endpoint-writes.ts';
import { leaseUntil, type LiveRollout } from './live-rollout.ts';
import { shiftShares } from './rollout-lease.ts';
import { sendSmokeRequests, smokeTest } from './rollout-smoke-test.ts';
import type { Context } from './task-context.ts';

export type RolloutEnd =
  | { readonly kind: 'finish'; readonly old?: OldDeployment | undefined }
  | { readonly kind: 'pause'; readonly ms: number };

/** How the steps ended. Throws ServiceError with the first check that failed; the traffic is then as that step had found it. */
export async function runRolloutSteps(
  context: Context,
  rollout: LiveRollout,
  steps: readonly RolloutStep[],
): Promise<RolloutEnd> {
  const { agent } = context;
  let since = agent.clock.now();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'finish' || step.kind === 'pause') return step;
    agent.log.progress(Math.round((index / steps.length) * 100), `step ${index + 1} of ${steps.length}: ${step.kind}`);
    await agent.log.group(`Step ${index + 1} of ${steps.length}: ${stepText(step)}`, async () => {
      since = (await runStep(context, rollout, step, since)) ?? since;
    });
  }
  return { kind: 'finish' };
}

/** Yields when the traffic changed, where the step changed it. */
async function runStep(
  context: Context,
  rollout: LiveRollout,
  step: Exclude<RolloutStep, RolloutEnd>,
  since: number,
): Promise<number | undefined> {
  const { agent } = context;
  switch (step.kind) {
    case 'smoke':
      await smokeNew(context, rollout, step.requests);
      return undefined;
    case 'mirror':
      await mirrorTo(context, rollout, step.percent);
      return agent.clock.now();
    case 'traffic':
      await shiftTo(context, rollout, step.percent);
      return agent.clock.now();
    case 'hold':
      await agent.clock.sleep(step.ms, agent.signal);
      rollout.timeline.note(`Held for ${elapsedText(step.ms)}.`);
      return undefined;
    case 'analyse':
      await analyseDeployment(context, rollout, step.analysis, since);
      return undefined;
  }
}

function stepText(step: RolloutStep): string {
  switch (step.kind) {
    case 'smoke':
      return 'smoke test';
    case 'mirror':
      return `mirror ${step.percent} % of the traffic`;
    case 'traffic':
      return `${step.percent} % of the traffic`;
    case 'hold':
      return `hold for ${elapsedText(step.ms)}`;
    case 'analyse':
      return 'analyse';
    default:
      return step.kind;
  }
}

/** The smoke test of the new deployment, past the traffic rule. */
export async function smokeNew(context: Context, rollout: LiveRollout, requests: number): Promise<void> {
  const { smoke, endpointName, deployment, timeline } = rollout;
  if (smoke === undefined) return;
  if (requests > 1) await sendSmokeRequests(context, rollout, requests, 0);
  else await smokeTest(context, await readEndpoint(context, endpointName), endpointName, deployment, smoke, timeline);
}

/** Sends a copy of the live traffic to the new deployment as well; the answers reach nobody. 0 ends that. */
export async function mirrorTo(context: Context, rollout: LiveRollout, percent: number): Promise<void> {
  const { endpointName, deployment, owner, found, timeline } = rollout;
  const mirror = percent === 0 ? othersOf(found.mirror, deployment) : { [deployment]: percent };
  await shiftShares(context, endpointName, owner, {
    mirror,
    state: 'running',
    leaseUntil: leaseUntil(context, rollout),
  });
  timeline.note(
    percent === 0 ? 'Nothing is mirrored any more.' : `${deployment} gets a copy of ${percent} % of the traffic.`,
  );
}

/** Gives the new deployment a share; the others divide the rest as they did before the rollout. With everything, the endpoint is tested. */
export async function shiftTo(context: Context, rollout: LiveRollout, percent: number): Promise<void> {
  const { endpointName, deployment, owner, found, smoke, timeline } = rollout;
  const traffic = withShare(found.traffic, deployment, percent);
  const endpoint = await shiftShares(context, endpointName, owner, {
    traffic,
    mirror: othersOf(found.mirror, deployment),
    state: 'running',
    leaseUntil: leaseUntil(context, rollout),
  });
  const share = traffic[deployment] ?? 0;
  timeline.note(
    share === 100 ? `${deployment} has all traffic.` : `${deployment} has ${share} % of the traffic.`,
    traffic,
  );
  if (share === 100 && smoke !== undefined) {
    await smokeTest(context, endpoint, endpointName, undefined, smoke, timeline);
  }
}

/** A deployment with traffic of its own gets no copy as well. */
function othersOf(mirror: Traffic, deployment: string): Traffic {
  return Object.fromEntries(Object.entries(mirror).filter(([name]) => name !== deployment));
}
