/**
 * The ways a job fails that are not its command's doing, set by fault rules. A switch's target is matched with the
 * run's ARM id followed by its display name, so that a step can be named by its node.
 *
 * - `jobQueued`: stays in the queue as long as the switch is set;
 * - `failJob`: fails `at` the `image` build, the `quota` check or by `preemption` of its node; `code` and `message`
 *   replace the usual ones, `afterMs` (virtual) lets the command run that long before it is preempted.
 */
import type { EmulatorContext } from '../context.ts';
import { asObject, textAt } from '../json.ts';
import type { RunError, RunRecord } from './records.ts';

export type FailurePoint = 'image' | 'quota' | 'preemption';

export interface InjectedFailure {
  readonly at: FailurePoint;
  readonly error: RunError;
  /** Virtual milliseconds the command runs before its node is taken away. */
  readonly afterMs: number;
}

/** How often a job that is held in the queue looks again, in virtual milliseconds. */
const QUEUE_CHECK = 1000;

const USUAL: Readonly<Record<FailurePoint, string>> = {
  image: 'Image build failed. For more details, check log file azureml-logs/20_image_build_log.txt.',
  quota:
    'The specified subscription has a Standard DSv2 Family vCPU quota of 0 and is less than the requested resource of 4 vCPUs.',
  preemption:
    'AzureMLCompute job failed.\nPreemptionError: Nodes of this job got pre-empted. Check if the run has failed or restarted.\n\tReason: Received pre-emption warning signal.',
};

/** The failure a rule has in store for this run, if any; it is then used up. */
export function takeFailure(faults: EmulatorContext['faults'], run: RunRecord): InjectedFailure | undefined {
  const fault = faults.take('failJob', faultTarget(run));
  if (fault === undefined) return undefined;
  const at = failurePoint(textAt(fault.parameters, 'at'));
  const message = textAt(fault.parameters, 'message') ?? USUAL[at];
  const afterMs = Number(asObject(fault.parameters).afterMs ?? 0);
  return { at, error: { code: textAt(fault.parameters, 'code') ?? 'UserError', message }, afterMs };
}

/** Waits as long as a rule holds the run in the queue. Rejects when the signal aborts. */
export async function waitInQueue(
  { faults, clock }: Pick<EmulatorContext, 'faults' | 'clock'>,
  run: RunRecord,
  signal: AbortSignal,
): Promise<void> {
  while (faults.isSet('jobQueued', faultTarget(run))) await clock.sleep(QUEUE_CHECK, signal);
}

function faultTarget(run: RunRecord): string {
  return `${run.workspace}/jobs/${run.id} ${run.displayName ?? ''}`;
}

function failurePoint(text: string | undefined): FailurePoint {
  return text === 'image' || text === 'preemption' ? text : 'quota';
}
